"""The vocabularies of sub-measures, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class SubMeasureStatus(Term):
    """How far a sub-measure is, as its partners say."""

    proposed = (
        "proposed",
        "vorgeschlagen",
        "proposed",
        "Ein Partner schlägt vor, das zu tun; vereinbart ist es nicht.",
        "A partner proposes to do it; it is not agreed.",
    )
    agreed = (
        "agreed",
        "vereinbart",
        "agreed",
        "Die Partner haben vereinbart, das zu tun; begonnen wurde noch nicht.",
        "The partners have agreed to do it; the work has not begun.",
    )
    in_progress = (
        "in_progress",
        "in Umsetzung",
        "in progress",
        "Daran wird gearbeitet.",
        "It is being worked on.",
    )
    completed = (
        "completed",
        "abgeschlossen",
        "completed",
        "Es ist getan.",
        "It is done.",
    )
    suspended = (
        "suspended",
        "ausgesetzt",
        "suspended",
        "Die Arbeit ruht und soll weitergehen; warum, steht dabei.",
        "The work rests and is to go on; why is said with it.",
    )
    cancelled = (
        "cancelled",
        "aufgegeben",
        "cancelled",
        "Die Partner haben es aufgegeben; warum, steht dabei.",
        "The partners have given it up; why is said with it.",
    )


AGREED = frozenset(SubMeasureStatus) - {SubMeasureStatus.proposed, SubMeasureStatus.cancelled}
"""What a sub-measure can be only once it was agreed."""

TRANSITIONS: Mapping[SubMeasureStatus, frozenset[SubMeasureStatus]] = {
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
