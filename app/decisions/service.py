"""Writes of decisions that need more than their own row."""

import json
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.decisions.models import Decision, DecisionCreate, DecisionUpdate
from app.decisions.resource import DECISIONS
from app.decisions.rules import EVIDENCE
from app.decisions.terms import DecisionStatus
from app.partners.models import Partner
from app.partners.terms import PartnerKind
from app.resources import writing
from app.resources.errors import Frozen


async def create(session: AsyncSession, caller: Caller, content: DecisionCreate, id: UUID | None = None) -> Decision:
    """Add a decision; it asks the umbrella associations and their members when it does not say whom."""
    if content.involved_partner_ids is None:
        content = content.model_copy(update={"involved_partner_ids": await associations(session)})
    return await writing.create(session, caller, DECISIONS, content, id=id)


async def update(session: AsyncSession, caller: Caller, row: Decision, changes: DecisionUpdate) -> Decision:
    """Change a decision; raises Frozen for what tells whether the partners were heard before one that is made."""
    if row.status is DecisionStatus.decided:
        before, asked = json.loads(row.representation), changes.model_dump(mode="json")
        changed = [name for name in EVIDENCE if name in asked and asked[name] != before[name]]
        if changed:
            raise Frozen(fields=changed)
    return await writing.change(session, caller, DECISIONS, row, changes)


async def remove(session: AsyncSession, row: Decision) -> None:
    """Delete a decision; raises Frozen for one that is made."""
    if row.status is DecisionStatus.decided:
        raise Frozen
    await writing.remove(session, DECISIONS, row)


async def associations(session: AsyncSession) -> list[UUID]:
    """The umbrella associations and their members, without those that ended."""
    umbrellas = select(col(Partner.id)).where(col(Partner.kind) == PartnerKind.umbrella_association)
    statement = select(col(Partner.id)).where(
        col(Partner.id).in_(umbrellas) | col(Partner.member_of_id).in_(umbrellas), col(Partner.dissolved_on).is_(None)
    )
    return list((await session.execute(statement.order_by(col(Partner.sort_name), col(Partner.id)))).scalars())
