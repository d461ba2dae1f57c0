"""What must hold between the fields of consultation events, and what can follow what."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from app.http.problems import FieldError
from app.resources.rules import in_order, with_reason
from app.vocabularies.term import Term


class EventStatus(Term):
    """Whether an event takes place."""

    planned = "planned", "geplant", "planned"
    confirmed = "confirmed", "bestätigt", "confirmed"
    held = "held", "durchgeführt", "held"
    postponed = "postponed", "verschoben", "postponed"
    cancelled = "cancelled", "abgesagt", "cancelled"


STEPS: Mapping[EventStatus, frozenset[EventStatus]] = {
    EventStatus.planned: frozenset(
        {EventStatus.confirmed, EventStatus.held, EventStatus.postponed, EventStatus.cancelled}
    ),
    EventStatus.confirmed: frozenset({EventStatus.held, EventStatus.postponed, EventStatus.cancelled}),
    EventStatus.postponed: frozenset({EventStatus.planned, EventStatus.confirmed, EventStatus.cancelled}),
    # What was held was held, and who saw a cancellation in the calendar does not look again.
    EventStatus.held: frozenset(),
    EventStatus.cancelled: frozenset(),
}

NEEDS_REASON = frozenset({EventStatus.postponed, EventStatus.cancelled})


class Timed(Protocol):
    status: EventStatus
    status_reason: str | None
    starts_at: datetime
    ends_at: datetime | None


def derived(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The day on which an event starts where it takes place: reports count days, not moments."""
    return {"starts_on": values["starts_at"].astimezone(ZoneInfo(values["timezone"])).date()}


def check(event: Timed) -> Iterator[FieldError]:
    """What is wrong between the fields of an event."""
    yield from in_order("ends_at", event.starts_at, event.ends_at, may_be_equal=False)
    yield from with_reason(event.status, event.status_reason, NEEDS_REASON)
