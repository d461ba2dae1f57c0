"""Comparing what is served with what the tables hold."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.resources.kind import Kind
from app.resources.rendering import content_of, found_by, render, stored_lists
from app.resources.schema import Stored

BATCH = 500


class Checked(NamedTuple):
    """One resource that was compared."""

    kind: Kind[Any]
    row: Stored
    is_current: bool


async def compared(session: AsyncSession, kind: Kind[Any]) -> AsyncIterator[Checked]:
    """Every resource of a kind, with whether what is computed from its tables is what they give now."""
    async for rows in batches(session, kind):
        lists = await stored_lists(session, kind, [row.id for row in rows])
        for row in rows:
            yield Checked(kind, row, is_as_written(kind, row, lists[row.id]))


async def batches(session: AsyncSession, kind: Kind[Any]) -> AsyncIterator[list[Stored]]:
    """The rows of a kind in the order of their ids, a batch at a time."""
    table, last = kind.table, UUID(int=0)
    while True:
        statement = select(table).where(col(table.id) > last).order_by(col(table.id)).limit(BATCH)
        rows = list((await session.execute(statement)).scalars())
        if not rows:
            return
        yield rows
        last = rows[-1].id
        session.expunge_all()


def is_as_written(kind: Kind[Any], row: Stored, lists: Mapping[str, Sequence[Any]]) -> bool:
    """Whether a resource is served, searched, sorted and counted as its tables say."""
    try:
        values = content_of(kind, row, lists).model_dump()
    except ValidationError:
        return False
    is_found = all(getattr(row, name) == value for name, value in found_by(kind, values).items())
    return is_found and render(kind, row, lists) == row.representation
