"""Writes of statements, at the address of a decision and a partner."""

import json
from uuid import UUID

from app.changes.log import Transaction
from app.decisions.resource import DECISIONS
from app.http.conditional import Preconditions
from app.partners.resource import PARTNERS
from app.resources import writing
from app.resources.changing import authorise_place, changeable
from app.resources.writing import at_address, check_there, locked
from app.statements.models import (
    Statement,
    StatementCreate,
    StatementPlace,
    StatementPut,
    StatementUpdate,
)
from app.statements.resource import STATEMENTS, statement_id
from app.statements.rules import NOT_OWN

KEPT = ("visibility", *NOT_OWN)
"""What stays as it is: what others say of it, and who may read it, where that is not given."""


async def put(
    session: Transaction, decision_id: UUID, partner_id: UUID, content: StatementPut, preconditions: Preconditions
) -> tuple[Statement, bool]:
    """Say or replace what a partner says to a decision; returns the statement and whether it is new.

    What another one entered becomes the partner's own by its own PUT, also by one that changes nothing else.
    Raises NotFound where the decision or the partner is not there, and what putting a resource raises.
    """
    place = StatementPlace(decision_id=decision_id, partner_id=partner_id)
    await authorise_place(session, STATEMENTS, place)
    decision = await locked(session, DECISIONS, decision_id)
    await check_there(session, PARTNERS, partner_id)
    row = await at_address(session, STATEMENTS, place)
    before = json.loads(row.representation) if row else {"visibility": decision.visibility}
    kept = {name: before[name] for name in KEPT if name in before}
    whole = {**kept, **content.model_dump(mode="json"), **place.model_dump(mode="json")}
    own = {"entered_by_id": None} if session.by.partner_id == partner_id else {}
    return await writing.put(session, STATEMENTS, StatementCreate.model_validate(whole), preconditions, **own)


async def change(
    session: Transaction, decision_id: UUID, partner_id: UUID, changes: StatementUpdate, preconditions: Preconditions
) -> Statement:
    """Change fields of what a partner said, or answer it; raises what changing a resource raises."""
    await authorise_place(session, STATEMENTS, StatementPlace(decision_id=decision_id, partner_id=partner_id))
    await locked(session, DECISIONS, decision_id)
    row = await changeable(session, STATEMENTS, statement_id(decision_id, partner_id), preconditions)
    return await writing.change(session, STATEMENTS, row, changes)


async def remove(session: Transaction, decision_id: UUID, partner_id: UUID, preconditions: Preconditions) -> None:
    """Take back what a partner said; raises Frozen once the decision is made."""
    await authorise_place(session, STATEMENTS, StatementPlace(decision_id=decision_id, partner_id=partner_id))
    await locked(session, DECISIONS, decision_id)
    row = await changeable(session, STATEMENTS, statement_id(decision_id, partner_id), preconditions)
    await writing.remove(session, STATEMENTS, row)
