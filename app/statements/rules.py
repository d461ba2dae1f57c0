"""What must hold between the fields of statements."""

from collections.abc import Iterator
from typing import Protocol

from app.http.problems import FieldError, at
from app.language import Text
from app.vocabularies.term import Term


class Position(Term):
    """What a partner thinks of a decision."""

    support = "support", "Zustimmung", "support"
    support_with_changes = "support_with_changes", "Zustimmung mit Änderungen", "support with changes"
    object = "object", "Ablehnung", "objection"
    no_objection = "no_objection", "keine Einwände", "no objection"


class TakenUp(Term):
    """What the city made of a statement."""

    adopted = "adopted", "übernommen", "adopted"
    partly = "partly", "teilweise übernommen", "adopted in part"
    not_adopted = "not_adopted", "nicht übernommen", "not adopted"


NEEDS_REASON = frozenset({TakenUp.partly, TakenUp.not_adopted})
REASON = Text("Wer nicht alles übernimmt, sagt warum.", "Who does not adopt all of it says why.")


class Answered(Protocol):
    taken_up: TakenUp | None
    reason: str | None


def check(statement: Answered) -> Iterator[FieldError]:
    """What is wrong between the fields of a statement."""
    if statement.taken_up in NEEDS_REASON and not statement.reason:
        yield at("reason", code="reason_required", detail=REASON)
