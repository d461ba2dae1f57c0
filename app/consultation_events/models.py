"""Consultation events: talks, conferences and expert days in which partners are heard."""

from typing import Literal
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.consultation_events.terms import (
    ATTENDANCE_TRANSITIONS,
    TRANSITIONS,
    Attendance,
    AttendanceMode,
    EventStatus,
    ParticipantRole,
)
from app.database.tables import Json, closed
from app.resources.ids import named_id
from app.resources.links import Document
from app.resources.lists import ListQuery
from app.resources.schema import Homed, HomedAtFirst, Stamped, Stored, Visible, sorted_by
from app.resources.states import described
from app.schema.base import FROM_SETTING, Patch, Schema, example
from app.schema.fields import Count, Day, Id, Ids, Minutes, Moment, Paragraphs, TimeZone, Title, Url, city_timezone
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level


class ParticipantPartner(Schema):
    partner_id: Id = Field(foreign_key="partner.id", description="The partner.")


class Participation(Schema):
    role: ParticipantRole = Field(
        default=ParticipantRole.participant,
        sa_type=closed(ParticipantRole),
        description=f"What it does: {ParticipantRole.explained()}.",
    )
    attendance: Attendance = Field(
        default=Attendance.invited,
        sa_type=closed(Attendance),
        description=f"Whether it attends: {Attendance.explained()}. {described(ATTENDANCE_TRANSITIONS)} Who `attended` or was "
        "`absent` is not taken out of the list; a confirmed proposal corrects that.",
    )
    delegates: Count | None = Field(default=None, description="Number of people it sends.")


class Participant(Participation, ParticipantPartner):
    """A partner at an event."""


class AgendaItem(Schema):
    """One point of the agenda."""

    title: Title = Field(description="What it is about.")
    description: Paragraphs | None = Field(default=None, description="More about it.")
    duration_minutes: Minutes | None = Field(default=None, description="Planned duration in minutes.")
    sub_measure_id: Id | None = Field(
        default=None, foreign_key="sub_measure.id", index=True, description="Sub-measure that it is about."
    )
    decision_id: Id | None = Field(default=None, foreign_key="decision.id", description="Decision that it is about.")
    outcome: Paragraphs | None = Field(default=None, description="What came of it.")


class ConsultationEventBase(Visible):
    title: Title = Field(description="Title of the event.")
    description: Paragraphs | None = Field(default=None, description="What the event is about.")
    format: EventFormat = Field(sa_type=closed(EventFormat), description=f"Form: {EventFormat.explained()}.")
    level: Level = Field(sa_type=closed(Level), description=f"Level: {Level.explained()}.")
    status: EventStatus = Field(
        default=EventStatus.planned,
        sa_type=closed(EventStatus),
        description=f"Whether it takes place: {EventStatus.explained()}. {described(TRANSITIONS)}",
    )
    status_reason: Paragraphs | None = Field(
        default=None, description="Why the status is what it is; required for `postponed` and `cancelled`."
    )
    starts_at: Moment = Field(description="Start of the event; any offset is accepted, UTC is answered.")
    ends_at: Moment | None = Field(default=None, description="End of the event; after `starts_at`.")
    timezone: TimeZone = Field(
        default_factory=city_timezone.get,
        schema_extra={"json_schema_extra": {FROM_SETTING: "timezone"}},
        description="IANA time zone in which the event takes place, for showing local times; by default the city's.",
    )
    attendance_mode: AttendanceMode = Field(
        default=AttendanceMode.in_person,
        sa_type=closed(AttendanceMode),
        description=f"How one can attend: {AttendanceMode.explained()}.",
    )
    location: Title | None = Field(default=None, description="Where it takes place.")
    online_url: Url | None = Field(
        default=None,
        description="Where to join online; it is as visible as the event, so a link for partners belongs into an event"
        " for partners.",
    )
    organiser_id: Id | None = Field(default=None, foreign_key="partner.id", description="Partner that organises.")
    documents: list[Document] = Field(
        default_factory=list, max_length=100, sa_type=Json, description="Documents of the event, in order."
    )
    outcome: Paragraphs | None = Field(default=None, description="What came of the event.")


class ConsultationEventContent(ConsultationEventBase):
    topic_ids: Ids = Field(default_factory=list, description="Topics that it is about.")
    goal_ids: Ids = Field(default_factory=list, description="Goals that it is about.")
    sub_measure_ids: Ids = Field(default_factory=list, description="Sub-measures that it is about.")
    participants: list[Participant] = Field(
        default_factory=list, max_length=200, description="The partners that take part, each once."
    )
    agenda_items: list[AgendaItem] = Field(default_factory=list, max_length=100, description="The agenda, in order.")


TERMS = ("format", "level", "status", "attendance_mode")


class ConsultationEvent(ConsultationEventBase, Homed, Stored, table=True):
    __tablename__ = "consultation_event"
    __table_args__ = (
        Index(None, "agreement_id", "starts_at", "id"),
        Index(None, "organiser_id", "starts_at", "id"),
        Index(None, "format", "starts_at", "id"),
        Index(None, "level", "starts_at", "id"),
        Index(None, "status", "starts_at", "id"),
        Index(None, "attendance_mode", "starts_at", "id"),
        # What filters offer is counted by it alone. Visibility stands last, or SQLite would take it for every list.
        Index("ix_consultation_event_terms", *TERMS, "visibility"),
        Index(None, "ends_at"),
        # On the way through the order of the list, filters are looked at in it alone.
        Index(
            "ix_consultation_event_in_order",
            "starts_at",
            "id",
            "visibility",
            *TERMS,
            "ends_at",
            "organiser_id",
            "agreement_id",
        ),
        *sorted_by("starts_on"),
    )

    starts_on: Day


class EventParticipant(Participant, table=True):
    __tablename__ = "event_participant"
    __table_args__ = (Index(None, "partner_id", "consultation_event_id"),)

    consultation_event_id: UUID = Field(primary_key=True, foreign_key="consultation_event.id")
    partner_id: UUID = Field(primary_key=True, foreign_key="partner.id")
    position: int


class EventAgendaItem(AgendaItem, table=True):
    __tablename__ = "event_agenda_item"
    __table_args__ = (Index(None, "decision_id", "consultation_event_id"),)

    consultation_event_id: UUID = Field(primary_key=True, foreign_key="consultation_event.id")
    position: int = Field(primary_key=True)


class EventTopic(SQLModel, table=True):
    __tablename__ = "event_topic"
    __table_args__ = (Index(None, "topic_id", "consultation_event_id"),)

    consultation_event_id: UUID = Field(primary_key=True, foreign_key="consultation_event.id")
    topic_id: UUID = Field(primary_key=True, foreign_key="topic.id")
    position: int


class EventGoal(SQLModel, table=True):
    __tablename__ = "event_goal"
    __table_args__ = (Index(None, "goal_id", "consultation_event_id"),)

    consultation_event_id: UUID = Field(primary_key=True, foreign_key="consultation_event.id")
    goal_id: UUID = Field(primary_key=True, foreign_key="goal.id")
    position: int


class EventSubMeasure(SQLModel, table=True):
    __tablename__ = "event_sub_measure"
    __table_args__ = (Index(None, "sub_measure_id", "consultation_event_id"),)

    consultation_event_id: UUID = Field(primary_key=True, foreign_key="consultation_event.id")
    sub_measure_id: UUID = Field(primary_key=True, foreign_key="sub_measure.id")
    position: int


class ConsultationEventCreate(ConsultationEventContent, HomedAtFirst):
    """A new consultation event."""

    model_config = example(
        {
            "agreement_id": str(named_id("agreements", "dresden-liga-2024")),
            "title": "Fachtag Suchtprävention",
            "format": "expert_day",
            "level": "operational",
            "starts_at": "2025-03-12T09:00:00+01:00",
            "ends_at": "2025-03-12T15:00:00+01:00",
            "location": "Dresden",
            "organiser_id": str(named_id("partners", "landeshauptstadt-dresden")),
            "topic_ids": [str(named_id("topics", "dresden-liga-2024", "health"))],
            "sub_measure_ids": [str(named_id("sub-measures", "dresden-liga-2024", 2, 3))],
            "participants": [
                {"partner_id": str(named_id("partners", "landeshauptstadt-dresden")), "role": "host"},
                {"partner_id": str(named_id("partners", "liga-dresden"))},
            ],
            "agenda_items": [
                {
                    "title": "Suchtprävention",
                    "duration_minutes": 90,
                    "sub_measure_id": str(named_id("sub-measures", "dresden-liga-2024", 2, 3)),
                }
            ],
        }
    )


class ParticipantPut(Participation, Patch):
    """How a partner takes part in an event; what is not given stays as it was, and is at first what it is by default."""

    model_config = example({"attendance": "accepted", "delegates": 2})


class ConsultationEventUpdate(ConsultationEventContent, Patch):
    """The fields to change; an absent field keeps its value, an array is replaced as a whole."""

    model_config = example({"status": "confirmed", "location": "Neues Rathaus, Dresden"})


class ConsultationEventPublic(ConsultationEventContent, Homed, Stamped):
    """A talk, conference, expert day or other meeting of the cooperation."""


class ConsultationEventList(ListQuery):
    sort: Literal[
        "starts_at", "-starts_at", "title", "-title", "created_at", "-created_at", "updated_at", "-updated_at"
    ] = Field(default="starts_at", description="Order of the list; `-` for descending.")
    format: list[EventFormat] | None = Field(default=None, max_length=5, description="Form of the event.")
    level: list[Level] | None = Field(default=None, max_length=2, description="Level of the event.")
    status: list[EventStatus] | None = Field(default=None, max_length=5, description="Whether it takes place.")
    attendance_mode: list[AttendanceMode] | None = Field(default=None, max_length=3, description="How one can attend.")
    starts_at_from: Moment | None = Field(default=None, description="Starts at this time or later.")
    starts_at_before: Moment | None = Field(default=None, description="Starts before this time.")
    ends_at_from: Moment | None = Field(default=None, description="Ends at this time or later.")
    ends_at_before: Moment | None = Field(default=None, description="Ends before this time.")
    partner_id: list[Id] | None = Field(
        default=None, max_length=50, description="Partner that organises or takes part."
    )
    organiser_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that organises.")
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic that it is about.")
    sub_measure_id: list[Id] | None = Field(
        default=None, max_length=50, description="Sub-measure that it or one of its agenda items is about."
    )
