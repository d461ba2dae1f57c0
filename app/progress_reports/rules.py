"""What must hold between the fields of progress reports, and what can follow what."""

from collections.abc import Iterator

from app.access.voices import Voice
from app.http.problems import FieldError, at
from app.language import Text
from app.progress_reports.models import ProgressReportCreate
from app.progress_reports.terms import ReportState
from app.resources.rules import in_order
from app.resources.words import Rights, Words
from app.schema.text import is_visible

BY_WHO_REPORTS = frozenset({ReportState.draft, ReportState.submitted})
"""What a report begins with, and what its partner makes of it."""
RIGHTS = Rights(
    frozenset({Voice.partner}),
    (
        Words(
            frozenset({Voice.authority}),
            ("return_reason",),
            states=frozenset({ReportState.accepted, ReportState.returned}),
        ),
    ),
)
"""Who reports says all of it; the authority accepts, or returns with a reason."""

RETURN_REASON = Text("Wer einen Bericht zurückgibt, sagt warum.", "Who returns a report says why.")


def check(report: ProgressReportCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a report."""
    yield from in_order("period_to", report.period_from, report.period_to, may_be_equal=True)
    if report.state is ReportState.returned and not is_visible(report.return_reason):
        yield at("return_reason", code="reason_required", detail=RETURN_REASON)
