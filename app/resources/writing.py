"""Create, change, put and delete: the one way that any resource is written, by whichever route, file or command.

Each passes the rules that its kind declares; there is no other way to a table.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, get_origin
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import col

from app.access.caller import ANONYMOUS, COMMAND, Caller
from app.access.visibility import Visibility, visible
from app.changes.log import Transaction, record
from app.changes.models import Action
from app.database.kept import Kept
from app.database.sqlite import begins_at_once
from app.database.tables import table_of
from app.http.conditional import Preconditions
from app.http.errors import Gone, NotFound
from app.resources.checking import check, check_no_entry_stays, check_transitions, validated
from app.resources.errors import InUse
from app.resources.freezing import check_frozen, check_removable, hold
from app.resources.kind import KINDS, Kind, Row, Write
from app.resources.ownership import authorise, authorise_removal, authorise_write
from app.resources.references import referrers_of
from app.resources.remains import remains
from app.resources.rendering import changed_fields, logged
from app.resources.scope import AGREEMENT, about_of
from app.resources.storing import delete_row, insert_rows, row_read, update_row
from app.schema.base import Patch, Schema


async def create(session: Transaction, kind: Kind[Row], content: Schema, *, id: UUID | None = None) -> Row:
    """Store a new resource and return its row.

    A resource that stands at an address of its own and was deleted comes back with the version after its last one.
    Raises Forbidden, Invalid for references to nothing and broken rules, Duplicate for values that are taken.
    """
    return await store(session, Write(kind, content), id=id)


async def store(session: Transaction, write: Write[Row], *, id: UUID | None = None) -> Row:
    """Store a new resource whose caller was looked at before, and return its row; raises what `create` raises."""
    [row] = await store_many(session, write.kind, [write], ids=[id])
    return row


async def store_many(
    session: Transaction, kind: Kind[Row], writes: Sequence[Write[Row]], *, ids: Sequence[UUID | None] | None = None
) -> list[Row]:
    """Store new resources of one kind, some of which have ids already, and return their rows in the same order: all, or none.

    Raises what `create` raises; of several, the pointers begin with the number of the one that is wrong.
    """
    for write in writes:
        await authorise_write(session, write)
    await kind.process(session, writes)
    await check(session, writes)
    known = ids or [None] * len(writes)
    named = [kind.id_of(write.content) if kind.id_of else id for write, id in zip(writes, known, strict=True)]
    rows = await insert_rows(session, kind, writes, named)
    await record(
        session,
        [
            replace(
                logged(kind, row, Action.created, given(write)),
                agreement_id=row.id if kind.type == AGREEMENT else write.home,
                about=about_of(kind, write.values),
            )
            for write, row in zip(writes, rows, strict=True)
        ],
    )
    for write, row in zip(writes, rows, strict=True):
        write.row = row
        await hold(session, write, row.id)
    await kind.follow(session, writes)
    return rows


def given(write: Write[Any]) -> list[str]:
    """The fields in which something new says anything."""
    return [name for name in write.kind.create.model_fields if write.values[name] not in (None, [], {})]


async def change(session: Transaction, kind: Kind[Row], row: Row, changes: Patch) -> Row:
    """Apply a merge patch to a locked row and return it; a patch that changes nothing keeps the version.

    Raises what `create` raises, Frozen for what is on record, and TransitionNotAllowed for a status that cannot follow
    the present one.
    """
    before = json.loads(row.representation)
    return await rewrite(session, kind, row, patched(kind, before, changes.model_dump(mode="json")))


async def rehearse(session: Transaction, kind: Kind[Row], row: Row, changes: Patch) -> bool:
    """Whether a merge patch would change a locked row; raises what `change` would, but for what only the database refuses."""
    before = json.loads(row.representation)
    after = patched(kind, before, changes.model_dump(mode="json"))
    if after == before:
        return False
    await examine(session, Write(kind, validated(kind, after), row), row)
    return True


async def authorise_change(session: Transaction, kind: Kind[Row], row: Row, changes: Patch, by: Caller) -> None:
    """Refuse with Forbidden what somebody may not make of a locked row by a merge patch."""
    after = patched(kind, json.loads(row.representation), changes.model_dump(mode="json"))
    await authorise_write(session, Write(kind, validated(kind, after), row), by)


async def rewrite(session: Transaction, kind: Kind[Row], row: Row, after: Mapping[str, Any]) -> Row:
    """Make a locked row what its representation is to be, and return it; raises what `change` raises."""
    if after == json.loads(row.representation):
        return row
    write = Write(kind, validated(kind, after), row, await above_of(session, kind, row))
    await authorise_write(session, write)
    await apply(session, write, row)
    return row


async def apply(session: Transaction, write: Write[Row], row: Row) -> None:
    """Carry out a change that the caller may make: through the rules, into the tables and into the log."""
    kind, previous = write.kind, row.visibility
    await examine(session, write, row)
    await update_row(session, write, row)
    await hold(session, write, row.id)
    correction = session.correcting
    action = Action.updated if correction is None else Action.corrected
    written = logged(kind, row, action, changed_fields(write.before, row), previous)
    about = about_of(kind, write.values)
    proposal_id = None if correction is None else correction.proposal_id
    await record(session, [replace(written, about=about, proposal_id=proposal_id)])
    if previous is Visibility.public and row.visibility is Visibility.partners:
        await narrow(session, kind, row)
    await kind.follow(session, [write])


async def examine(session: Transaction, write: Write[Row], row: Row) -> None:
    """Refuse a change that the rules of the kind do not allow; complete its values."""
    await check_frozen(session, write, row.id)
    if session.correcting is None:
        check_transitions(write)
    await write.kind.process(session, [write])
    await check(session, [write])


async def put(
    session: Transaction, kind: Kind[Row], content: Schema, preconditions: Preconditions, **settled: Any
) -> tuple[Row, bool]:
    """Create or replace the resource at its own address; returns its row and whether it is new.

    What stands above it in the address must be locked before, so that of two that are new one waits for the other.
    Content that is the same keeps the version, unless something is `settled` by it that callers do not write; what was
    not set in the content stays. Raises what `create` and `change` raise, and PreconditionFailed; without preconditions
    whatever is there is replaced.
    """
    row = await at_address(session, kind, content)
    if row is None:
        await authorise(session, kind, content)
        preconditions.check(None)
        return await create(session, kind, content), True
    await authorise(session, kind, row)
    preconditions.check(row.version)
    said = content.model_dump(mode="json", include=content.model_fields_set)
    after = {**json.loads(row.representation), **said, **settled}
    return await rewrite(session, kind, row, after), False


async def at_address(session: Transaction, kind: Kind[Row], content: Any) -> Row | None:
    """The row of what stands at an address of its own, found by what the address consists of; None where nothing is."""
    if kind.id_of is None:
        raise TypeError(f"{kind.type} has no address of its own")
    statement = select(kind.table).where(col(kind.table.id) == kind.id_of(content)).with_for_update()
    row: Row | None = (await session.execute(statement)).scalar_one_or_none()
    return row


async def remove(session: Transaction, kind: Kind[Row], row: Row) -> None:
    """Delete a locked row; its history stays.

    Raises Forbidden, Frozen for what is on record, and InUse when other resources refer to it.
    """
    await authorise(session, kind, row)
    await above_of(session, kind, row)
    await check_removable(session, kind, row.id)
    content = json.loads(row.representation)
    check_no_entry_stays(kind, content)
    await authorise_removal(session, kind, row, content)
    # Whoever is just now referring to it is waited for, and then listed.
    await session.execute(select(col(kind.table.id)).where(col(kind.table.id) == row.id).with_for_update())
    await kind.let_go(session, row.id)
    referrers = await referrers_of(session, kind, row.id)
    if referrers:
        raise InUse(referrers=referrers)
    await delete_row(session, kind, row)
    await record(session, [logged(kind, row, Action.deleted, [], row.visibility)])


async def above_of(session: Transaction, kind: Kind[Row], row: Row) -> Any:
    """What a resource stands below, held until the transaction ends; None for what stands alone."""
    if kind.within is None:
        return None
    table = next(each.table for each in KINDS.values() if table_of(each.table) is kind.above)
    statement = select(table).where(col(table.id) == getattr(row, kind.within)).with_for_update()
    return (await session.execute(statement)).scalar_one()


async def locked(session: Transaction, kind: Kind[Row], id: UUID) -> Row:
    """The row of a resource, held until the transaction ends; raises NotFound or Gone."""
    row = await held(session, kind, id)
    if row is None:
        raise NotFound if (await session.execute(remains(session.by, kind, id))).first() is None else Gone
    return row


async def locked_at_once(session: Transaction, kind: Kind[Row], id: UUID) -> Row | None:
    """The same where nobody is waited for, who may change what the caller may do; None where somebody is, or nothing is there."""
    if session.database.is_sqlite and not await begins_at_once(session):
        return None
    return await held(session, kind, id, waits=False)


async def held(session: Transaction, kind: Kind[Row], id: UUID, *, waits: bool = True) -> Row | None:
    """The row, held; None where it is not there for the caller, or somebody is not waited for."""
    found = await session.over(locking(kind, session.by.sees_partners, waits).first, {"id": id})
    return None if found is None else row_read(session, kind, found._asdict())


@cache
def locking(kind: Kind[Any], sees_partners: bool, waits: bool) -> Kept:  # noqa: FBT001 (a cache's key)
    """Selects and holds the row with an `id` that is there for a caller, unless somebody has it that is not waited for."""
    table, caller = table_of(kind.table), COMMAND if sees_partners else ANONYMOUS
    there = select(table).where(table.c.id == bindparam("id"), visible(table, caller))
    return Kept(there.with_for_update(key_share=True, skip_locked=not waits))


async def check_there(session: Transaction, kind: Kind[Any], id: UUID) -> None:
    """Raise NotFound where what an address names is not there for the caller."""
    table = table_of(kind.table)
    if (await session.execute(select(table.c.id).where(table.c.id == id, visible(table, session.by)))).first() is None:
        raise NotFound


def patched(kind: Kind[Any], before: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The representation after a merge patch (RFC 7396): members of an object are merged too, and null removes one.

    An object whose members are known still names what is not known: null.
    """
    after = {**before, **asked}
    for name, value in asked.items():
        if isinstance(value, dict):
            members = {**(before[name] or {}), **value}
            has_free_names = get_origin(kind.create.model_fields[name].annotation) is dict
            after[name] = {key: each for key, each in members.items() if not (has_free_names and each is None)}
    return after


async def narrow(session: Transaction, above: Kind[Row], row: Row) -> None:
    """Take what stands below a resource out of the public's view together with it."""
    for kind in KINDS.values():
        columns = table_of(kind.table).c
        if kind.has_subject:
            is_below = columns.subject_id == row.id
        elif kind.within is not None and kind.above is table_of(above.table):
            is_below = columns[kind.within] == row.id
        else:
            continue
        below = select(kind.table).where(is_below, columns.visibility == Visibility.public)
        for each in (await session.execute(below)).scalars().all():
            after = {**json.loads(each.representation), "visibility": Visibility.partners}
            await apply(session, Write(kind, validated(kind, after), each, row), each)
