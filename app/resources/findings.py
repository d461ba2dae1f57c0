"""What lists find resources by: what stands for a value of a filter, and where in its list a resource stands."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.visibility import Visibility
from app.changes.findings import FINDING, FoundBy, store_findings
from app.changes.log import Transaction
from app.resources.ids import named_id
from app.resources.kind import Kind

LAST = "~"
"""Behind every place: what a list is ordered by is not known."""


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


def note_findings(session: Transaction, id: UUID, before: set[FoundBy], after: set[FoundBy]) -> None:
    """Note what a resource is found by from now on, until its change is recorded."""
    if before != after:
        session.found[id] = after


async def settle_findings(session: Transaction) -> None:
    """Store what is noted now, where no change is recorded."""
    await session.over(store_findings, session.found, ())
    session.found.clear()


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
