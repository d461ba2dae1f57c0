"""The vocabularies of progress reports, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class ReportState(Term):
    """How far a report is."""

    draft = "draft", "Entwurf", "draft"
    submitted = "submitted", "eingereicht", "submitted"
    accepted = "accepted", "angenommen", "accepted"
    returned = "returned", "zurückgegeben", "returned"


TRANSITIONS: Mapping[ReportState, frozenset[ReportState]] = {
    ReportState.draft: frozenset({ReportState.submitted}),
    ReportState.submitted: frozenset({ReportState.draft, ReportState.accepted, ReportState.returned}),
    ReportState.returned: frozenset({ReportState.draft, ReportState.submitted}),
    # It has moved its sub-measure: from then on it is a record.
    ReportState.accepted: frozenset(),
}
