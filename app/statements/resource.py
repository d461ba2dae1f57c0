"""Statements as a kind of resource."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.changes.log import Transaction
from app.decisions.models import Decision
from app.decisions.terms import DecisionStatus
from app.resources.ids import named_id
from app.resources.kind import ChildList, Freeze, Kind, Write
from app.statements.models import (
    Statement,
    StatementAnswer,
    StatementContent,
    StatementCreate,
    StatementOnBehalf,
    StatementPublic,
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


def is_too_late(_statement: Statement, decision: Decision) -> bool:
    """Whether the decision is made: what was said before it stays as it is, the city's answer can still be added."""
    return decision.status is DecisionStatus.decided


STATEMENTS = Kind(
    path="decisions/{id}/statements",
    table=Statement,
    create=StatementCreate,
    public=StatementPublic,
    belongs_by=("decision_id",),
    named_by="position",
    searched=("text", "reason"),
    lists={"on_behalf_of_ids": ChildList(StatementOnBehalf, parent="statement_id", value="partner_id")},
    within="decision_id",
    id_of=lambda content: statement_id(content.decision_id, content.partner_id),
    owner="partner_id",
    reserved=tuple(StatementAnswer.model_fields),
    frozen=Freeze(is_too_late, tuple(StatementContent.model_fields)),
    process=note_time,
    check=check,
)
