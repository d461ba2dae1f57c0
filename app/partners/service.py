"""Changes of partners that need more than their own row."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.http.problems import Invalid, at
from app.language import Text
from app.partners.models import Partner, PartnerUpdate
from app.partners.resource import PARTNERS
from app.partners.rules import is_below
from app.resources.schema import Stored
from app.resources.writing import change

CYCLE = Text("Ein Verband kann nicht Mitglied seiner selbst sein.", "An association cannot be a member of itself.")


async def lock_memberships(session: AsyncSession, changes: PartnerUpdate) -> None:
    """Hold all partners while one of them changes what it is a member of, before that one itself is locked.

    Two changes at once could otherwise close a circle between them. All are locked in one order, for they would wait
    for each other in turn if each began with its own; and not against those that only refer to a partner.
    """
    if changes.model_dump().get("member_of_id") is not None:
        every = select(col(Partner.id)).order_by(col(Partner.id)).with_for_update(key_share=True)
        await session.execute(every)


async def update(session: AsyncSession, caller: Caller, row: Stored, changes: PartnerUpdate) -> Stored:
    """Change a partner; raises Invalid when it would become a member of itself, by whatever way."""
    umbrella = changes.model_dump().get("member_of_id")
    if umbrella is not None:
        pairs = await session.execute(select(col(Partner.id), col(Partner.member_of_id)))
        member_of = {each.id: each.member_of_id for each in pairs}
        if is_below(row.id, umbrella, member_of):
            raise Invalid(errors=[at("member_of_id", code="cycle", detail=CYCLE)])
    return await change(session, caller, PARTNERS, row, changes)
