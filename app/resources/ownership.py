"""Who may write what: the role decides, or that a resource belongs to the caller's own partner, and in its agreements only."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select

from app.access.caller import Caller
from app.access.errors import Forbidden, role_needed
from app.access.parties import agreements_of
from app.access.roles import Role
from app.changes.log import Transaction
from app.database import table_of
from app.http.problems import Invalid, at
from app.language import Text
from app.resources.kind import KINDS, Kind, Write
from app.resources.scope import AGREEMENT, homes_in, homes_of

WHICH = Text(
    "Der Partner des Schlüssels ist nicht an genau einer Vereinbarung beteiligt: bitte angeben, zu welcher es gehört.",
    "The partner of the key is not a party of exactly one agreement: please say to which one it belongs.",
)
NO_PARTY = Text(
    "Der Partner des Schlüssels ist an dieser Vereinbarung heute nicht beteiligt.",
    "The partner of the key is no party of this agreement today.",
)


async def authorise(session: Transaction, kind: Kind[Any], *holders: Any) -> None:
    """Refuse a write with Forbidden, unless the caller's role is enough or its own partner is the owner of all holders.

    Holders are rows and contents: what is there and what is to be, so that nothing can be given away or taken.
    """
    if not session.by.has(kind.writer):
        check_role(session.by, kind)
        check_owners(session.by, kind, *[await owner_of(session, kind, each) for each in holders])
    await check_agreement(session, kind, *holders)


async def authorise_write(session: Transaction, write: Write[Any]) -> None:
    """Refuse what the caller may not make of a resource.

    Who does not own the resource may write its own entries in lists that have owners. What belongs to an agreement, and
    does not say to which, belongs to its subject's or to the caller's. A confirmed proposal lifts whose words something is,
    not in which agreement. Raises Forbidden, and Invalid where that agreement cannot be told.
    """
    by, kind = session.by, write.kind
    await settle_agreement(session, write)
    holders = (write.content, *([] if write.row is None else [write.row]))
    if session.correcting is not None:
        await check_agreement(session, kind, *holders)
        return
    if by.has(Role.contributor) and has_only_own_entries(by, write):
        await check_agreement(session, kind, *holders)
        return
    await authorise(session, kind, *holders)
    if by.has(kind.writer):
        return
    if any(write.after[name] != write.before.get(name) for name in kind.reserved) or is_not_own_state(write):
        raise role_needed(kind.writer)


async def authorise_entry(session: Transaction, kind: Kind[Any], row: Any, owner: UUID) -> None:
    """Refuse to write an entry of a list, unless it is the caller's own or the caller may write the resource."""
    if not session.by.has(kind.writer) and session.by.partner_id != await owner_of(session, kind, row):
        check_role(session.by, kind)
        check_owners(session.by, kind, owner)
    await check_agreement(session, kind, row)


async def settle_agreement(session: Transaction, write: Write[Any]) -> None:
    """Say to which agreement something new belongs that does not say it: the one that the caller's partner is a party of."""
    if write.values.get("agreement_id", True) is not None:
        return
    if write.kind.has_subject:
        subject = KINDS[write.values["subject_type"]]
        for home in (await homes_in(session, subject, [write.values["subject_id"]])).values():
            write.settle(agreement_id=home)
        return
    found = (await session.execute(agreements_of(session.by, session.today).limit(2))).scalars().all()
    if len(found) != 1:
        raise Invalid(errors=[at("agreement_id", code="agreement_required", detail=WHICH)])
    write.settle(agreement_id=found[0])


async def check_agreement(session: Transaction, kind: Kind[Any], *holders: Any) -> None:
    """Refuse what belongs to an agreement that the caller's partner is no party of today."""
    foreign = foreign_agreements(kind, session.by, session.today, *holders)
    if foreign is not None:
        refuse((await session.execute(foreign)).first())


def foreign_agreements(kind: Kind[Any], by: Caller, day: date, *holders: Any) -> Select[Any] | None:
    """Selects the agreements of all holders in which the caller writes nothing on a day; None where it may in all."""
    homes = [] if by.has(Role.admin) else [home for holder in holders for home in homes_of(kind, holder)]
    if not homes:
        return None
    agreement = table_of(KINDS[AGREEMENT].table)
    is_one = or_(*(agreement.c.id == home for home in homes))
    return select(agreement.c.id).where(is_one, agreement.c.id.not_in(agreements_of(by, day)))


def refuse(found: Any) -> None:
    """Refuse a write in an agreement in which the caller writes nothing, where one was found."""
    if found is not None:
        raise Forbidden("agreement", NO_PARTY)


def check_role(by: Caller, kind: Kind[Any]) -> None:
    """Refuse roles that write nothing of a kind, whoever owns it."""
    owned = kind.owner is not None
    if not owned or not by.has(Role.contributor):
        raise role_needed(kind.writer)


def check_owners(by: Caller, kind: Kind[Any], *owners: UUID | None) -> None:
    """Refuse what is not all the caller's own partner's."""
    if any(owner != by.partner_id for owner in owners):
        raise Forbidden(
            "ownership",
            Text(
                f"Die Rolle contributor schreibt nur, was dem eigenen Partner gehört ({kind.owner}).",
                f"The role contributor writes only what belongs to its own partner ({kind.owner}).",
            ),
        )


def is_not_own_state(write: Write[Any]) -> bool:
    """Whether the state becomes one that is not an owner's to say, but somebody else's."""
    kind = write.kind
    if kind.own_states is None or not write.changes(kind.state):
        return False
    state = write.values[kind.state]
    is_nobodys = write.is_new and kind.first_states is not None and state not in kind.first_states
    return state not in kind.own_states and not is_nobodys


async def owner_of(session: Transaction, kind: Kind[Any], holder: Any) -> UUID | None:
    """The owner of a row, or of content that is to be one."""
    if kind.find_owner is not None:
        found: UUID | None = (await session.execute(kind.find_owner(holder))).scalar_one_or_none()
        return found
    owner: UUID | None = getattr(holder, str(kind.owner))
    return owner


def has_only_own_entries(by: Caller, write: Write[Any]) -> bool:
    """Whether all that changes are entries that name the caller's partner as their owner."""
    changed = [name for name in write.after if write.changes(name)]
    for name in changed:
        owner = write.kind.lists[name].owner if name in write.kind.lists else None
        if owner is None or write.is_new:
            return False
        sides = (write.before, write.after)
        others = [[each for each in side[name] if each[owner] != str(by.partner_id)] for side in sides]
        if others[0] != others[1]:
            return False
    return bool(changed)
