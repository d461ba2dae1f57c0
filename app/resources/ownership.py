"""Who may write what: the role decides, or that a resource belongs to the caller's own partner."""

from typing import Any
from uuid import UUID

from app.access.caller import Caller
from app.access.errors import Forbidden, role_needed
from app.access.roles import Role
from app.changes.log import Transaction
from app.language import Text
from app.resources.kind import Kind, Write


async def authorise(session: Transaction, kind: Kind[Any], *holders: Any) -> None:
    """Refuse a write with Forbidden, unless the caller's role is enough or its own partner is the owner of all holders.

    Holders are rows and contents: what is there and what is to be, so that nothing can be given away or taken.
    """
    if session.by.has(kind.writer):
        return
    check_role(session.by, kind)
    check_owners(session.by, kind, *[await owner_of(session, kind, each) for each in holders])


async def authorise_write(session: Transaction, write: Write[Any]) -> None:
    """Refuse what the caller may not make of a resource.

    Who does not own the resource may write its own entries in lists that have owners.
    """
    by, kind = session.by, write.kind
    if by.has(kind.writer) or (by.has(Role.contributor) and has_only_own_entries(by, write)):
        return
    await authorise(session, kind, write.content, *([] if write.row is None else [write.row]))
    if any(write.after[name] != write.before.get(name) for name in kind.reserved) or is_not_own_state(write):
        raise role_needed(kind.writer)


async def authorise_entry(session: Transaction, kind: Kind[Any], row: Any, owner: UUID) -> None:
    """Refuse to write an entry of a list, unless it is the caller's own or the caller may write the resource."""
    if session.by.has(kind.writer) or session.by.partner_id == await owner_of(session, kind, row):
        return
    check_role(session.by, kind)
    check_owners(session.by, kind, owner)


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
