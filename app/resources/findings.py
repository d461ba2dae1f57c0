"""What lists find resources by: rows in the order of the list, so that a page costs the same whatever else is stored."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Index, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel

from app.access.visibility import Visibility
from app.changes.log import Transaction
from app.kept import Kept
from app.resources.ids import named_id
from app.resources.kind import Kind
from app.tables import ordered_text, table_of

LAST = "~"
"""Behind every place: what a list is ordered by is not known."""


class Finding(SQLModel, table=True):
    """A resource is found by one value of one filter: `mark` says by which, `place` where it stands in its list."""

    __tablename__ = "finding"
    __table_args__ = (Index(None, "resource_id", "mark"), {"sqlite_with_rowid": False})

    mark: UUID = Field(primary_key=True)
    place: str = Field(primary_key=True, sa_type=ordered_text(80))
    resource_id: UUID = Field(primary_key=True)


FINDING = table_of(Finding)
ADDING = Kept(insert(FINDING))


class FoundBy(NamedTuple):
    """What a resource is found by, as a row says it."""

    mark: UUID
    place: str


@lru_cache(maxsize=4096, typed=True)
def mark_of(kind: Kind[Any], name: str, value: object, visibility: Visibility) -> UUID:
    """What stands for one value of a filter, among what one circle reads: short, whatever the value is."""
    return named_id("findings", kind.type, name, visibility, value)


def place_of(values: Sequence[Any]) -> str:
    """Values of the columns of an order as one text, in the same order: what is not known stands last."""
    return " ".join(text_of(value) for value in values)


def text_of(value: Any) -> str:
    """One value as text that is ordered as values are."""
    match value:
        case None:
            return LAST
        case datetime():
            return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        case date():
            return value.isoformat()
        case int():
            return f"{value:010d}"
        case _:
            return str(value)


def findings_of(kind: Kind[Any], values: Mapping[str, Any]) -> set[FoundBy]:
    """What a resource with these values, its columns and its lists, is found by."""
    place = place_of([values[name] for name in kind.listed_by])
    visibility = values["visibility"]
    return {
        FoundBy(mark_of(kind, name, value, visibility), place)
        for name, paths in kind.found_through.items()
        for path in paths
        for value in values_at(values, path)
    }


def values_at(values: Mapping[str, Any], path: str) -> Iterator[Any]:
    """What stands in a field, in a list, or in a field of the entries of a list."""
    name, _, of_entries = path.partition(".")
    value = values[name]
    for each in value if isinstance(value, list) else [value]:
        found = each[of_entries] if of_entries else each
        if found is not None:
            yield found


async def add_findings(session: Transaction, kind: Kind[Any], resources: Sequence[Mapping[str, Any]]) -> None:
    """Store what new resources are found by, each of them its columns and its lists."""
    rows = [
        {**found._asdict(), "resource_id": values["id"]}
        for values in resources
        for found in sorted(findings_of(kind, values))
    ]
    await insert_findings(session, rows)


async def change_findings(session: Transaction, id: UUID, before: set[FoundBy], after: set[FoundBy]) -> None:
    """Store what a resource is found by, where that is not what it was."""
    if before == after:
        return
    await session.execute(delete(FINDING).where(FINDING.c.resource_id == id))
    await insert_findings(session, [{**found._asdict(), "resource_id": id} for found in sorted(after)])


async def insert_findings(session: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store rows that say what resources are found by."""
    if rows:
        await session.over(ADDING.run, rows)


async def drop_findings(session: AsyncSession, kind: Kind[Any], id: UUID) -> None:
    """Let a resource be found no more."""
    if kind.found_through:
        await session.execute(delete(FINDING).where(FINDING.c.resource_id == id))


async def stored_findings(session: AsyncSession, kind: Kind[Any], ids: Sequence[UUID]) -> dict[UUID, set[FoundBy]]:
    """What these resources are found by, as it is stored."""
    connection = await session.connection()
    return await connection.run_sync(read_findings, kind, ids)


def read_findings(connection: Connection, kind: Kind[Any], ids: Sequence[UUID]) -> dict[UUID, set[FoundBy]]:
    """What is stored, over a connection: nothing of kinds whose lists have no such filters."""
    found: dict[UUID, set[FoundBy]] = {id: set() for id in ids}
    if kind.found_through:
        for row in connection.execute(select(FINDING).where(FINDING.c.resource_id.in_(ids))):
            found[row.resource_id].add(FoundBy(row.mark, row.place))
    return found
