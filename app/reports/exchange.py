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
    Date,
    Integer,
    String,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.days import days_between
from app.involvement.models import MOST_DAYS
from app.language import Text
from app.partners.models import Partner
from app.reports.exchanged import EVENT, ExchangeQuery, GroupBy, counted_by_day
from app.reports.grouping import named_quarter, number_of_quarter, quarter_number
from app.reports.report import MOST_GROUPS, Report, ReportHead, kept
from app.schema.base import example
from app.schema.fields import Count, Title

BARE_ID = re.compile("[0-9a-f]{32}")


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
    before = func.lag(d.starts_on).over(partition_by=partition_by, order_by=d.starts_on)
    gap = days_between(before, d.starts_on).label("gap")
    # Of the days with nothing held there are many, and they need no order.
    held = select(d.group, d.starts_on, d.held, gap).where(d.held > 0).cte("held")
    h, day = held.c, EVENT.c.starts_on.type
    met = (
        select(h.group, func.min(h.starts_on, type_=day).label("first_held_on"))
        .add_columns(func.max(h.starts_on, type_=day).label("last_held_on"))
        .add_columns(func.max(func.coalesce(h.gap, case((h.held > 1, 0)))).label("longest_gap_days"))
        .group_by(h.group)
        .cte("met")
    )
    sums = (cast(func.sum(d[name]), Integer).label(name) for name in FIGURES)
    counted = select(d.group, *sums).group_by(d.group).cte("counted")
    columns = (column for column in met.c if column.name != "group")
    return select(*counted.c, *columns).outerjoin_from(counted, met, met.c.group == counted.c.group).cte("groups")


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
    # Only PostgreSQL's own ids have hyphens.
    is_its, bare = func.replace(cast(partner.c.id, String(40)), "-", ""), func.replace(group, "-", "")
    return select(partner.c.name).where(is_its == bare, visible(partner, caller)).scalar_subquery()
