"""How far a page of what is due has to look ahead: no further than the events that fill it, however many come after.

What is due is of many kinds and in one order, so all of it has to be known before a page can be given. Of events there are
most, and an index has them in the order of time: those of the day behind which a page begins, and those after, up to the
day on which events alone have filled it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, select
from sqlalchemy.sql.functions import coalesce

from app.consultation_events.models import ConsultationEvent
from app.consultation_events.terms import EventStatus
from app.database.tables import table_of
from app.days import day_in, start_of
from app.reports.duty import Asked
from app.resources.scope import scoped

EVENT = table_of(ConsultationEvent)
MOMENT = EVENT.c.starts_at.type
EXPECTED = (EventStatus.planned, EventStatus.confirmed)
EARLIEST = date(2, 1, 1)
"""No zone has it before all time."""
BEGINNING = datetime(1, 1, 2, tzinfo=UTC)
FROM = bindparam("from", BEGINNING, type_=MOMENT)
"""The beginning of the day behind one of whose rows the page begins."""
BEHIND = bindparam("behind", BEGINNING, type_=MOMENT)
"""The beginning of the next day: what is due from then on is on this page or on a later one."""
ROWS = bindparam("rows", 2**31 - 1, type_=Integer)
"""How many rows the page has at most."""


def on_page(asked: Asked, until: datetime, is_due: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an event that is expected before a moment may be on the page that is asked for.

    `is_due` holds only for those that are in a row of their own, on the day on which they begin.
    """
    conditions = (is_due, *scoped(ConsultationEvent, asked.caller, asked.agreement_ids, asked.goal_ids))
    ends = [coalesce(filled_at(asked, state, until, *conditions), until).label(state) for state in EXPECTED]
    one, other = select(*ends).cte().prefix_with("MATERIALIZED").c
    end = select(case((one < other, one), else_=other)).scalar_subquery()
    return and_(EVENT.c.status.in_(EXPECTED), EVENT.c.starts_at >= FROM, EVENT.c.starts_at < end)


def filled_at(
    asked: Asked, state: EventStatus, until: datetime, *conditions: ColumnElement[bool]
) -> ColumnElement[datetime]:
    """When the first event begins that is after the day on which those in one state have filled a page; null for none."""
    begins = EVENT.c.starts_at
    in_state = select(begins).where(EVENT.c.status == state, begins < until).order_by(begins)
    last = in_state.where(begins >= BEHIND, *conditions).limit(1).offset(ROWS).cte().prefix_with("MATERIALIZED")
    filled = select(last.c.starts_at).scalar_subquery()
    is_later = day_in(begins, asked.zone.key) > day_in(filled, asked.zone.key)
    return in_state.where(begins > filled, is_later).limit(1).scalar_subquery()


def page_of(asked: Asked, limit: int, after: Sequence[Any] | None) -> Mapping[str, Any]:
    """The values of a page of so many rows, behind what stands for some values in the order of time."""
    if after is None:
        return {ROWS.key: limit}
    day = min(max(after[0], EARLIEST), asked.until)
    days = {FROM.key: day, BEHIND.key: day + timedelta(days=1)}
    return {ROWS.key: limit, **{name: start_of(each, asked.zone) for name, each in days.items()}}
