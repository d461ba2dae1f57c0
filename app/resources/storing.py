"""Rows in tables: what a write that has passed the rules of its kind puts there. Only `writing` stores, and `renewing` after a migration."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col

from app.changes.log import Transaction
from app.changes.models import Subject
from app.http.problems import Invalid, at
from app.language import Text
from app.resources.constraints import violated
from app.resources.errors import InUse
from app.resources.ids import new_id
from app.resources.kind import Kind, Row, Write
from app.resources.rendering import columns, render
from app.resources.schema import Stored

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
    rows: list[Row] = []
    for write, id in zip(writes, given, strict=True):
        version = versions.get(id, 0) + 1
        server = {"id": id, "version": version, "created_at": session.now, "updated_at": session.now}
        row = kind.table.model_validate(columns(kind, write.values) | server | {"representation": ""})
        row.representation = render(kind, row, {name: write.values[name] for name in kind.lists})
        rows.append(row)
    check_sizes(rows)
    session.add_all(rows)
    await flush(session, kind)
    for name, child in kind.lists.items():
        entries = [
            entry for row, write in zip(rows, writes, strict=True) for entry in child.rows(row.id, write.values[name])
        ]
        await insert_entries(session, kind, name, entries)
    return rows


def check_sizes(rows: Sequence[Stored]) -> None:
    """Refuse representations that are too large; of several, the pointers are the numbers of those."""
    found = [number for number, row in enumerate(rows) if len(row.representation.encode()) > LARGEST]
    if found:
        places = [[number] if len(rows) > 1 else [] for number in found]
        raise Invalid(errors=[at(*place, code="too_large", detail=TOO_LARGE) for place in places])


async def last_versions(session: Transaction, ids: Sequence[UUID]) -> dict[UUID, int]:
    """The last versions of those of these ids that a resource had before."""
    if not ids:
        return {}
    wanted = select(col(Subject.id), col(Subject.version)).where(col(Subject.id).in_(ids))
    return {row.id: row.version for row in await session.execute(wanted)}


async def update_row(session: Transaction, write: Write[Row], row: Row) -> None:
    """Give a stored resource its new values, and those of its lists that changed their new entries."""
    kind = write.kind
    row.sqlmodel_update(columns(kind, write.values) | {"version": row.version + 1, "updated_at": session.now})
    row.representation = render(kind, row, {name: write.values[name] for name in kind.lists})
    check_sizes([row])
    await flush(session, kind)
    for name in (each for each in kind.lists if write.changes(each)):
        await delete_entries(session, kind, name, row.id)
        await insert_entries(session, kind, name, kind.lists[name].rows(row.id, write.values[name]))


async def delete_row(session: Transaction, kind: Kind[Row], row: Row) -> None:
    """Take a resource and its lists out of their tables; raises InUse where something came to refer to it meanwhile."""
    for name in kind.lists:
        await delete_entries(session, kind, name, row.id)
    await session.delete(row)
    await flush(session, kind, in_use=True)
    row.version += 1


async def flush(session: Transaction, kind: Kind[Any], *, in_use: bool = False) -> None:
    """Send what is pending, and say it in the API's words when a constraint refuses it."""
    try:
        await session.flush()
    except IntegrityError as error:
        raise (InUse() if in_use else violated(kind, error)) from error


async def insert_entries(session: Transaction, kind: Kind[Any], name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store entries of one list."""
    if rows:
        try:
            await session.execute(insert(kind.lists[name].table), rows)
        except IntegrityError as error:
            raise violated(kind, error) from error


async def delete_entries(session: Transaction, kind: Kind[Any], name: str, parent: UUID) -> None:
    """Drop the entries of one list."""
    child = kind.lists[name]
    table: type[SQLModel] = child.table
    await session.execute(delete(table).where(getattr(table, child.parent) == parent))
