"""From tables to the one JSON text that is served."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import table_of
from app.resources.kind import ChildList, Kind
from app.resources.schema import Stored


def render(kind: Kind[Any], row: Stored, lists: Mapping[str, Sequence[Any]]) -> str:
    """The representation of a resource: its row and its lists through its Public schema."""
    columns = {column.key: getattr(row, column.key) for column in table_of(type(row)).columns}
    return kind.public.model_validate({**columns, **lists}).model_dump_json()


async def stored_lists(session: AsyncSession, kind: Kind[Any], ids: Sequence[UUID]) -> dict[UUID, dict[str, list[Any]]]:
    """The lists of these resources as their tables hold them: one statement a list."""
    lists: dict[UUID, dict[str, list[Any]]] = {id: {name: [] for name in kind.lists} for id in ids}
    for name, child in kind.lists.items():
        for row in await stored_rows(session, child, ids):
            lists[row[child.parent]][name].append(child.entry(row))
    return lists


async def stored_rows(session: AsyncSession, child: ChildList, ids: Sequence[UUID]) -> list[Mapping[str, Any]]:
    """The rows of one list, in order."""
    columns = table_of(child.table).columns
    statement = select(*columns).where(columns[child.parent].in_(ids)).order_by(columns["position"])
    return [dict(row) for row in (await session.execute(statement)).mappings()]
