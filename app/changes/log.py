"""Writing the log: the one place that numbers changes."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.access.visibility import Visibility
from app.changes.models import CHAINED, Action, Change, LogHead, Subject
from app.database import Database
from app.http.envelope import request_id

PENDING = "changes"
FIRST_HASH = "0" * 64


@dataclass(frozen=True)
class Written:
    """A change that a transaction made."""

    action: Action
    kind: str
    id: UUID
    version: int
    visibility: Visibility
    previous_visibility: Visibility | None
    changed_fields: Sequence[str]
    data: str | None


@asynccontextmanager
async def transaction(database: Database, by: Caller) -> AsyncIterator[AsyncSession]:
    """One transaction, at whose end its changes are added to the log; the only way to write a resource."""
    async with database.transaction() as session:
        yield session
        await append(session, by)


async def record(session: AsyncSession, written: Written) -> None:
    """Note a change for the end of the transaction, and what is now known of its subject."""
    now = datetime.now(UTC)
    state: dict[str, Any] = {
        "version": written.version,
        "visibility": written.visibility,
        "deleted_at": now if written.action is Action.deleted else None,
    }
    if written.action is Action.created and written.version == 1:
        await session.execute(insert(Subject).values(id=written.id, kind=written.kind, **state))
    else:
        await session.execute(update(Subject).where(col(Subject.id) == written.id).values(**state))
    session.info.setdefault(PENDING, []).append(written)


async def append(session: AsyncSession, by: Caller) -> None:
    """Number the transaction's changes and add them.

    Positions come from one row whose lock is held until the commit: without gaps, in the order of the commits. So this
    must be the last thing that a transaction does, or others wait for whatever it does after.
    """
    pending: list[Written] = session.info.pop(PENDING, [])
    if not pending:
        return
    await session.flush()
    counting = (
        update(LogHead)
        .where(col(LogHead.id) == 1)
        .values(position=col(LogHead.position) + len(pending))
        .returning(col(LogHead.position), col(LogHead.hash))
        .execution_options(synchronize_session=False)
    )
    last, previous = (await session.execute(counting)).one()
    now = datetime.now(UTC)
    rows = []
    for position, written in enumerate(pending, start=last - len(pending) + 1):
        row = {
            "position": position,
            "at": now,
            "action": written.action,
            "resource_type": written.kind,
            "resource_id": written.id,
            "version": written.version,
            "visibility": written.visibility,
            "previous_visibility": written.previous_visibility,
            "by_partner_id": by.partner_id,
            "by_key_id": by.key_id,
            "request_id": request_id.get() or None,
            "changed_fields": list(written.changed_fields),
            "data": written.data,
        }
        previous = chained(previous, row)
        rows.append(row | {"hash": previous})
    await session.execute(insert(Change), rows)
    await session.execute(update(LogHead).where(col(LogHead.id) == 1).values(hash=previous))


def chained(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256 over the hash before it and its columns as one JSON array.

    `at` counts microseconds in UTC, so that the text is the same from either database.
    """
    values = to_jsonable_python([row[name] for name in CHAINED])
    return hashlib.sha256(json.dumps([previous, *values], ensure_ascii=False).encode()).hexdigest()
