"""What lists of decisions are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.decisions.models import (
    Decision,
    DecisionEvent,
    DecisionList,
    DecisionPartner,
    DecisionSubMeasure,
    DecisionTopic,
)
from app.resources.lists import linked, matching


def filters(wanted: DecisionList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of decisions."""
    return matching(
        Decision,
        wanted,
        caller,
        {
            "partner_id": lambda ids: linked(Decision, DecisionPartner, "partner_id", ids),
            "topic_id": lambda ids: linked(Decision, DecisionTopic, "topic_id", ids),
            "sub_measure_id": lambda ids: linked(Decision, DecisionSubMeasure, "sub_measure_id", ids),
            "consultation_event_id": lambda ids: linked(Decision, DecisionEvent, "consultation_event_id", ids),
        },
    )
