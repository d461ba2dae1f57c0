"""What lists of decisions are asked for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement

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
from app.resources.lists import linked, matching
from app.sub_measures.queries import about_agreements


def filters(wanted: DecisionList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of decisions."""
    return matching(
        Decision,
        wanted,
        {
            "partner_id": lambda ids: linked(Decision, DecisionPartner, "partner_id", ids),
            "agreement_id": lambda ids: of_agreements(caller, ids),
            "topic_id": lambda ids: linked(Decision, DecisionTopic, "topic_id", ids),
            "goal_id": lambda ids: linked(Decision, DecisionGoal, "goal_id", ids),
            "sub_measure_id": lambda ids: linked(Decision, DecisionSubMeasure, "sub_measure_id", ids),
            "consultation_event_id": lambda ids: linked(Decision, DecisionEvent, "consultation_event_id", ids),
        },
    )


def of_agreements(caller: Caller, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """The decisions about a topic, a goal or a sub-measure of these agreements, as far as the caller sees those."""
    return about_agreements(
        Decision,
        caller,
        ids,
        topics=[DecisionTopic.topic_id],
        goals=[DecisionGoal.goal_id],
        sub_measures=[DecisionSubMeasure.sub_measure_id],
    )
