"""What lists of consultation events are asked for."""

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from app.access.caller import Caller
from app.consultation_events.models import (
    ConsultationEvent,
    ConsultationEventList,
    EventAgendaItem,
    EventParticipant,
    EventSubMeasure,
    EventTopic,
)
from app.resources.lists import any_of, linked, matching


def filters(wanted: ConsultationEventList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of events."""
    organiser_id = col(ConsultationEvent.organiser_id)
    return matching(
        ConsultationEvent,
        wanted,
        caller,
        {
            "partner_id": lambda ids: or_(
                any_of(organiser_id, ids), linked(ConsultationEvent, EventParticipant, "partner_id", ids)
            ),
            "topic_id": lambda ids: linked(ConsultationEvent, EventTopic, "topic_id", ids),
            "sub_measure_id": lambda ids: or_(
                linked(ConsultationEvent, EventSubMeasure, "sub_measure_id", ids),
                linked(ConsultationEvent, EventAgendaItem, "sub_measure_id", ids),
            ),
        },
    )
