"""Writes of statements."""

import json
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.access.errors import role_needed
from app.access.roles import Role
from app.decisions.resource import DECISIONS
from app.decisions.terms import DecisionStatus
from app.partners.resource import PARTNERS
from app.resources.changing import changeable
from app.resources.changing import put as put_resource
from app.resources.errors import Frozen
from app.resources.ownership import authorise
from app.resources.writing import check_there, locked
from app.resources.writing import remove as remove_resource
from app.statements.models import Statement, StatementCreate, StatementPut
from app.statements.resource import STATEMENTS, statement_id

WORDS = ("position", "text", "documents")
ANSWER = ("taken_up", "reason")


async def put(
    session: AsyncSession,
    caller: Caller,
    decision_id: UUID,
    partner_id: UUID,
    content: StatementPut,
    if_match: str | None,
    zone: tzinfo,
    *,
    said_at: datetime | None = None,
) -> tuple[Statement, bool]:
    """Say or replace what a partner says to a decision; returns the statement and whether it is new.

    It is said now, unless a command knows when it was: `said_at` is nothing that callers of the API can say.
    Raises NotFound where the decision or the partner is not there, Forbidden for an answer by anyone but a coordinator,
    Frozen for a change of what was said before the decision was made.
    """
    decision = await locked(session, caller, DECISIONS, decision_id)
    await check_there(session, caller, PARTNERS, partner_id)
    authorise(caller, STATEMENTS, partner_id)
    asked = content.model_dump(mode="json")
    before = await present(session, decision_id, partner_id)
    if any(name in asked and asked[name] != before.get(name) for name in ANSWER) and not caller.has(Role.coordinator):
        raise role_needed(Role.coordinator)
    if before and decision.status is DecisionStatus.decided:
        changed = [name for name in WORDS if asked[name] != before[name]]
        if changed:
            raise Frozen(fields=changed)
    said_at = said_at or datetime.now(UTC)
    computed = {} if before else {"submitted_at": said_at, "submitted_on": said_at.astimezone(zone).date()}
    kept: dict[str, Any] = {name: before[name] for name in ("visibility", *ANSWER) if before}
    whole = {
        "visibility": decision.visibility,
        **kept,
        **asked,
        "decision_id": str(decision_id),
        "partner_id": str(partner_id),
    }
    return await put_resource(
        session,
        caller,
        STATEMENTS,
        statement_id(decision_id, partner_id),
        StatementCreate.model_validate(whole),
        if_match,
        computed=computed,
    )


async def remove(
    session: AsyncSession, caller: Caller, decision_id: UUID, partner_id: UUID, if_match: str | None
) -> None:
    """Take back what a partner said; raises Frozen once the decision is made."""
    decision = await locked(session, caller, DECISIONS, decision_id)
    row = await changeable(session, caller, STATEMENTS, statement_id(decision_id, partner_id), if_match)
    if decision.status is DecisionStatus.decided:
        raise Frozen
    await remove_resource(session, STATEMENTS, row)


async def present(session: AsyncSession, decision_id: UUID, partner_id: UUID) -> dict[str, Any]:
    """What a partner has said so far; empty when it has said nothing."""
    wanted = select(col(Statement.representation)).where(col(Statement.id) == statement_id(decision_id, partner_id))
    text = (await session.execute(wanted)).scalar_one_or_none()
    return json.loads(text) if text else {}
