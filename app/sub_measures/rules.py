"""What must hold between the fields of sub-measures, and what can follow what."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from app.http.problems import FieldError
from app.resources.rules import in_order, with_reason
from app.vocabularies.term import Term


class SubMeasureStatus(Term):
    """How far a sub-measure is, as its partners say."""

    proposed = "proposed", "vorgeschlagen", "proposed"
    agreed = "agreed", "vereinbart", "agreed"
    in_progress = "in_progress", "in Umsetzung", "in progress"
    completed = "completed", "abgeschlossen", "completed"
    suspended = "suspended", "ausgesetzt", "suspended"
    cancelled = "cancelled", "aufgegeben", "cancelled"


STEPS: Mapping[SubMeasureStatus, frozenset[SubMeasureStatus]] = {
    SubMeasureStatus.proposed: frozenset(
        {SubMeasureStatus.agreed, SubMeasureStatus.in_progress, SubMeasureStatus.cancelled}
    ),
    SubMeasureStatus.agreed: frozenset(
        {
            SubMeasureStatus.in_progress,
            SubMeasureStatus.completed,
            SubMeasureStatus.suspended,
            SubMeasureStatus.cancelled,
        }
    ),
    SubMeasureStatus.in_progress: frozenset(
        {SubMeasureStatus.completed, SubMeasureStatus.suspended, SubMeasureStatus.cancelled}
    ),
    SubMeasureStatus.suspended: frozenset(
        {SubMeasureStatus.agreed, SubMeasureStatus.in_progress, SubMeasureStatus.cancelled}
    ),
    # What was thought finished or given up can turn out not to be.
    SubMeasureStatus.completed: frozenset({SubMeasureStatus.in_progress}),
    SubMeasureStatus.cancelled: frozenset({SubMeasureStatus.proposed}),
}

NEEDS_REASON = frozenset({SubMeasureStatus.suspended, SubMeasureStatus.cancelled})


class Scheduled(Protocol):
    status: SubMeasureStatus
    status_reason: str | None
    starts_on: date | None
    ends_on: date | None


def check(measure: Scheduled) -> Iterator[FieldError]:
    """What is wrong between the fields of a sub-measure."""
    yield from in_order("ends_on", measure.starts_on, measure.ends_on, may_be_equal=True)
    yield from with_reason(measure.status, measure.status_reason, NEEDS_REASON)
