"""Partners as a kind of resource."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlmodel import col

from app.access.models import ApiKey
from app.access.roles import Role
from app.changes.log import Transaction
from app.database import one_at_a_time
from app.http.problems import at
from app.language import Text
from app.partners.models import Partner, PartnerCreate, PartnerPublic, PartnerServiceField, PartnerUpdate
from app.partners.rules import check, is_below
from app.resources.kind import ChildList, Kind, Write

CYCLE = Text("Ein Verband kann nicht Mitglied seiner selbst sein.", "An association cannot be a member of itself.")


async def check_memberships(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Refuse partners that would become members of themselves, by whatever way."""
    moved = [write for write in writes if write.values["member_of_id"] is not None and write.changes("member_of_id")]
    if not moved:
        return
    # Two changes at once could otherwise close a circle between them.
    await one_at_a_time(session, "memberships")
    pairs = await session.execute(select(col(Partner.id), col(Partner.member_of_id)))
    member_of = {each.id: each.member_of_id for each in pairs}
    for write in moved:
        if write.row is not None and is_below(write.row.id, write.values["member_of_id"], member_of):
            write.errors.append(at("member_of_id", code="cycle", detail=CYCLE))


async def drop_ended_keys(session: Transaction, id: UUID) -> None:
    """Forget the keys of a partner that nobody can use any more; those that work keep it from being deleted."""
    partner = select(col(Partner.id)).where(col(Partner.id) == id, col(Partner.dissolved_on) < session.today)
    has_ended = or_(
        col(ApiKey.revoked_at).is_not(None), col(ApiKey.expires_at) <= session.now, col(ApiKey.partner_id).in_(partner)
    )
    await session.execute(delete(ApiKey).where(col(ApiKey.partner_id) == id, has_ended))


PARTNERS = Kind(
    path="partners",
    table=Partner,
    create=PartnerCreate,
    public=PartnerPublic,
    update=PartnerUpdate,
    writer=Role.admin,
    named_by="name",
    searched=("name", "short_name", "description"),
    lists={
        "service_fields": ChildList(PartnerServiceField, parent="partner_id", value="service_field"),
    },
    process=check_memberships,
    check=check,
    let_go=drop_ended_keys,
)
