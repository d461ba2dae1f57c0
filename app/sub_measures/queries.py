"""What lists of sub-measures are asked for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import SQLModel, col

from app.access.caller import Caller
from app.access.visibility import visible
from app.database import table_of
from app.goals.models import Goal
from app.resources.lists import any_of, leads_to, linked, matching
from app.sub_measures.models import SubMeasure, SubMeasureDistrict, SubMeasureList, SubMeasureSdg, SubMeasureSupporter
from app.topics.models import Topic


def filters(wanted: SubMeasureList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of sub-measures."""
    return matching(
        SubMeasure,
        wanted,
        {
            "agreement_id": lambda ids: about_goals(
                SubMeasure, caller, col(Goal.agreement_id).in_(ids), goals=[SubMeasure.goal_id]
            ),
            "topic_id": lambda ids: about_goals(
                SubMeasure, caller, col(Goal.topic_id).in_(ids), goals=[SubMeasure.goal_id]
            ),
            "partner_id": lambda ids: or_(
                any_of(col(SubMeasure.lead_partner_id), ids), linked(SubMeasure, SubMeasureSupporter, "partner_id", ids)
            ),
            "supporting_partner_id": lambda ids: linked(SubMeasure, SubMeasureSupporter, "partner_id", ids),
            "district": lambda names: linked(SubMeasure, SubMeasureDistrict, "district", names),
            "sdg": lambda numbers: linked(SubMeasure, SubMeasureSdg, "sdg", numbers),
        },
    )


def about_goals(
    table: type[SQLModel],
    caller: Caller,
    condition: ColumnElement[bool],
    *,
    goals: Sequence[Any] = (),
    sub_measures: Sequence[Any] = (),
) -> ColumnElement[bool]:
    """The rows of a table that refer, by these columns, to goals that meet the condition or to sub-measures of those.

    What the caller may not see leads nowhere.
    """
    goal, measure = table_of(Goal), table_of(SubMeasure)
    its_goals = select(goal.c.id).where(condition, visible(goal, caller))
    its_measures = select(measure.c.id).where(measure.c.goal_id.in_(its_goals), visible(measure, caller))
    return or_(
        *(leads_to(table, column, its_goals) for column in goals),
        *(leads_to(table, column, its_measures) for column in sub_measures),
    )


def about_agreements(
    table: type[SQLModel],
    caller: Caller,
    ids: Sequence[UUID],
    *,
    topics: Sequence[Any] = (),
    goals: Sequence[Any] = (),
    sub_measures: Sequence[Any] = (),
) -> ColumnElement[bool]:
    """The rows of a table that refer, by these columns, to a topic, a goal or a sub-measure of these agreements.

    What the caller may not see leads nowhere.
    """
    topic = table_of(Topic)
    its_topics = select(topic.c.id).where(topic.c.agreement_id.in_(ids), visible(topic, caller))
    of_goals = about_goals(table, caller, col(Goal.agreement_id).in_(ids), goals=goals, sub_measures=sub_measures)
    return or_(of_goals, *(leads_to(table, column, its_topics) for column in topics))
