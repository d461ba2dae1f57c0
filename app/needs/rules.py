"""What must hold between the fields of needs, and what can follow what."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from app.http.problems import FieldError, at
from app.language import Text
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


STEPS: Mapping[NeedStatus, frozenset[NeedStatus]] = {
    NeedStatus.open: frozenset(
        {NeedStatus.acknowledged, NeedStatus.in_discussion, NeedStatus.answered, NeedStatus.closed}
    ),
    NeedStatus.acknowledged: frozenset({NeedStatus.in_discussion, NeedStatus.answered, NeedStatus.closed}),
    NeedStatus.in_discussion: frozenset({NeedStatus.answered, NeedStatus.closed}),
    # An answer can turn out not to be one, and what was closed can come back.
    NeedStatus.answered: frozenset({NeedStatus.in_discussion, NeedStatus.closed}),
    NeedStatus.closed: frozenset({NeedStatus.open}),
}

BY_WHO_RAISES = frozenset({NeedStatus.open, NeedStatus.closed})
"""What a contributor can make of a need of its own; the rest is the city's to say."""

RESPONSE = Text("Wer antwortet, sagt was.", "An answer says something.")


class Answered(Protocol):
    status: NeedStatus
    response: str | None


def check(need: Answered) -> Iterator[FieldError]:
    """What is wrong between the fields of a need."""
    if need.status is NeedStatus.answered and not need.response:
        yield at("response", code="response_required", detail=RESPONSE)
