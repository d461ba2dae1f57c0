"""What lists of indicators are asked for."""

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.goals.models import Goal
from app.indicators.models import Indicator, IndicatorList
from app.resources.kind import Conditions
from app.resources.lists import any_of
from app.resources.scope import about_goals
from app.sub_measures.models import SubMeasure


def conditions(_wanted: IndicatorList, caller: Caller) -> Conditions:
    """Those of filters of indicators that look into other tables."""
    return {
        "topic_id": lambda ids: about_goals(Indicator, caller, col(Goal.topic_id).in_(ids)),
        "partner_id": lambda ids: of_measures(caller, any_of(col(SubMeasure.lead_partner_id), ids)),
    }


def of_measures(caller: Caller, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The indicators of these sub-measures, as far as the caller sees those."""
    measures = table_of(SubMeasure)
    wanted = select(measures.c.id).where(condition, visible(measures, caller))
    return col(Indicator.sub_measure_id).in_(wanted)
