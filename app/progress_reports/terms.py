"""The vocabularies of progress reports, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class ReportState(Term):
    """How far a report is."""

    draft = (
        "draft",
        "Entwurf",
        "draft",
        "Der Partner schreibt noch daran; bis er eingereicht ist, lesen ihn nur Partner, wenn nichts anderes gesagt ist.",
        "The partner is still writing it; until it is submitted, partners alone read it, unless something else is said.",
    )
    submitted = (
        "submitted",
        "eingereicht",
        "submitted",
        "Der Partner hat ihn abgegeben; die Kommune hat noch nicht geantwortet.",
        "The partner has handed it in; the authority has not answered yet.",
    )
    accepted = (
        "accepted",
        "angenommen",
        "accepted",
        "Die Kommune hat ihn angenommen; er hat die Teilmaßnahme fortgeschrieben.",
        "The authority has accepted it; it has moved its sub-measure.",
    )
    returned = (
        "returned",
        "zurückgegeben",
        "returned",
        "Die Kommune bittet um Änderungen; warum, steht dabei.",
        "The authority asks for changes; why is said with it.",
    )


TRANSITIONS: Mapping[ReportState, frozenset[ReportState]] = {
    ReportState.draft: frozenset({ReportState.submitted}),
    ReportState.submitted: frozenset({ReportState.draft, ReportState.accepted, ReportState.returned}),
    ReportState.returned: frozenset({ReportState.draft, ReportState.submitted}),
    # It has moved its sub-measure: from then on it is a record.
    ReportState.accepted: frozenset(),
}
