"""What lists of indicators are asked for."""

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from app.access.caller import Caller
from app.access.visibility import visible
from app.database import table_of
from app.goals.models import Goal
from app.indicators.models import Indicator, IndicatorList
from app.resources.lists import any_of, matching
from app.sub_measures.models import SubMeasure


def filters(wanted: IndicatorList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of indicators."""
    goals, measures = table_of(Goal), table_of(SubMeasure)
    return matching(
        Indicator,
        wanted,
        {
            "agreement_id": lambda ids: of_goals(caller, goals.c.agreement_id.in_(ids)),
            "topic_id": lambda ids: of_goals(caller, goals.c.topic_id.in_(ids)),
            "goal_id": lambda ids: of_goals(caller, any_of(goals.c.id, ids)),
            "partner_id": lambda ids: of_measures(caller, any_of(measures.c.lead_partner_id, ids)),
        },
    )


def of_goals(caller: Caller, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The indicators of these goals or of their sub-measures, as far as the caller sees those."""
    goals, measures = table_of(Goal), table_of(SubMeasure)
    wanted = select(goals.c.id).where(condition, visible(goals, caller))
    return or_(col(Indicator.goal_id).in_(wanted), of_measures(caller, measures.c.goal_id.in_(wanted)))


def of_measures(caller: Caller, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The indicators of these sub-measures, as far as the caller sees those."""
    measures = table_of(SubMeasure)
    wanted = select(measures.c.id).where(condition, visible(measures, caller))
    return col(Indicator.sub_measure_id).in_(wanted)
