"""Partners as a kind of resource."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, not_, or_, select
from sqlmodel import col

from app.access.models import ApiKey
from app.access.voices import Voice
from app.changes.keys import KeyEvent, check_operators, record_keys
from app.changes.log import Transaction
from app.database.engines import one_at_a_time
from app.database.tables import table_of
from app.http.problems import FieldError, at
from app.language import Text
from app.partners.models import (
    Partner,
    PartnerCreate,
    PartnerMembership,
    PartnerPublic,
    PartnerServiceField,
    PartnerUpdate,
)
from app.partners.queries import conditions
from app.partners.rules import Belonging, Belongings, belonging, check, closes_circle
from app.resources.kind import Kind, Write
from app.resources.parts import ChildList
from app.resources.rules import led_to
from app.resources.words import BY_OPERATORS, Rights, Words
from app.schema.period import goes_on

PROFILE = (
    "name",
    "short_name",
    "former_names",
    "legal_form",
    "description",
    "website",
    "email",
    "staff_count",
    "staff_count_as_of",
    "staff_count_is_approximate",
    "staff_count_note",
    "founded_on",
    "service_fields",
)
"""What a partner says of itself; whose member it is, what it is and whether it goes on says who keeps the register."""
CYCLE = Text("Ein Verband kann nicht Mitglied seiner selbst sein.", "An association cannot be a member of itself.")
OWN_SUCCESSOR = Text(
    "Ein Partner kann nicht in sich selbst aufgehen, auch nicht über andere.",
    "A partner cannot become part of itself, by whatever way.",
)


async def check_circles(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Refuse partners that would be members of themselves on some day, or become part of themselves, by whatever way."""
    changed = {write.row.id: write for write in writes if write.row is not None}
    joining = {
        id: write for id, write in changed.items() if write.values["memberships"] and write.changes("memberships")
    }
    merging = {
        id: write
        for id, write in changed.items()
        if write.values["merged_into_id"] is not None and write.changes("merged_into_id")
    }
    if joining or merging:
        # Two changes at once could otherwise close a circle between them.
        await one_at_a_time(session, "memberships")
    if joining:
        known = await belongings(session)
        for id, write in joining.items():
            write.errors += circles(id, write.values["memberships"], known)
    if merging:
        pairs = await session.execute(select(col(Partner.id), col(Partner.merged_into_id)))
        merged: dict[UUID, UUID | None] = {each.id: each.merged_into_id for each in pairs}
        for id, write in merging.items():
            if id in led_to(write.values["merged_into_id"], merged):
                write.errors.append(at("merged_into_id", code="cycle", detail=OWN_SUCCESSOR))


async def belongings(session: Transaction) -> dict[UUID, list[Belonging]]:
    """The memberships of each partner that has any."""
    found: dict[UUID, list[Belonging]] = defaultdict(list)
    for row in (await session.execute(select(table_of(PartnerMembership)))).mappings():
        found[row["member_id"]].append(belonging(row["umbrella_id"], row["from"], row["until"]))
    return found


def circles(partner: UUID, memberships: Sequence[Mapping[str, Any]], known: Belongings) -> Iterator[FieldError]:
    """The memberships by which a partner would be a member of itself."""
    for position, each in enumerate(memberships):
        if closes_circle(partner, belonging(each["umbrella_id"], each["from"], each["until"]), known):
            yield at("memberships", position, "umbrella_id", code="cycle", detail=CYCLE)


async def drop_ended_keys(session: Transaction, id: UUID) -> None:
    """Forget the keys of a partner that nobody can use any more; those that work keep it from being deleted."""
    partner = select(col(Partner.id)).where(
        col(Partner.id) == id, not_(goes_on(col(Partner.dissolved_on), session.today))
    )
    has_ended = or_(
        col(ApiKey.revoked_at).is_not(None), col(ApiKey.expires_at) <= session.now, col(ApiKey.partner_id).in_(partner)
    )
    ended = await keys_of(session, col(ApiKey.partner_id) == id, has_ended)
    await record_keys(session, ended, KeyEvent.partner_deleted, ())
    for key in ended:
        await session.delete(key)


async def end_keys(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note of the keys of partners that they end with them on another day than before; raises LastOperator."""
    for write in writes:
        if write.row is None or write.is_new or not write.changes("dissolved_on"):
            continue
        keys = await keys_of(session, col(ApiKey.partner_id) == write.row.id)
        await record_keys(session, keys, KeyEvent.partner_end_changed, ["partner_ends_on"])
        if write.before["dissolved_on"] is None:
            await check_operators(session, keys)


async def keys_of(session: Transaction, *conditions: ColumnElement[bool]) -> Sequence[ApiKey]:
    """The keys of a partner, held until the transaction ends."""
    wanted = select(ApiKey).where(*conditions).order_by(col(ApiKey.id)).with_for_update()
    return (await session.execute(wanted)).scalars().all()


PARTNERS = Kind(
    path="partners",
    table=Partner,
    create=PartnerCreate,
    public=PartnerPublic,
    update=PartnerUpdate,
    conditions=conditions,
    rights=Rights(BY_OPERATORS.by, (Words(BY_OPERATORS.by | {Voice.admin}, PROFILE),)),
    owner="id",
    named_by="name",
    searched=("name", "short_name", "former_names", "description"),
    lists={
        "memberships": ChildList(PartnerMembership, parent="member_id"),
        "service_fields": ChildList(PartnerServiceField, parent="partner_id", value="service_field"),
    },
    process=check_circles,
    check=check,
    follow=end_keys,
    let_go=drop_ended_keys,
)
