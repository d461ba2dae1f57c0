"""Statements as a kind of resource."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.changes.log import Transaction
from app.database import table_of
from app.decisions.models import Decision
from app.decisions.terms import DecisionStatus
from app.resources.ids import named_id
from app.resources.kind import Freeze, Kind, Write
from app.statements.models import (
    Statement,
    StatementAnswer,
    StatementCorrection,
    StatementCreate,
    StatementPublic,
    StatementWords,
)
from app.statements.rules import check


def statement_id(decision_id: UUID, partner_id: UUID) -> UUID:
    """The id of the one statement of a partner to a decision."""
    return named_id("decisions", decision_id, "statements", partner_id)


async def note_time(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note when a partner first said it."""
    for write in writes:
        if write.is_new:
            write.values |= {"submitted_at": session.now, "submitted_on": session.today}


# What was said before a decision stays as it is; the city's answer can still be added.
IS_TOO_LATE = (
    select(col(Decision.id))
    .where(col(Decision.id) == col(Statement.decision_id), col(Decision.status) == DecisionStatus.decided)
    .correlate(table_of(Statement))
    .exists()
)

STATEMENTS = Kind(
    path="decisions/{id}/statements",
    table=Statement,
    create=StatementCreate,
    public=StatementPublic,
    correction=StatementCorrection,
    belongs_by=("decision_id",),
    named_by="position",
    searched=("text", "reason"),
    within="decision_id",
    id_of=lambda content: statement_id(content.decision_id, content.partner_id),
    owner="partner_id",
    reserved=tuple(StatementAnswer.model_fields),
    frozen=Freeze(IS_TOO_LATE, tuple(StatementWords.model_fields)),
    process=note_time,
    check=check,
)
