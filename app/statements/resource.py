"""What the register knows of statements: the declaration of the kind."""

from uuid import UUID

from app.resources.ids import named_id
from app.resources.kind import Kind
from app.statements.models import Statement, StatementCreate, StatementPublic
from app.statements.rules import check

STATEMENTS = Kind(
    path="decisions/{id}/statements",
    table=Statement,
    create=StatementCreate,
    public=StatementPublic,
    named_by="position",
    searched=("text", "reason"),
    owner="partner_id",
    within="decision_id",
    check=check,
)


def statement_id(decision_id: UUID, partner_id: UUID) -> UUID:
    """The id of the one statement of a partner to a decision."""
    return named_id("decisions", decision_id, "statements", partner_id)
