"""Erasing values from entries of the log: their leaves stay, with the digest of words that are nowhere any more."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.models import Change
from app.database.engines import Database
from app.database.errors import DATABASE_ERRORS
from app.database.tables import table_of
from app.proofs.canonical import canonical
from app.proofs.leaves import digest_of, new_salt

ATTEMPTS = 5
SECONDS_BETWEEN = 1.0

CHANGE = table_of(Change)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Blank:
    """What an entry keeps: its data with `values` in place of what is erased, under a new salt.

    The old salt is erased with the words, else who has the leaf could try which words they were. The new one keeps what is
    left now from telling, once more of it is erased.
    """

    position: int
    before: Mapping[str, Any]
    values: Mapping[str, Any]
    salt: str = field(default_factory=new_salt)

    @property
    def after(self) -> dict[str, Any]:
        """The data that is left."""
        return {**self.before, **self.values}

    @property
    def named(self) -> dict[str, Any]:
        """How the leaf of the entry that says so names this one."""
        return {"position": self.position, "data_digest": digest_of(self.salt, self.after)}


async def blank_entry(session: AsyncSession, by: int, blank: Blank) -> None:
    """Erase values of an entry, as the entry at the position `by` says that was added in this transaction.

    On PostgreSQL nobody may change the log but by a function, which does nothing else; it does not read what is compressed,
    and is told what the entry says.
    """
    left = json.dumps(blank.after, ensure_ascii=False, separators=(",", ":"))
    if session.get_bind().dialect.name == "postgresql":
        said = canonical(blank.before)
        await session.execute(select(func.redact_change(by, blank.position, said, left, blank.salt)))
        return
    own = CHANGE.c.position == blank.position
    await session.execute(update(CHANGE).where(own).values(data=left, salt=blank.salt, redacted_by=by))


async def overwrite_behind(database: Database) -> None:
    """Overwrite what a transaction has erased; where that cannot be now, the operator is told in the log."""
    try:
        if not await overwrite(database):
            logger.warning("erased words are still in the database's files: run `register redactions overwrite`")
    except (*DATABASE_ERRORS, PoolTimeout) as error:
        logger.warning("erased words were not overwritten: %s", type(error).__name__)


async def overwrite(database: Database) -> bool:
    """Write the files of an SQLite database anew, so that nothing is left in them of what was erased.

    Returns whether that is so now: who goes on reading an earlier state keeps it in the write-ahead log. PostgreSQL does it
    by itself, when it vacuums.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(SECONDS_BETWEEN)
        if await database.overwrite():
            return True
    return False
