"""What lists of sub-measures are asked for."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select
from sqlmodel import SQLModel, col

from app.access.caller import Caller
from app.access.visibility import visible
from app.database import table_of
from app.goals.models import Goal
from app.resources import lists
from app.resources.lists import matching
from app.sub_measures.models import SubMeasure, SubMeasureDistrict, SubMeasureList, SubMeasureSdg, SubMeasureSupporter
from app.topics.models import Topic


def filters(wanted: SubMeasureList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of sub-measures."""
    return matching(
        SubMeasure,
        wanted,
        {
            "agreement_id": lambda ids: of_goals(caller, col(Goal.agreement_id).in_(ids)),
            "topic_id": lambda ids: of_goals(caller, col(Goal.topic_id).in_(ids)),
            "partner_id": lambda ids: or_(
                lists.any_of(col(SubMeasure.lead_partner_id), ids), linked(SubMeasureSupporter, "partner_id", ids)
            ),
            "supporting_partner_id": lambda ids: linked(SubMeasureSupporter, "partner_id", ids),
            "district": lambda names: linked(SubMeasureDistrict, "district", names),
            "sdg": lambda numbers: linked(SubMeasureSdg, "sdg", numbers),
        },
    )


def linked(link: type[SQLModel], column: str, values: Sequence[UUID | str | int]) -> ColumnElement[bool]:
    """The sub-measures that a table of links connects with any of the values."""
    return lists.linked(link, "sub_measure_id", col(SubMeasure.id), column, values)


def of_goals(caller: Caller, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The sub-measures whose goal meets a condition; a goal that the caller may not see meets none."""
    return col(SubMeasure.goal_id).in_(select(col(Goal.id)).where(condition, visible(table_of(Goal), caller)))


class Parts(NamedTuple):
    """Selects the ids of what belongs to some agreements."""

    topics: Select[tuple[UUID]]
    goals: Select[tuple[UUID]]
    sub_measures: Select[tuple[UUID]]


def parts_of(caller: Caller, agreement_ids: Sequence[UUID]) -> Parts:
    """The topics, goals and sub-measures of these agreements, as far as the caller sees them."""
    topics, goals, measures = table_of(Topic), table_of(Goal), table_of(SubMeasure)
    its_goals = select(goals.c.id).where(goals.c.agreement_id.in_(agreement_ids), visible(goals, caller))
    return Parts(
        select(topics.c.id).where(topics.c.agreement_id.in_(agreement_ids), visible(topics, caller)),
        its_goals,
        select(measures.c.id).where(measures.c.goal_id.in_(its_goals), visible(measures, caller)),
    )
