"""What must hold between the fields of statements."""

from collections.abc import Iterator

from app.http.problems import FieldError, at
from app.language import Text
from app.schema.text import is_visible
from app.statements.models import StatementCreate
from app.statements.terms import TakenUp

NEEDS_REASON = frozenset({TakenUp.partly, TakenUp.not_adopted})
REASON = Text("Wer nicht alles übernimmt, sagt warum.", "Who does not adopt all of it says why.")


def check(statement: StatementCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a statement."""
    if statement.taken_up in NEEDS_REASON and not is_visible(statement.reason):
        yield at("reason", code="reason_required", detail=REASON)
