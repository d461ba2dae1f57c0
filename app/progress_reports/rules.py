"""What must hold between the fields of progress reports, and what can follow what."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from app.http.problems import FieldError
from app.resources.rules import in_order
from app.vocabularies.term import Term


class ReportState(Term):
    """How far a report is."""

    draft = "draft", "Entwurf", "draft"
    submitted = "submitted", "eingereicht", "submitted"
    accepted = "accepted", "angenommen", "accepted"
    returned = "returned", "zurückgegeben", "returned"


STEPS: Mapping[ReportState, frozenset[ReportState]] = {
    ReportState.draft: frozenset({ReportState.submitted}),
    ReportState.submitted: frozenset({ReportState.draft, ReportState.accepted, ReportState.returned}),
    ReportState.returned: frozenset({ReportState.draft, ReportState.submitted}),
    # It has moved its sub-measure: from then on it is a record.
    ReportState.accepted: frozenset(),
}

BY_WHO_REPORTS = frozenset({ReportState.draft, ReportState.submitted})
"""What a contributor can make of a report of its own; the rest is a coordinator's to say."""


class Periodic(Protocol):
    period_from: date
    period_to: date


def check(report: Periodic) -> Iterator[FieldError]:
    """What is wrong between the fields of a report."""
    yield from in_order("period_to", report.period_from, report.period_to, may_be_equal=True)
