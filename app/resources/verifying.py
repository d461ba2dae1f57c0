"""Comparing what is served with what the tables hold."""

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.changes.log import Transaction, record
from app.changes.models import Action
from app.resources.kind import Kind
from app.resources.rendering import changed_fields, logged, render, stored_lists
from app.resources.schema import Stored

BATCH = 500


class Checked(NamedTuple):
    """One resource that was compared."""

    kind: Kind[Any]
    row: Stored
    is_current: bool


async def compared(session: AsyncSession, kind: Kind[Any]) -> AsyncIterator[Checked]:
    """Every resource of a kind, with whether its stored text is what its tables give now."""
    async for rows in batches(session, kind):
        lists = await stored_lists(session, kind, [row.id for row in rows])
        for row in rows:
            yield Checked(kind, row, render(kind, row, lists[row.id]) == row.representation)


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


async def render_anew(session: Transaction, kind: Kind[Any]) -> int:
    """Bring stored texts up to date after a migration, each as a new version; return how many were not."""
    stale = 0
    async for rows in batches(session, kind):
        lists = await stored_lists(session, kind, [row.id for row in rows])
        for row in rows:
            if render(kind, row, lists[row.id]) == row.representation:
                continue
            before = json.loads(row.representation)
            row.version, row.updated_at = row.version + 1, session.now
            row.representation = render(kind, row, lists[row.id])
            await record(session, [logged(kind, row, Action.updated, changed_fields(before, row), row.visibility)])
            stale += 1
        await session.flush()
    return stale
