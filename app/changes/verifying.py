"""Checking the log: numbered without gaps, chained, and in agreement with what it is about."""

from collections.abc import AsyncIterator

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.changes.log import FIRST_HASH, chained
from app.changes.models import Change, LogHead, Subject

BATCH = 1_000


async def faults(session: AsyncSession) -> AsyncIterator[str]:
    """Everything that is wrong with the log, in words; nothing when it is as it was written."""
    position, hash = 0, FIRST_HASH
    latest: dict[object, int] = {}
    while True:
        statement = select(Change).where(col(Change.position) > position).order_by(col(Change.position)).limit(BATCH)
        entries = list((await session.execute(statement)).scalars())
        if not entries:
            break
        for entry in entries:
            if entry.position != position + 1:
                yield f"positions {position + 1} to {entry.position - 1} are missing"
            hash = chained(hash, entry.model_dump())
            if hash != entry.hash:
                yield f"the entry at position {entry.position} is not as it was written"
                hash = entry.hash
            position = entry.position
            latest[entry.resource_id] = entry.version
        session.expunge_all()
    end = (await session.execute(select(LogHead))).scalar_one()
    if (end.position, end.hash) != (position, hash):
        yield f"the log ends at position {position}, its counter says {end.position}"
    for subject in (await session.execute(select(Subject))).scalars():
        if latest.get(subject.id) != subject.version:
            yield f"{subject.kind} {subject.id} is at version {subject.version}, the log at {latest.get(subject.id)}"
