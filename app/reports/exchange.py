"""Exchange: how often the partners meet, and whether they meet regularly."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import SQLCoreOperations

from app.access.caller import Caller
from app.access.visibility import visible
from app.consultation_events.models import ConsultationEvent, EventParticipant, EventTopic
from app.consultation_events.terms import Attendance, EventStatus
from app.database import table_of
from app.days import days_between
from app.involvement.models import MOST_DAYS
from app.language import Text
from app.partners.models import Partner
from app.reports.grouping import named_quarter, number_of_quarter, quarter, quarter_number
from app.reports.report import MOST_GROUPS, AgreementQuery, PeriodQuery, Report, ReportHead, kept
from app.resources.lists import any_of, linked
from app.resources.scope import scoped
from app.schema.base import example
from app.schema.fields import Count, Day, Id, Title
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level
from app.vocabularies.term import Term

EVENT, PARTICIPANT = table_of(ConsultationEvent), table_of(EventParticipant)
BARE_ID = re.compile("[0-9a-f]{32}")
OFF = (Attendance.declined, Attendance.absent)


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


class ExchangeQuery(AgreementQuery, PeriodQuery):
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


def hyphenated(group: str) -> str:
    """The group as it is named; SQLite keeps ids without hyphens."""
    return str(UUID(group)) if BARE_ID.fullmatch(group) else group


class ExchangeGroup(BaseModel):
    """The events of one group."""

    group: Annotated[str, Field(max_length=40, pattern=r"^[0-9A-Za-z_-]+$"), BeforeValidator(hyphenated)] = Field(
        description="What they have in common: `everything`, a quarter such as `2025-Q1`, a format, a level, or the id of "
        "a partner that organises or takes part, and did not decline or stay away. Quarters follow one another, also those "
        "without events: from that of `period_from`, else of the first event, to that of today, of the last event if that is "
        "later, or the last one before `period_before`."
    )
    name: Title | None = Field(description="Name of the partner, where the caller may see it; null for other groups.")
    events: Count = Field(description="All of them.")
    held: Count = Field(description="Those that were held.")
    expected: Count = Field(description="Those that are planned or confirmed.")
    off: Count = Field(description="Those that are postponed or cancelled.")
    first_held_on: date | None = Field(description="Day of the first one that was held.")
    last_held_on: date | None = Field(description="Day of the last one that was held.")
    longest_gap_days: Annotated[int, Field(ge=0, le=MOST_DAYS)] | None = Field(
        description="The most days between one that was held and the next, or from the last one to today, or to the last day "
        "before `period_before`; by quarter, of the gaps that ended in it. Null where there is no such gap."
    )


class ExchangeFigures(ReportHead):
    """How often the partners meet."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-06-30",
            "items": [
                {
                    "group": "2025-Q1",
                    "name": None,
                    "events": 5,
                    "held": 4,
                    "expected": 0,
                    "off": 1,
                    "first_held_on": "2025-01-15",
                    "last_held_on": "2025-03-12",
                    "longest_gap_days": 28,
                }
            ],
        }
    )

    items: list[ExchangeGroup] = Field(max_length=MOST_GROUPS, description="A row for each group, in order.")


FIGURES = ("events", "held", "expected", "off")


@kept
def exchange_rows(caller: Caller, wanted: ExchangeQuery, today: date) -> Report[ExchangeGroup]:
    """A row for each group."""
    days = counted_by_day(caller, wanted)
    # What comes after the period is not looked at: the silence is measured to its end.
    end = today if wanted.period_before is None else min(today, wanted.period_before - timedelta(days=1))
    if wanted.by is GroupBy.quarter:
        rows = by_quarter(days, wanted, end)
    else:
        groups = counted_by_group(days, partition_by=[days.c.group])
        name = null() if wanted.by is not GroupBy.partner else name_of_partner(groups.c.group, caller)
        gap = longest(groups.c.longest_gap_days, groups.c.last_held_on, end)
        others = (column for column in groups.c if column.name != "longest_gap_days")
        rows = select(*others, cast(name, String(300)).label("name"), gap.label("longest_gap_days")).cte(
            "rows_of_groups"
        )
    return Report("exchange", Text("Austausch", "Exchange"), ExchangeGroup, rows, ("group",))


def counted_by_group(days: CTE, partition_by: Sequence[ColumnElement[Any]]) -> CTE:
    """How many events there are in each group, and the longest gap that ends in it between those of a partition."""
    d = days.c
    before = func.lag(d.starts_on).over(partition_by=[*partition_by, d.held > 0], order_by=d.starts_on)
    gaps = select(*d, days_between(before, d.starts_on).label("gap")).cte("gaps")
    g = gaps.c
    held_on = case((g.held > 0, g.starts_on))
    gap = case((g.held > 0, func.coalesce(g.gap, case((g.held > 1, 0)))))
    return (
        select(
            g.group,
            *(cast(func.sum(g[name]), Integer).label(name) for name in FIGURES),
            func.min(held_on, type_=EVENT.c.starts_on.type).label("first_held_on"),
            func.max(held_on, type_=EVENT.c.starts_on.type).label("last_held_on"),
            func.max(gap).label("longest_gap_days"),
        )
        .group_by(g.group)
        .cte("groups")
    )


def longest(gap: ColumnElement[Any], last_held_on: ColumnElement[Any], end: date) -> ColumnElement[int]:
    """The longer one of a gap and the silence since what was held last."""
    silence = days_between(last_held_on, literal(end, Date()))
    return case((silence > func.coalesce(gap, 0), silence), else_=gap)


def by_quarter(days: CTE, wanted: ExchangeQuery, end: date) -> CTE:
    """A row for each quarter; within one there is hardly a gap, so it counts where it ends."""
    d, counted = days.c, counted_by_group(days, partition_by=[])
    groups = counted.c
    first, last = (quarter_number(edge(d.starts_on)) for edge in (func.min, func.max))
    edges = select(
        first.label("first")
        if wanted.period_from is None
        else literal(number_of_quarter(wanted.period_from)).label("first"),
        func.coalesce(last, 0).label("last"),
    ).subquery()
    until = case((edges.c.last > number_of_quarter(end), edges.c.last), else_=number_of_quarter(end))
    number = select(edges.c.first.label("number")).where(edges.c.first <= until).cte("quarters", recursive=True)
    number = number.union_all(select(number.c.number + 1).where(number.c.number < select(until).scalar_subquery()))
    latest = select(func.max(d.starts_on, type_=Date())).where(d.held > 0, d.starts_on <= end).scalar_subquery()
    gap = case(
        (number.c.number == number_of_quarter(end), longest(groups.longest_gap_days, latest, end)),
        else_=groups.longest_gap_days,
    )
    name = named_quarter(number.c.number)
    return (
        select(
            cast(name, String(40)).label("group"),
            cast(null(), String(300)).label("name"),
            *(func.coalesce(groups[each], 0).label(each) for each in FIGURES),
            groups.first_held_on,
            groups.last_held_on,
            gap.label("longest_gap_days"),
        )
        .select_from(number)
        .outerjoin(counted, groups.group == name)
        .cte("rows_of_quarters")
    )


def name_of_partner(group: ColumnElement[str], caller: Caller) -> ColumnElement[str]:
    """The name of the partner that a group is of."""
    partner = table_of(Partner)
    is_its = cast(partner.c.id, String(40)) == group
    return select(partner.c.name).where(is_its, visible(partner, caller)).scalar_subquery()


def counted_by_day(caller: Caller, wanted: ExchangeQuery) -> CTE:
    """How many events each group has on each day: far fewer rows to put in order than there are events."""
    e = grouped(caller, wanted).subquery().c
    same = (e.group, e.starts_on, e.status)
    alike = select(*same, func.count().label("events")).group_by(*same).cte("alike")
    a = alike.c

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


def grouped(caller: Caller, wanted: ExchangeQuery) -> Select[Any] | CompoundSelect[Any]:
    """Every event that is asked for, in each of its groups."""
    columns, conditions = (EVENT.c.status, EVENT.c.starts_on), asked_for(caller, wanted)
    if wanted.by is not GroupBy.partner:
        by: dict[GroupBy, ColumnElement[Any] | SQLCoreOperations[Any]] = {
            GroupBy.everything: literal(GroupBy.everything.value),
            GroupBy.quarter: quarter(EVENT.c.starts_on),
            GroupBy.event_format: EVENT.c.format,
            GroupBy.level: EVENT.c.level,
        }
        return select(cast(by[wanted.by], String(40)).label("group"), *columns).where(*conditions)
    organiser, partner = EVENT.c.organiser_id, PARTICIPANT.c.partner_id
    organised = select(organiser.label("group"), *columns).where(organiser.is_not(None))
    # Who organises and takes part counts once.
    joined = (
        select(partner.label("group"), *columns)
        .join(PARTICIPANT, PARTICIPANT.c.consultation_event_id == EVENT.c.id)
        .where(PARTICIPANT.c.attendance.not_in(OFF), partner.is_distinct_from(organiser))
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
    if wanted.period_from is not None:
        conditions.append(EVENT.c.starts_on >= wanted.period_from)
    if wanted.period_before is not None:
        conditions.append(EVENT.c.starts_on < wanted.period_before)
    return conditions


def takes_part(partner_ids: list[UUID]) -> ColumnElement[bool]:
    """Whether any of the partners organises an event or takes part in it."""
    joined = select(PARTICIPANT.c.consultation_event_id).where(
        any_of(PARTICIPANT.c.partner_id, partner_ids), PARTICIPANT.c.attendance.not_in(OFF)
    )
    return or_(any_of(EVENT.c.organiser_id, partner_ids), EVENT.c.id.in_(joined))
