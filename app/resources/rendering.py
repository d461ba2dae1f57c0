"""From tables to the one JSON text that is served."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import instance_dict

from app.changes.models import Action
from app.changes.written import Written
from app.database.tables import table_of
from app.resources.kind import Kind, Row
from app.resources.schema import Stamped, Stored
from app.resources.text import searchable, sortable

STAMPS = frozenset({"version", "updated_at"})


def render(kind: Kind[Any], row: Stored, lists: Mapping[str, Sequence[Any]]) -> str:
    """The representation of a resource: its row and its lists through its Public schema."""
    return public_of(kind, row, lists).model_dump_json()


def public_of(kind: Kind[Any], row: Stored, lists: Mapping[str, Sequence[Any]]) -> Stamped:
    """What is served of a resource; raises ValidationError where its tables hold what its schema refuses."""
    return kind.public.model_validate({**stored_columns(row), **lists})


def stored_columns(row: Stored) -> dict[str, Any]:
    """The columns of a row."""
    held, names = instance_dict(row), table_of(type(row)).columns.keys()
    # To ask the row for each is a call of SQLAlchemy's; a row of which nothing was written past it holds them all.
    return {name: held[name] if name in held else getattr(row, name) for name in names}


def columns(kind: Kind[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a row holds of the values, and what it is found by."""
    own = {name: values[name] for name in kind.table.model_fields.keys() & values.keys()}
    return {**own, **found_by(kind, values)}


def found_by(kind: Kind[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are computed from the values: for sorting, searching, filters and reports."""
    return {
        **kind.derived(values),
        "sort_name": sortable(str(values[kind.named_by])),
        "search_text": searchable(*(text for field in kind.searched for text in texts_in(values[field]))),
    }


def texts_in(value: Any) -> Iterator[str | None]:
    """The text of a field; of a list of objects, their names."""
    if isinstance(value, list):
        yield from (entry["name"] for entry in value)
    else:
        yield value


async def stored_lists(session: AsyncSession, kind: Kind[Any], ids: Sequence[UUID]) -> dict[UUID, dict[str, list[Any]]]:
    """The lists of these resources as their tables hold them."""
    connection = await session.connection()
    return await connection.run_sync(read_lists, kind, ids)


def read_lists(connection: Connection, kind: Kind[Any], ids: Sequence[UUID]) -> dict[UUID, dict[str, list[Any]]]:
    """The lists of these resources, over a connection: one statement a list."""
    lists: dict[UUID, dict[str, list[Any]]] = {id: {name: [] for name in kind.lists} for id in ids}
    for name, child in kind.lists.items():
        columns = table_of(child.table).columns
        statement = select(*columns).where(columns[child.parent].in_(ids)).order_by(columns["position"])
        for row in connection.execute(statement).mappings():
            lists[row[child.parent]][name].append(child.entry(dict(row)))
    return lists


def changed_fields(before: Mapping[str, Any], row: Stored) -> list[str]:
    """The fields in which a resource differs from what it was."""
    after = json.loads(row.representation)
    return [
        name for name, value in after.items() if name not in STAMPS and (name not in before or before[name] != value)
    ]


def logged(kind: Kind[Row], row: Row, action: Action, fields: Sequence[str], previous: Any = None) -> Written:
    """What the log says of a change."""
    data = None if action is Action.deleted else row.representation
    return Written(action, kind.type, row.id, row.version, row.visibility, previous, fields, data)
