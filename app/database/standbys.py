"""Reading from a standby: only from one that follows the primary, and only what it has followed to."""

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from enum import Enum
from time import monotonic
from typing import Any, Literal, TypeVar

from sqlalchemy import Connection, Engine, column, select, table
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.util import greenlet_spawn

from app.database.postgresql import ONE_STATE, Server

Result = TypeVar("Result")

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.3
"""How long a standby is waited for that has not followed far enough; then the primary is read."""
LOOK_SECONDS = 0.02
CHECK_SECONDS = 5.0
"""After how long it is looked again whether it follows."""
PATIENCE = 0.3
"""How long a connection to it is waited for; the primary has one, too."""

FEED = table("feed", column("position"))
CHANGE = table("change", column("position"), column("leaf_hash"))

read_after: ContextVar[int | None] = ContextVar("read_after", default=None)
"""The position of the log that whoever asks has seen: nothing older may be answered."""


class Unread(Enum):
    """In place of what a standby would have answered."""

    UNREAD = "unread"


UNREAD: Literal[Unread.UNREAD] = Unread.UNREAD


class Standby:
    """A standby, or what spreads connections over several.

    It is read while the end of its log was seen in the log of the primary: one that follows an earlier primary, or is a
    copy of something else, is not; `why_not` says it. Whoever cannot be answered from it is told so, whatever the reason is.
    """

    def __init__(self, url: URL, primary: Engine, *, lends_transactions: bool, pool_size: int, **pool: Any) -> None:
        self.server = Server(url, lends_transactions=lends_transactions)
        self.engine = self.server.engine(**pool, pool_size=pool_size, pool_timeout=PATIENCE).sync_engine
        self.primary = primary
        self.follows = False
        self.why_not: str | None = None
        self.check_at = 0.0
        self.checking: asyncio.Task[None] | None = None

    def may_be_read(self) -> bool:
        """Whether it follows, as far as is known; it is looked again from time to time, and nobody waits for that."""
        if monotonic() >= self.check_at and (self.checking is None or self.checking.done()):
            self.checking = asyncio.get_running_loop().create_task(self.check())
        return self.follows

    async def read(
        self, work: Callable[[Connection], Result], *, is_one_state: bool = False
    ) -> Result | Literal[Unread.UNREAD]:
        """What `work` reads here from what the caller has seen or later; UNREAD where that cannot be, or `work` raises.

        All of it is of one state where that is asked for.
        """
        position, until = read_after.get(), monotonic() + WAIT_SECONDS
        try:
            with self.server.watched():
                while True:
                    found = await greenlet_spawn(self._read, work, position, is_one_state)
                    if found is not UNREAD or monotonic() >= until:
                        return found
                    # Nobody holds a connection while it waits.
                    await asyncio.sleep(LOOK_SECONDS)
        except Exception as error:  # noqa: BLE001 (whatever it is, the primary is asked, and says it again if it is so)
            if isinstance(error, OSError) or (isinstance(error, DBAPIError) and error.connection_invalidated):
                self.judge(follows=False, why=error)
            return UNREAD

    def _read(
        self,
        work: Callable[[Connection], Result],
        position: int | None,
        is_one_state: bool,  # noqa: FBT001 (as greenlets take it)
    ) -> Result | Literal[Unread.UNREAD]:
        with self.engine.connect() as connection:
            if is_one_state:
                connection.execution_options(**ONE_STATE)
            if position is not None and connection.execute(select(FEED.c.position)).scalar_one() < position:
                return UNREAD
            return work(connection)

    async def check(self) -> None:
        """See whether the end of its log is a part of the primary's; while that does not answer, what was seen last holds."""
        try:
            with self.server.watched():
                position, its_hash = await greenlet_spawn(asked, self.engine, end_of_log)
        except (SQLAlchemyError, OSError) as error:
            self.judge(follows=False, why=error)
            return
        try:
            known = await greenlet_spawn(asked, self.primary, lambda connection: hash_at(connection, position))
        except (SQLAlchemyError, OSError):
            self.check_at = monotonic() + CHECK_SECONDS
        else:
            self.judge(follows=its_hash == known)

    def judge(self, *, follows: bool, why: BaseException | None = None) -> None:
        """Remember whether it follows, and say when that changes; also at first, when it does not."""
        why_not = None
        if not follows:
            why_not = (
                "its log is not the primary's" if why is None else str(getattr(why, "orig", why)) or type(why).__name__
            )
        if why_not and not self.why_not:
            logger.warning("the standby is not read: %s", why_not)
        if follows and not self.follows:
            logger.info("the standby is read")
        self.follows, self.why_not, self.check_at = follows, why_not, monotonic() + CHECK_SECONDS

    async def close(self) -> None:
        """End what goes on, and every connection."""
        if self.checking is not None:
            self.checking.cancel()
            await asyncio.gather(self.checking, return_exceptions=True)
        await self.server.close()


def asked(engine: Engine, work: Callable[[Connection], Result]) -> Result:
    """What is read over a connection of an engine."""
    with engine.connect() as connection:
        return work(connection)


def end_of_log(connection: Connection) -> tuple[int, str | None]:
    """The last position of the log, and the hash that stands there."""
    position = int(connection.execute(select(FEED.c.position)).scalar_one())
    return position, hash_at(connection, position)


def hash_at(connection: Connection, position: int) -> str | None:
    """The hash that stands at a position of the log; None where nothing does."""
    statement = select(CHANGE.c.leaf_hash).where(CHANGE.c.position == position)
    return connection.execute(statement).scalar_one_or_none()
