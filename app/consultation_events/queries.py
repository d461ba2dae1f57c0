"""What lists of consultation events are asked for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import SQLModel, col

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
from app.resources import lists
from app.sub_measures.queries import parts_of


def filters(wanted: ConsultationEventList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of events."""
    organiser_id = col(ConsultationEvent.organiser_id)
    return lists.matching(
        ConsultationEvent,
        wanted,
        {
            "partner_id": lambda ids: or_(lists.any_of(organiser_id, ids), linked(EventParticipant, "partner_id", ids)),
            "agreement_id": lambda ids: of_agreements(caller, ids),
            "topic_id": lambda ids: linked(EventTopic, "topic_id", ids),
            "goal_id": lambda ids: linked(EventGoal, "goal_id", ids),
            "sub_measure_id": lambda ids: or_(
                linked(EventSubMeasure, "sub_measure_id", ids), linked(EventAgendaItem, "sub_measure_id", ids)
            ),
        },
    )


def linked(link: type[SQLModel], column: str, values: Sequence[UUID]) -> ColumnElement[bool]:
    """The events that a table of links connects with any of the values."""
    return lists.linked(link, "consultation_event_id", col(ConsultationEvent.id), column, values)


def of_agreements(caller: Caller, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """The events that are about a topic, a goal or a sub-measure of these agreements, as far as the caller sees those."""
    parts = parts_of(caller, ids)
    about = (
        (EventTopic, EventTopic.topic_id, parts.topics),
        (EventGoal, EventGoal.goal_id, parts.goals),
        (EventSubMeasure, EventSubMeasure.sub_measure_id, parts.sub_measures),
        (EventAgendaItem, EventAgendaItem.sub_measure_id, parts.sub_measures),
    )
    return or_(
        *(
            col(ConsultationEvent.id).in_(select(col(link.consultation_event_id)).where(col(column).in_(wanted)))
            for link, column, wanted in about
        )
    )
