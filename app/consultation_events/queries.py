"""What lists of consultation events are asked for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from app.access.caller import Caller
from app.consultation_events.models import (
    ConsultationEvent,
    ConsultationEventList,
    EventAgendaItem,
    EventGoal,
    EventParticipant,
    EventSubMeasure,
    EventTopic,
)
from app.resources.lists import any_of, linked, matching
from app.sub_measures.queries import about_agreements


def filters(wanted: ConsultationEventList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of events."""
    organiser_id = col(ConsultationEvent.organiser_id)
    return matching(
        ConsultationEvent,
        wanted,
        {
            "partner_id": lambda ids: or_(
                any_of(organiser_id, ids), linked(ConsultationEvent, EventParticipant, "partner_id", ids)
            ),
            "agreement_id": lambda ids: of_agreements(caller, ids),
            "topic_id": lambda ids: linked(ConsultationEvent, EventTopic, "topic_id", ids),
            "goal_id": lambda ids: linked(ConsultationEvent, EventGoal, "goal_id", ids),
            "sub_measure_id": lambda ids: or_(
                linked(ConsultationEvent, EventSubMeasure, "sub_measure_id", ids),
                linked(ConsultationEvent, EventAgendaItem, "sub_measure_id", ids),
            ),
        },
    )


def of_agreements(caller: Caller, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """The events that are about a topic, a goal or a sub-measure of these agreements, as far as the caller sees those."""
    return about_agreements(
        ConsultationEvent,
        caller,
        ids,
        topics=[EventTopic.topic_id],
        goals=[EventGoal.goal_id],
        sub_measures=[EventSubMeasure.sub_measure_id, EventAgendaItem.sub_measure_id],
    )
