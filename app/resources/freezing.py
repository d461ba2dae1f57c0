"""What is on record stays as it is: the one place that refuses to change or delete it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Select, Table, Uuid, bindparam, select

from app.changes.log import Transaction
from app.database.tables import table_of
from app.resources.errors import Frozen
from app.resources.external_ids import EXTERNAL_IDS
from app.resources.kind import KINDS, Kind, Write
from app.resources.parts import HeldEntries, Hold


class Grip(NamedTuple):
    """By what a kind that can be on record holds another: the reference, and which rows of the kind refer to an id."""

    kind: Kind[Any]
    hold: Hold
    column: Column[Any]

    @property
    def target(self) -> Table:
        """The table of what is held."""
        [key] = self.column.foreign_keys
        return key.column.table

    def refers_to(self, id: ColumnElement[UUID]) -> ColumnElement[bool]:
        """Whether a row of the kind refers to this."""
        own = table_of(self.kind.table).c
        if self.hold.by not in self.kind.lists:
            return self.column == id
        parent = self.column.table.c[self.kind.lists[self.hold.by].parent]
        return own.id.in_(select(parent).where(self.column == id))


def grips() -> Iterator[Grip]:
    """All that is held by what can be on record."""
    for kind in KINDS.values():
        for hold in kind.frozen.holds if kind.frozen else ():
            child = kind.lists.get(hold.by)
            table = table_of(kind.table if child is None else child.table)
            yield Grip(kind, hold, table.c[hold.by if child is None else str(child.value)])


@cache
def grips_on(kind: Kind[Any]) -> Sequence[tuple[Hold, Select[Any]]]:
    """All that can hold something of a kind, each with the statement that finds who holds what has an `id`.

    One holder is enough where they do not differ.
    """
    held = [grip for grip in grips() if grip.target is table_of(kind.table)]
    found = (on_record(grip.kind).where(grip.refers_to(bindparam("id", type_=Uuid()))) for grip in held)
    return [(grip.hold, each if grip.hold.entries else each.limit(1)) for grip, each in zip(held, found, strict=True)]


async def check_frozen(session: Transaction, write: Write[Any], id: UUID) -> None:
    """Refuse a change of what is on record, naming it, unless a confirmed proposal is carried out.

    Raises Frozen.
    """
    if session.correcting is not None:
        return
    changed: dict[str, None] = {}
    freeze = write.kind.frozen
    if freeze is not None:
        # By which ids other systems know it is no part of the record: they may come to know it later.
        names = [each for each in write.after if each != EXTERNAL_IDS] if freeze.fields is None else freeze.fields
        touched = [name for name in names if write.changes(name)]
        if touched and await is_on_record(session, write.kind, id):
            changed |= dict.fromkeys(touched)
    for hold, statement in grips_on(write.kind):
        if any(write.changes(name) for name in (*hold.fields, *(each.name for each in hold.entries))):
            for holder in await holders_by(session, statement, id):
                changed |= dict.fromkeys(changed_of_held(write, hold, holder))
    if changed:
        raise Frozen(fields=list(changed))


async def check_removable(session: Transaction, kind: Kind[Any], id: UUID) -> None:
    """Refuse to delete what is on record or held by what is; raises Frozen."""
    if kind.kept or (kind.frozen is not None and await is_on_record(session, kind, id)):
        raise Frozen
    for _, statement in grips_on(kind):
        if await holders_by(session, statement, id):
            raise Frozen


async def hold(session: Transaction, write: Write[Any], id: UUID) -> None:
    """Wait for whoever is just now changing what this resource holds, where it is on record now.

    Else a change that began before could be committed behind the one that froze it.
    """
    if write.kind.frozen is None or not write.kind.frozen.holds or not await is_on_record(session, write.kind, id):
        return
    for grip in grips():
        if grip.kind is write.kind:
            named = write.values[grip.hold.by]
            ids = named if grip.hold.by in write.kind.lists else [named]
            held = select(grip.target.c.id).where(grip.target.c.id.in_(ids)).order_by(grip.target.c.id)
            await session.execute(held.with_for_update(read=True))


async def is_on_record(session: Transaction, kind: Kind[Any], id: UUID) -> bool:
    """Whether a stored resource is on record."""
    return (await session.execute(on_record(kind).where(table_of(kind.table).c.id == id))).first() is not None


def on_record(kind: Kind[Any]) -> Select[Any]:
    """Selects the representations of what is on record of a kind that can be."""
    if kind.frozen is None:
        raise TypeError(f"{kind.type} is never on record")
    return select(table_of(kind.table).c.representation).where(kind.frozen.when)


async def holders_by(session: Transaction, statement: Select[Any], id: UUID) -> list[Mapping[str, Any]]:
    """The representations of what holds a resource in one way."""
    return [json.loads(text) for text in (await session.execute(statement, {"id": id})).scalars()]


def changed_of_held(write: Write[Any], hold: Hold, holder: Mapping[str, Any]) -> Iterator[str]:
    """The fields by which a write changes what its resource is held by."""
    yield from (name for name in hold.fields if write.changes(name))
    for entries in hold.entries:
        if held_of(write.before, entries, holder) != held_of(write.after, entries, holder):
            yield entries.name


def held_of(content: Mapping[str, Any], entries: HeldEntries, holder: Mapping[str, Any]) -> list[list[Any]]:
    """What is held of a list, whatever stands between."""
    among = holder[entries.among]
    names = among if isinstance(among, list) else [among]
    held = (each for each in content[entries.name] if each[entries.key] in names)
    return sorted([each[entries.key], *(each[name] for name in entries.fields)] for each in held)
