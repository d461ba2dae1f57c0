"""Rows in tables: what a write that has passed the rules of its kind puts there.

Only `writing` stores, `renewing` after a migration, and `redacting` what is left.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, cast
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import class_mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, set_committed_value
from sqlmodel import col

from app.changes.findings import FoundBy
from app.changes.log import Transaction
from app.changes.models import Action, Subject
from app.database.kept import Kept
from app.database.packing import PackedOnce
from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.problems import at
from app.language import Text
from app.resources.constraints import violated
from app.resources.errors import InUse
from app.resources.findings import findings_of, note_findings
from app.resources.ids import new_id
from app.resources.kind import Kind, Row, Write
from app.resources.rendering import columns, stored_columns
from app.resources.schema import Stored
from app.resources.tallying import note_tallies

LARGEST = 256 * 1024
"""How many bytes a representation may have: each change adds it to the log once more."""
TOO_LARGE = Text(
    f"Alle Angaben zusammen dürfen als JSON höchstens {LARGEST // 1024} KiB groß sein.",
    f"All values together may have {LARGEST // 1024} KiB as JSON at most.",
)


async def insert_rows(
    session: Transaction, kind: Kind[Row], writes: Sequence[Write[Row]], ids: Sequence[UUID | None]
) -> list[Row]:
    """Store new resources with their lists; what had an id before comes back with the version after its last one."""
    given = [id or new_id() for id in ids]
    versions = await last_versions(session, [id for id in ids if id is not None])
    stored: list[dict[str, Any]] = []
    for write, id in zip(writes, given, strict=True):
        version = versions.get(id, 0) + 1
        server = {"id": id, "version": version, "created_at": session.now, "updated_at": session.now}
        stored.append(rendered(kind, write, unsaid(kind) | columns(kind, write.values) | server))
    check_sizes([values["representation"] for values in stored])
    await execute(session, kind, inserting(table_of(kind.table), tuple(stored[0])), stored)
    for name, child in kind.lists.items():
        entries = [
            entry for id, write in zip(given, writes, strict=True) for entry in child.rows(id, write.values[name])
        ]
        await insert_entries(session, kind, name, entries)
    made = [{**write.values, **row} for row, write in zip(stored, writes, strict=True)]
    for values in made:
        note_findings(session, values["id"], set(), findings_of(kind, values))
        note_tallies(session, kind, values["id"], after=values)
    return [row_of(session, kind, values) for values in stored]


def unsaid(kind: Kind[Any]) -> dict[str, Any]:
    """What the columns of something new are where neither callers nor rules give them a value."""
    same, makers = defaults_of(kind)
    return {**same, **{name: make() for name, make in makers}}


@cache
def defaults_of(kind: Kind[Any]) -> tuple[Mapping[str, Any], Sequence[tuple[str, Callable[[], Any]]]]:
    """The defaults of columns that are always the same, and what makes those of others.

    Pydantic copies a default, and looks at the signature of a factory, each time that it is asked for one.
    """
    fields = {name: field for name, field in kind.table.model_fields.items() if not field.is_required()}
    same = {name: field.default for name, field in fields.items() if field.default_factory is None}
    makers = [(name, field.default_factory) for name, field in fields.items() if field.default_factory is not None]
    return same, cast("Any", makers)


def rendered(kind: Kind[Any], write: Write[Any], values: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row, with the representation that follows from them and from its lists."""
    content = {**values, **{name: write.values[name] for name in kind.lists}}
    # All of it was validated, or is the register's own: the schema only says what is served, and in which order.
    said = to_json({name: content[name] for name in kind.public.model_fields})
    return {**values, "representation": PackedOnce(said, "utf-8")}


def row_of(session: Transaction, kind: Kind[Row], values: Mapping[str, Any]) -> Row:
    """The row that was just stored, as if the session had read it."""
    # The mapper, and not the class alone: a process that has read nothing yet has its columns to look up first.
    row: Row = class_mapper(kind.table).class_manager.new_instance()
    instance_dict(row).update(values)
    make_transient_to_detached(row)
    session.add(row)
    return row


def row_read(session: Transaction, kind: Kind[Row], values: Mapping[str, Any]) -> Row:
    """The row with these columns, which were read past the session; the session's own where it has it."""
    known: Row | None = session.identity_map.get(
        class_mapper(kind.table).identity_key_from_primary_key((values["id"],))
    )
    return row_of(session, kind, values) if known is None else known


def check_sizes(texts: Sequence[str]) -> None:
    """Refuse representations that are too large; of several, the pointers are the numbers of those."""
    found = [number for number, text in enumerate(texts) if len(text.encode()) > LARGEST]
    if found:
        places = [[number] if len(texts) > 1 else [] for number in found]
        raise Invalid(errors=[at(*place, code="too_large", detail=TOO_LARGE) for place in places])


async def last_versions(session: Transaction, ids: Sequence[UUID]) -> dict[UUID, int]:
    """The last versions of those of these ids that a resource had before."""
    if not ids:
        return {}
    wanted = select(col(Subject.id), col(Subject.version)).where(col(Subject.id).in_(ids))
    known = {row.id: row.version for row in await session.execute(wanted)}
    return known | {each.id: each.version for each in session.written if each.action is Action.deleted}


async def update_row(session: Transaction, write: Write[Row], row: Row) -> None:
    """Give a stored resource its new values, and those of its lists that changed their new entries."""
    kind, table = write.kind, table_of(write.kind.table)
    server = {"version": row.version + 1, "updated_at": session.now}
    stored = stored_columns(row)
    values = rendered(kind, write, stored | columns(kind, write.values) | server)
    check_sizes([values["representation"]])
    before, after = {**write.before, **stored}, {**write.values, **values}
    note_tallies(session, kind, row.id, before, after)
    changed = {name: value for name, value in values.items() if value != stored[name]}
    await execute(session, kind, updating(table, tuple(changed)), [{**changed, "row_id": row.id}])
    for name, value in changed.items():
        set_committed_value(row, name, value)
    for name in (each for each in kind.lists if write.changes(each)):
        await delete_entries(session, kind, name, row.id)
        await insert_entries(session, kind, name, kind.lists[name].rows(row.id, write.values[name]))
    note_findings(session, row.id, findings_of(kind, before), findings_of(kind, after))


async def replace_values(
    session: Transaction,
    kind: Kind[Any],
    row: Stored,
    values: Mapping[str, Any],
    lists: Mapping[str, Sequence[Any]],
    found: set[FoundBy],
) -> None:
    """Let a stored resource hold these values, past the rules of its kind.

    `lists` is what its lists hold now, `found` by what other lists find it.
    """
    before = {**stored_columns(row), **lists}
    for name, value in columns(kind, values).items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    for name in kind.lists:
        if values[name] != lists[name]:
            await delete_entries(session, kind, name, row.id)
            await insert_entries(session, kind, name, kind.lists[name].rows(row.id, values[name]))
    after = {**values, **stored_columns(row)}
    note_tallies(session, kind, row.id, before, after)
    note_findings(session, row.id, found, findings_of(kind, after))


async def delete_row(session: Transaction, kind: Kind[Row], row: Row) -> None:
    """Take a resource and its lists out of their tables; raises InUse where something came to refer to it meanwhile."""
    if kind.tallied is not None:
        note_tallies(session, kind, row.id, before={**json.loads(row.representation), **stored_columns(row)})
    for name in kind.lists:
        await delete_entries(session, kind, name, row.id)
    if kind.found_through:
        session.found[row.id] = set()
    table = table_of(kind.table)
    try:
        await session.execute(delete(table).where(table.c.id == row.id))
    except IntegrityError as error:
        raise InUse from error
    session.expunge(row)
    row.version += 1


@lru_cache(maxsize=256)
def inserting(table: Table, names: tuple[str, ...]) -> Kept:
    """The statement that stores rows of which these columns are given."""
    return Kept(insert(table), names)


@lru_cache(maxsize=256)
def updating(table: Table, names: tuple[str, ...]) -> Kept:
    """The statement that gives these columns of the row with `row_id` other values."""
    return Kept(update(table).where(table.c.id == bindparam("row_id")), names)


async def execute(session: Transaction, kind: Kind[Any], statement: Kept, rows: Sequence[Mapping[str, Any]]) -> None:
    """Carry out a statement, and say it in the API's words when a constraint refuses it."""
    try:
        await session.over(statement.run, rows)
    except IntegrityError as error:
        raise violated(kind, error) from error


async def insert_entries(session: Transaction, kind: Kind[Any], name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store entries of one list."""
    if rows:
        await execute(session, kind, inserting(table_of(kind.lists[name].table), tuple(rows[0])), rows)


async def delete_entries(session: Transaction, kind: Kind[Any], name: str, parent: UUID) -> None:
    """Drop the entries of one list."""
    child = kind.lists[name]
    table = table_of(child.table)
    await session.execute(delete(table).where(table.c[child.parent] == parent))
