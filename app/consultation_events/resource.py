"""Consultation events as a kind of resource."""

from app.consultation_events.models import (
    ConsultationEvent,
    ConsultationEventCreate,
    ConsultationEventPublic,
    ConsultationEventUpdate,
    EventAgendaItem,
    EventGoal,
    EventParticipant,
    EventSubMeasure,
    EventTopic,
)
from app.consultation_events.rules import PARTICIPATION, RIGHTS, check, derived, happened, tallied_by
from app.consultation_events.terms import AFTERWARDS, ATTENDANCE_TRANSITIONS, TRANSITIONS
from app.resources.kind import Kind
from app.resources.parts import ChildList, Tallied

CONSULTATION_EVENTS = Kind(
    path="consultation-events",
    table=ConsultationEvent,
    create=ConsultationEventCreate,
    public=ConsultationEventPublic,
    update=ConsultationEventUpdate,
    belongs_by=("agreement_id",),
    found_through={
        "partner_id": ("organiser_id", "participants.partner_id"),
        "topic_id": ("topic_ids",),
        "sub_measure_id": ("sub_measure_ids", "agenda_items.sub_measure_id"),
    },
    listed_by=("starts_at",),
    tallied=Tallied("starts_on", ("format", "level"), tallied_by),
    owner="organiser_id",
    rights=RIGHTS,
    lists={
        "topic_ids": ChildList(EventTopic, parent="consultation_event_id", value="topic_id"),
        "goal_ids": ChildList(EventGoal, parent="consultation_event_id", value="goal_id"),
        "sub_measure_ids": ChildList(EventSubMeasure, parent="consultation_event_id", value="sub_measure_id"),
        "participants": ChildList(
            EventParticipant,
            parent="consultation_event_id",
            unique="partner_id",
            owner="partner_id",
            rights=PARTICIPATION,
            state="attendance",
            transitions=ATTENDANCE_TRANSITIONS,
            kept=AFTERWARDS,
        ),
        "agenda_items": ChildList(EventAgendaItem, parent="consultation_event_id"),
    },
    derived=derived,
    transitions=TRANSITIONS,
    check=check,
    happened=happened,
)
