"""Writing the log: the one place that numbers changes."""

import hashlib
import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.access.visibility import Visibility
from app.changes.models import CHAINED, LATER, Action, Change, LogHead, Subject, SubjectAbout
from app.changes.quota import charge
from app.database import Database, table_of
from app.http.envelope import request_id

CHUNK = 1_000
FIRST_HASH = "0" * 64


@dataclass(frozen=True)
class Written:
    """A change that a transaction made."""

    action: Action
    type: str
    id: UUID
    version: int
    visibility: Visibility
    previous_visibility: Visibility | None
    changed_fields: Sequence[str]
    data: str | None
    agreement_id: UUID | None = None
    about: Collection[UUID] = ()
    proposal_id: UUID | None = None


@dataclass(frozen=True)
class Correction:
    """What two sides correct: by which proposal, made by which partner."""

    proposal_id: UUID
    proposed_by_id: UUID


class Transaction(AsyncSession):
    """One transaction of one caller, whose changes are added to the log at its end.

    `now` is the moment of all that it writes, in UTC; a command that loads what happened earlier sets it. `zone` is the
    city's, by which moments become days. `correcting` is the proposal whose confirmation is being carried out, which lifts
    what is frozen and the steps between states; the words are then those of both partners.
    """

    database: Database
    by: Caller
    now: datetime
    zone: tzinfo
    written: list[Written]
    correcting: Correction | None = None

    @contextmanager
    def corrected_by(self, correction: Correction) -> Iterator[None]:
        """Let what is written in the block be what a proposal corrects."""
        self.correcting = correction
        try:
            yield
        finally:
            self.correcting = None

    @property
    def today(self) -> date:
        """The day that it is in the city."""
        return self.now.astimezone(self.zone).date()


@asynccontextmanager
async def transaction(
    database: Database, by: Caller, zone: tzinfo, now: datetime | None = None
) -> AsyncIterator[Transaction]:
    """One transaction, at whose end its changes are added to the log; the only way to write a resource."""
    async with database.transaction(Transaction) as session:
        session.database, session.by, session.written = database, by, []
        session.zone, session.now = zone, now or datetime.now(UTC)
        yield session
        await append(session)


async def record(session: Transaction, written: Sequence[Written]) -> None:
    """Note changes for the end of the transaction, and what is now known of their subjects."""
    is_new = [each.action is Action.created and each.version == 1 for each in written]
    rows = [{"id": each.id, "kind": each.type, **state_of(each, session.now)} for each in written]
    if new := [row for row, first in zip(rows, is_new, strict=True) if first]:
        await session.execute(insert(Subject), new)
    for row in (row for row, first in zip(rows, is_new, strict=True) if not first):
        await session.execute(update(Subject).where(col(Subject.id) == row["id"]).values(**row))
    await note_about(session, written)
    session.written += written


async def note_about(session: Transaction, written: Sequence[Written]) -> None:
    """Note what subjects are about now; what they were about before stays noted."""
    about = [{"subject_id": each.id, "about_id": id} for each in written for id in each.about]
    if about:
        insert_once = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        await session.execute(insert_once(table_of(SubjectAbout)).on_conflict_do_nothing(), about)


def state_of(written: Written, now: datetime) -> dict[str, Any]:
    """What is known of a subject after a change."""
    known = {} if written.agreement_id is None else {"agreement_id": written.agreement_id}
    return known | {
        "version": written.version,
        "visibility": written.visibility,
        "deleted_at": now if written.action is Action.deleted else None,
    }


async def append(session: Transaction) -> None:
    """Number the transaction's changes and add them.

    Positions come from one row whose lock is held until the commit: without gaps, in the order of the commits. So this
    must be the last thing that a transaction does, or others wait for whatever it does after.
    """
    pending, session.written = session.written, []
    if not pending:
        return
    await session.flush()
    texts = (written.data for written in pending)
    await charge(session, session.by, texts, session.now, session.database.write_quota)
    counting = (
        update(LogHead)
        .where(col(LogHead.id) == 1)
        .values(position=col(LogHead.position) + len(pending))
        .returning(col(LogHead.position), col(LogHead.hash))
        .execution_options(synchronize_session=False)
    )
    last, previous = (await session.execute(counting)).one()
    now, first = datetime.now(UTC), last - len(pending) + 1
    for start in range(0, len(pending), CHUNK):
        rows = []
        for position, written in enumerate(pending[start : start + CHUNK], start=first + start):
            row = entry(session.by, written, position, now)
            previous = chained(previous, row)
            rows.append(row | {"hash": previous})
        await session.execute(insert(Change), rows)
    await session.execute(update(LogHead).where(col(LogHead.id) == 1).values(hash=previous))


def entry(by: Caller, written: Written, position: int, at: datetime) -> dict[str, Any]:
    """The columns of an entry, its hash excepted."""
    return {
        "position": position,
        "at": at,
        "action": written.action,
        "resource_type": written.type,
        "resource_id": written.id,
        "version": written.version,
        "visibility": written.visibility,
        "previous_visibility": written.previous_visibility,
        "by_partner_id": by.partner_id,
        "by_key_id": by.key_id,
        "request_id": request_id.get() or None,
        "changed_fields": list(written.changed_fields),
        "data": written.data,
        "proposal_id": written.proposal_id,
    }


def chained(previous: str, row: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256 over the hash before it and its columns as one JSON array.

    `at` counts microseconds in UTC, so that the text is the same from either database.
    """
    later = {name: row[name] for name in LATER if row[name] is not None}
    values = to_jsonable_python([*(row[name] for name in CHAINED), *([later] if later else [])])
    return hashlib.sha256(json.dumps([previous, *values], ensure_ascii=False).encode()).hexdigest()
