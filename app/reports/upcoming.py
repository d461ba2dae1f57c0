"""Upcoming: everything that is due, in one order of time."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field
from sqlalchemy import (
    Date,
    Select,
    String,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.functions import coalesce
from sqlmodel import SQLModel

from app.access.caller import Caller
from app.access.visibility import visible
from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.consultation_events.terms import Attendance, EventStatus
from app.database import ordered_text, table_of
from app.days import day_in, months_later, start_of
from app.decisions.models import Decision, DecisionPartner
from app.decisions.terms import DecisionStatus
from app.indicators.models import Indicator
from app.observations.models import Observation
from app.reports.progress import DONE, UNREPORTED_MONTHS, last_reported_on
from app.reports.report import Report, ReportPage, RowQuery
from app.resources.ids import named_id, shown_id
from app.resources.lists import ABOUT_GOAL, MAX_LIMIT, any_of
from app.resources.scope import scoped
from app.schema.base import example
from app.schema.fields import Id, Title
from app.statements.models import Statement
from app.sub_measures.models import SubMeasure, SubMeasureMilestone, SubMeasureSupporter
from app.sub_measures.terms import SubMeasureStatus
from app.vocabularies.term import Term

DEFAULT_DAYS, MOST_DAYS_AHEAD = 30, 366


class DueKind(Term):
    """What can be due."""

    event = "event", "Termin", "event"
    statement = "statement", "Stellungnahme", "statement"
    decision = "decision", "Entscheidung", "decision"
    milestone = "milestone", "Meilenstein", "milestone"
    report = "report", "Fortschrittsbericht", "progress report"
    observation = "observation", "Messwert", "observation"


class UpcomingQuery(RowQuery):
    """What is asked for."""

    agreement_id: list[Id] | None = Field(default=None, max_length=50, description="Agreement.")
    goal_id: list[Id] | None = Field(default=None, max_length=50, description=ABOUT_GOAL)
    partner_id: list[Id] | None = Field(
        default=None,
        max_length=50,
        description="Partner: events it organises or takes part in, statements and decisions it is asked for, milestones of "
        "sub-measures it leads or supports, reports and observations of those it leads. None: of all.",
    )
    days: Annotated[int, Field(ge=1, le=MOST_DAYS_AHEAD)] = Field(
        default=DEFAULT_DAYS, description="How many days ahead; what is overdue is always there."
    )
    kind: list[DueKind] | None = Field(default=None, max_length=6, description="What is due.")
    report_months: Annotated[int, Field(ge=1, le=120)] = Field(
        default=UNREPORTED_MONTHS,
        description="Months after which a progress report is due: since the last one accepted, else the start of the work.",
    )


class Due(BaseModel):
    """One thing that is due."""

    due_on: date = Field(description="Day on which it is due, or takes place.")
    kind: DueKind = Field(description=f"What is due: {DueKind.explained()}.")
    is_overdue: bool = Field(description="Whether that day has passed.")
    title: Title = Field(
        description="Title of the event, the decision, the milestone, the sub-measure or the indicator."
    )
    resource_type: Annotated[str, Field(max_length=60, pattern="^[a-z_]+$")] = Field(
        description="Kind of the resource that it belongs to, such as `decision` for a statement."
    )
    resource_id: UUID = Field(description="Id of that resource.")
    partner_id: UUID | None = Field(
        description="Partner that it is due from, or that organises or leads; null where there is none."
    )
    starts_at: datetime | None = Field(description="Start of an event (UTC).")


class UpcomingFigures(ReportPage):
    """What is due."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-03-01",
            "items": [
                {
                    "due_on": "2025-03-12",
                    "kind": "event",
                    "is_overdue": False,
                    "title": "Fachtag Suchtprävention",
                    "resource_type": "consultation_event",
                    "resource_id": str(shown_id("consultation-events")),
                    "partner_id": str(named_id("partners", "landeshauptstadt-dresden")),
                    "starts_at": "2025-03-12T08:00:00Z",
                }
            ],
            "next_cursor": None,
        }
    )

    items: list[Due] = Field(max_length=MAX_LIMIT, description="What is due, in the order of time.")


EVENT, PARTICIPANT = table_of(ConsultationEvent), table_of(EventParticipant)
DECISION, ASKED, STATEMENT = table_of(Decision), table_of(DecisionPartner), table_of(Statement)
MEASURE, MILESTONE = table_of(SubMeasure), table_of(SubMeasureMilestone)
INDICATOR, OBSERVATION = table_of(Indicator), table_of(Observation)
SOURCES: Mapping[DueKind, type[SQLModel]] = {
    DueKind.event: ConsultationEvent,
    DueKind.statement: Decision,
    DueKind.decision: Decision,
    DueKind.milestone: SubMeasure,
    DueKind.report: SubMeasure,
    DueKind.observation: Indicator,
}
"""Of what kind of resource each is due."""
PENDING = (DecisionStatus.announced, DecisionStatus.in_consultation)


def upcoming_rows(caller: Caller, wanted: UpcomingQuery, today: date, zone: ZoneInfo) -> Report[Due]:
    """A row for everything that is due."""
    until, partners = today + timedelta(days=wanted.days), wanted.partner_id or []
    sources = {
        DueKind.event: events(caller, partners, today, zone),
        DueKind.statement: statements(caller, partners),
        DueKind.decision: decisions(caller, partners),
        DueKind.milestone: milestones(caller, partners),
        DueKind.report: reports(caller, partners, wanted.report_months, zone),
        DueKind.observation: observations(caller, partners, zone),
    }
    asked = (
        sources[kind].where(*scoped(SOURCES[kind], caller, wanted.agreement_id, wanted.goal_id))
        for kind in wanted.kind or DueKind
    )
    everything = union_all(*asked).subquery()
    e = everything.c
    key = cast(e.kind + ":" + cast(e.resource_id, String(36)) + ":" + e.part, ordered_text(100))
    rows = (
        select(
            e.due_on,
            e.kind,
            case((e.due_on < today, True), else_=False).label("is_overdue"),
            e.title,
            e.resource_type,
            e.resource_id,
            e.partner_id,
            e.starts_at,
            key.label("key"),
        )
        .where(e.due_on <= until)
        .cte("upcoming")
    )
    return Report("upcoming", Due, rows, ("due_on", "key"))


def due(
    kind: DueKind,
    on: Any,
    title: Any,
    resource: Any,
    partner_id: Any = None,
    part: Any = "",
    starts_at: Any = None,
) -> Select[Any]:
    """What is due of one kind; `part` tells apart what is due of the same resource."""
    return select(
        type_coerce(on, Date()).label("due_on"),
        literal(kind.value, String(40)).label("kind"),
        title.label("title"),
        literal(resource.table.name, String(60)).label("resource_type"),
        resource.label("resource_id"),
        cast(null() if partner_id is None else partner_id, Uuid()).label("partner_id"),
        cast(part, String(36)).label("part"),
        (cast(null(), EVENT.c.starts_at.type) if starts_at is None else starts_at).label("starts_at"),
    )


def events(caller: Caller, partners: list[UUID], today: date, zone: ZoneInfo) -> Select[Any]:
    """The events that are still to take place."""
    statement = due(
        DueKind.event,
        day_in(EVENT.c.starts_at, zone.key),
        EVENT.c.title,
        EVENT.c.id,
        EVENT.c.organiser_id,
        starts_at=EVENT.c.starts_at,
    ).where(
        visible(EVENT, caller),
        EVENT.c.status.in_((EventStatus.planned, EventStatus.confirmed)),
        EVENT.c.starts_at >= start_of(today, zone),
    )
    if not partners:
        return statement
    takes_part = exists().where(
        PARTICIPANT.c.consultation_event_id == EVENT.c.id,
        any_of(PARTICIPANT.c.partner_id, partners),
        PARTICIPANT.c.attendance != Attendance.declined,
    )
    return statement.where(or_(any_of(EVENT.c.organiser_id, partners), takes_part))


def statements(caller: Caller, partners: list[UUID]) -> Select[Any]:
    """The statements that partners were asked for and did not give yet."""
    given = exists().where(STATEMENT.c.decision_id == DECISION.c.id, STATEMENT.c.partner_id == ASKED.c.partner_id)
    statement = (
        due(
            DueKind.statement,
            DECISION.c.statements_due_on,
            DECISION.c.title,
            DECISION.c.id,
            ASKED.c.partner_id,
            ASKED.c.partner_id,
        )
        .join(ASKED, ASKED.c.decision_id == DECISION.c.id)
        .where(
            visible(DECISION, caller),
            DECISION.c.status.in_(PENDING),
            DECISION.c.statements_due_on.is_not(None),
            ~given,
        )
    )
    return statement.where(any_of(ASKED.c.partner_id, partners)) if partners else statement


def decisions(caller: Caller, partners: list[UUID]) -> Select[Any]:
    """The decisions that are to be made."""
    statement = due(DueKind.decision, DECISION.c.decides_on, DECISION.c.title, DECISION.c.id).where(
        visible(DECISION, caller), DECISION.c.status.in_(PENDING), DECISION.c.decides_on.is_not(None)
    )
    if not partners:
        return statement
    is_asked = exists().where(ASKED.c.decision_id == DECISION.c.id, any_of(ASKED.c.partner_id, partners))
    return statement.where(is_asked)


def milestones(caller: Caller, partners: list[UUID]) -> Select[Any]:
    """The milestones that were not reached yet, of sub-measures that are not done."""
    statement = (
        due(
            DueKind.milestone,
            MILESTONE.c.due_on,
            MILESTONE.c.title,
            MEASURE.c.id,
            MEASURE.c.lead_partner_id,
            MILESTONE.c.position,
        )
        .join(MILESTONE, MILESTONE.c.sub_measure_id == MEASURE.c.id)
        .where(
            visible(MEASURE, caller),
            MEASURE.c.status.not_in(DONE),
            MILESTONE.c.due_on.is_not(None),
            MILESTONE.c.reached_on.is_(None),
        )
    )
    if not partners:
        return statement
    supporter = table_of(SubMeasureSupporter)
    supports = exists().where(supporter.c.sub_measure_id == MEASURE.c.id, any_of(supporter.c.partner_id, partners))
    return statement.where(or_(any_of(MEASURE.c.lead_partner_id, partners), supports))


def reports(caller: Caller, partners: list[UUID], months: int, zone: ZoneInfo) -> Select[Any]:
    """The progress reports on sub-measures that are agreed and not done."""
    since = coalesce(last_reported_on(caller), MEASURE.c.starts_on, day_in(MEASURE.c.created_at, zone.key))
    statement = due(
        DueKind.report, months_later(since, literal(months)), MEASURE.c.title, MEASURE.c.id, MEASURE.c.lead_partner_id
    ).where(visible(MEASURE, caller), MEASURE.c.status.not_in((*DONE, SubMeasureStatus.proposed)))
    return statement.where(any_of(MEASURE.c.lead_partner_id, partners)) if partners else statement


def observations(caller: Caller, partners: list[UUID], zone: ZoneInfo) -> Select[Any]:
    """The next values of indicators: by their interval, or else at the day of their target."""
    last = (
        select(func.max(OBSERVATION.c.on, type_=Date()))
        .where(OBSERVATION.c.indicator_id == INDICATOR.c.id, visible(OBSERVATION, caller))
        .correlate(INDICATOR)
        .scalar_subquery()
    )
    since = coalesce(last, INDICATOR.c.baseline_on, day_in(INDICATOR.c.created_at, zone.key))
    on = case(
        (INDICATOR.c.interval_months.is_not(None), months_later(since, INDICATOR.c.interval_months)),
        (or_(last.is_(None), last < INDICATOR.c.target_on), INDICATOR.c.target_on),
    )
    statement = (
        due(DueKind.observation, on, INDICATOR.c.name, INDICATOR.c.id, MEASURE.c.lead_partner_id)
        .outerjoin(MEASURE, and_(MEASURE.c.id == INDICATOR.c.sub_measure_id, visible(MEASURE, caller)))
        .where(visible(INDICATOR, caller), on.is_not(None))
    )
    return statement.where(any_of(MEASURE.c.lead_partner_id, partners)) if partners else statement
