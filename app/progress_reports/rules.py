"""What must hold between the fields of progress reports, and what can follow what."""

from collections.abc import Iterator

from app.http.problems import FieldError
from app.progress_reports.models import ProgressReportCreate
from app.progress_reports.terms import ReportState
from app.resources.rules import in_order

BY_WHO_REPORTS = frozenset({ReportState.draft, ReportState.submitted})
"""What a contributor can make of a report of its own; the rest is a coordinator's to say."""


def check(report: ProgressReportCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a report."""
    yield from in_order("period_to", report.period_from, report.period_to, may_be_equal=True)
