"""What must hold between the fields of consultation events, and what can follow what."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from app.http.problems import FieldError, at
from app.language import Text
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


def check(event: Timed) -> Iterator[FieldError]:
    """What is wrong between the fields of an event."""
    if event.ends_at and event.ends_at <= event.starts_at:
        yield at(
            "ends_at",
            code="before_start",
            detail=Text("Das Ende liegt nicht nach dem Beginn.", "The end is not after the start."),
        )
    if event.status in NEEDS_REASON and not event.status_reason:
        yield at(
            "status_reason",
            code="reason_required",
            detail=Text("Dieser Status braucht eine Begründung.", "This status needs a reason."),
        )
