"""Which events the report on exchange counts, in which groups and on which days."""

from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.access.caller import Caller
from app.access.visibility import visible
from app.changes.tallies import TALLY
from app.consultation_events.models import ConsultationEvent, EventParticipant, EventTopic
from app.consultation_events.terms import STAYING_AWAY, EventStatus
from app.database.tables import table_of
from app.reports.grouping import quarter
from app.reports.report import AgreementQuery
from app.resources.lists import any_of, linked
from app.resources.scope import scoped
from app.schema.fields import Day, Id
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level
from app.vocabularies.term import Term

EVENT, PARTICIPANT = table_of(ConsultationEvent), table_of(EventParticipant)


class GroupBy(Term):
    """What the events are counted by."""

    everything = (
        "everything",
        "alle zusammen",
        "all together",
        "Alle Termine werden zusammen gezählt.",
        "All events are counted together.",
    )
    quarter = (
        "quarter",
        "Quartal",
        "quarter",
        "Die Termine jedes Vierteljahrs werden für sich gezählt.",
        "The events of each quarter are counted by themselves.",
    )
    event_format = (
        "format",
        "Form",
        "format",
        "Die Termine jeder Form werden für sich gezählt.",
        "The events of each format are counted by themselves.",
    )
    level = (
        "level",
        "Ebene",
        "level",
        "Die Termine jeder Ebene werden für sich gezählt.",
        "The events of each level are counted by themselves.",
    )
    partner = (
        "partner",
        "Partner",
        "partner",
        "Die Termine jedes Partners werden für sich gezählt.",
        "The events of each partner are counted by themselves.",
    )


class ExchangeQuery(AgreementQuery):
    """Which events are counted, and by what."""

    by: GroupBy = Field(default=GroupBy.quarter, description=f"What to count by: {GroupBy.explained()}.")
    partner_id: list[Id] | None = Field(
        default=None,
        max_length=50,
        description="Partner that organises or takes part, and did not decline or stay away.",
    )
    format: list[EventFormat] | None = Field(default=None, max_length=5, description="Form of the event.")
    level: list[Level] | None = Field(default=None, max_length=2, description="Level of the event.")
    period_from: Day | None = Field(default=None, description="Starts on this day or later, where it takes place.")
    period_before: Day | None = Field(default=None, description="Starts before this day, where it takes place.")


OWN_TALLIES = {GroupBy.event_format: "format", GroupBy.level: "level", GroupBy.partner: "partner_id"}
"""By what each group is tallied that is not made of days."""


def counted_by_day(caller: Caller, wanted: ExchangeQuery) -> CTE:
    """How many events each group has on each day: far fewer rows to put in order than there are events."""
    a = alike(caller, wanted).subquery().c

    def events(*statuses: EventStatus) -> ColumnElement[int]:
        return cast(func.sum(case((a.status.in_(statuses), a.events), else_=0)), Integer)

    return (
        select(
            cast(a.group, String(40)).label("group"),
            a.starts_on,
            events(*EventStatus).label("events"),
            events(EventStatus.held).label("held"),
            events(EventStatus.planned, EventStatus.confirmed).label("expected"),
            events(EventStatus.postponed, EventStatus.cancelled).label("off"),
        )
        .group_by(a.group, a.starts_on)
        .cte("days")
    )


def alike(caller: Caller, wanted: ExchangeQuery) -> Select[Any]:
    """How many events there are in each group on each day with each status."""
    by = tallied_by(wanted)
    if by is not None:
        return tallied(caller, wanted, *by)
    e = grouped(caller, wanted).subquery().c
    same = (e.group, e.starts_on, e.status)
    return select(*same, func.count().label("events")).group_by(*same)


def tallied_by(wanted: ExchangeQuery) -> tuple[str, set[str]] | None:
    """By what the events that are asked for are tallied, and the values that are wanted of it; None where they are not."""
    asked = {"format": wanted.format, "level": wanted.level, "partner_id": wanted.partner_id}
    values = {
        name: {each.hex if isinstance(each, UUID) else each.value for each in given}
        for name, given in asked.items()
        if given
    }
    own = OWN_TALLIES.get(wanted.by)
    names = {*values} if own is None else {own, *values}
    # Of several partners an event can have two, and who else takes part in one partner's events is not tallied.
    of_partners = wanted.partner_id and (own is not None or len(values["partner_id"]) > 1)
    if wanted.topic_id or wanted.goal_id or len(names) > 1 or of_partners:
        return None
    return next(iter(names), ""), set().union(*values.values())


def tallied(caller: Caller, wanted: ExchangeQuery, name: str, values: set[str]) -> Select[Any]:
    """The same of what is tallied: it costs what its days cost, however many events each day has."""
    t = TALLY.c
    conditions = [visible(TALLY, caller), t.kind == EVENT.name, t.name == name, t.amount > 0]
    for column, among in ((t.value, sorted(values)), (t.agreement_id, wanted.agreement_id)):
        if among:
            conditions.append(any_of(column, list(among)))
    group = common_to(wanted.by, t.day, t.value).label("group")
    rows = select(group, t.day.label("starts_on"), t.state.label("status"), t.amount.label("events"))
    return rows.where(*conditions, *in_period(t.day, wanted))


def common_to(by: GroupBy, day: ColumnElement[Any], value: ColumnElement[Any]) -> ColumnElement[Any]:
    """The group of an event by its day, or by a value of its own."""
    of_all = {GroupBy.everything: literal(GroupBy.everything.value), GroupBy.quarter: quarter(day)}
    return of_all.get(by, value)


def grouped(caller: Caller, wanted: ExchangeQuery) -> Select[Any] | CompoundSelect[Any]:
    """Every event that is asked for, in each of its groups."""
    columns, conditions = (EVENT.c.status, EVENT.c.starts_on), asked_for(caller, wanted)
    if wanted.by is not GroupBy.partner:
        value = EVENT.c.level if wanted.by is GroupBy.level else EVENT.c.format
        group = cast(common_to(wanted.by, EVENT.c.starts_on, value), String(40)).label("group")
        return select(group, *columns).where(*conditions)
    organiser, partner = EVENT.c.organiser_id, PARTICIPANT.c.partner_id
    organised = select(organiser.label("group"), *columns).where(organiser.is_not(None))
    # Who organises and takes part counts once.
    joined = (
        select(partner.label("group"), *columns)
        .join(PARTICIPANT, PARTICIPANT.c.consultation_event_id == EVENT.c.id)
        .where(PARTICIPANT.c.attendance.not_in(STAYING_AWAY), partner.is_distinct_from(organiser))
    )
    return union_all(organised.where(*conditions), joined.where(*conditions))


def asked_for(caller: Caller, wanted: ExchangeQuery) -> list[ColumnElement[bool]]:
    """The conditions on events."""
    conditions = [visible(EVENT, caller), *scoped(ConsultationEvent, caller, wanted.agreement_id, wanted.goal_id)]
    if wanted.topic_id:
        conditions.append(linked(ConsultationEvent, EventTopic, "topic_id", wanted.topic_id))
    if wanted.partner_id:
        conditions.append(takes_part(wanted.partner_id))
    for column, values in ((EVENT.c.format, wanted.format), (EVENT.c.level, wanted.level)):
        if values:
            conditions.append(any_of(column, values))
    return [*conditions, *in_period(EVENT.c.starts_on, wanted)]


def in_period(day: ColumnElement[Any], wanted: ExchangeQuery) -> list[ColumnElement[bool]]:
    """The conditions on the day."""
    least = [] if wanted.period_from is None else [day >= wanted.period_from]
    return least if wanted.period_before is None else [*least, day < wanted.period_before]


def takes_part(partner_ids: list[UUID]) -> ColumnElement[bool]:
    """Whether any of the partners organises an event or takes part in it."""
    joined = select(PARTICIPANT.c.consultation_event_id).where(
        any_of(PARTICIPANT.c.partner_id, partner_ids), PARTICIPANT.c.attendance.not_in(STAYING_AWAY)
    )
    return or_(any_of(EVENT.c.organiser_id, partner_ids), EVENT.c.id.in_(joined))
