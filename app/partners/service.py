"""Changes of partners that need more than their own row."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.http.problems import Invalid, at
from app.language import Text
from app.partners.models import PARTNERS, Partner, PartnerUpdate
from app.partners.rules import is_below
from app.resources.schema import Stored
from app.resources.writing import change

CYCLE = Text("Ein Verband kann nicht Mitglied seiner selbst sein.", "An association cannot be a member of itself.")


async def update(session: AsyncSession, caller: Caller, row: Stored, changes: PartnerUpdate) -> Stored:
    """Change a partner; raises Invalid when it would become a member of itself, by whatever way."""
    umbrella = changes.model_dump().get("member_of_id")
    if umbrella is not None:
        # All partners are locked, in one order: two changes at once could otherwise close a circle between them.
        pairs = select(col(Partner.id), col(Partner.member_of_id)).order_by(col(Partner.id)).with_for_update()
        member_of = {each.id: each.member_of_id for each in await session.execute(pairs)}
        if is_below(row.id, umbrella, member_of):
            raise Invalid(errors=[at("member_of_id", code="cycle", detail=CYCLE)])
    return await change(session, caller, PARTNERS, row, changes)
