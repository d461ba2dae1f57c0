"""The vocabularies of sub-measures, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class SubMeasureStatus(Term):
    """How far a sub-measure is, as its partners say."""

    proposed = "proposed", "vorgeschlagen", "proposed"
    agreed = "agreed", "vereinbart", "agreed"
    in_progress = "in_progress", "in Umsetzung", "in progress"
    completed = "completed", "abgeschlossen", "completed"
    suspended = "suspended", "ausgesetzt", "suspended"
    cancelled = "cancelled", "aufgegeben", "cancelled"


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
