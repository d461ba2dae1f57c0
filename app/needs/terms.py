"""The vocabularies of needs, and what status can follow what."""

from collections.abc import Mapping

from app.vocabularies.term import Term


class Urgency(Term):
    """How soon a need must be met."""

    normal = "normal", "normal", "normal"
    urgent = "urgent", "dringend", "urgent"


class NeedStatus(Term):
    """How far the answer to a need is."""

    open = "open", "offen", "open"
    acknowledged = "acknowledged", "zur Kenntnis genommen", "acknowledged"
    in_discussion = "in_discussion", "in Beratung", "in discussion"
    answered = "answered", "beantwortet", "answered"
    closed = "closed", "abgeschlossen", "closed"


TRANSITIONS: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.open: frozenset(
        {NeedStatus.acknowledged, NeedStatus.in_discussion, NeedStatus.answered, NeedStatus.closed}
    ),
    NeedStatus.acknowledged: frozenset({NeedStatus.in_discussion, NeedStatus.answered, NeedStatus.closed}),
    NeedStatus.in_discussion: frozenset({NeedStatus.answered, NeedStatus.closed}),
    # An answer can turn out not to be one, and what was closed can come back.
    NeedStatus.answered: frozenset({NeedStatus.in_discussion, NeedStatus.closed}),
    NeedStatus.closed: frozenset({NeedStatus.open}),
}
