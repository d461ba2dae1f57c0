"""What lists of decisions are asked for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import SQLModel, col

from app.access.caller import Caller
from app.decisions.models import (
    Decision,
    DecisionEvent,
    DecisionGoal,
    DecisionList,
    DecisionPartner,
    DecisionSubMeasure,
    DecisionTopic,
)
from app.resources import lists
from app.sub_measures.queries import parts_of


def filters(wanted: DecisionList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of decisions."""
    return lists.matching(
        Decision,
        wanted,
        {
            "partner_id": lambda ids: linked(DecisionPartner, "partner_id", ids),
            "agreement_id": lambda ids: of_agreements(caller, ids),
            "topic_id": lambda ids: linked(DecisionTopic, "topic_id", ids),
            "goal_id": lambda ids: linked(DecisionGoal, "goal_id", ids),
            "sub_measure_id": lambda ids: linked(DecisionSubMeasure, "sub_measure_id", ids),
            "consultation_event_id": lambda ids: linked(DecisionEvent, "consultation_event_id", ids),
        },
    )


def linked(link: type[SQLModel], column: str, values: Sequence[UUID]) -> ColumnElement[bool]:
    """The decisions that a table of links connects with any of the values."""
    return lists.linked(link, "decision_id", col(Decision.id), column, values)


def of_agreements(caller: Caller, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """The decisions about a topic, a goal or a sub-measure of these agreements, as far as the caller sees those."""
    parts = parts_of(caller, ids)
    about = (
        (DecisionTopic, DecisionTopic.topic_id, parts.topics),
        (DecisionGoal, DecisionGoal.goal_id, parts.goals),
        (DecisionSubMeasure, DecisionSubMeasure.sub_measure_id, parts.sub_measures),
    )
    return or_(
        *(
            col(Decision.id).in_(select(col(link.decision_id)).where(col(column).in_(wanted)))
            for link, column, wanted in about
        )
    )
