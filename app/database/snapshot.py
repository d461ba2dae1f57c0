"""Many reads of one state of the database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from app.database.deadlines import STATEMENT_SECONDS, deadline
from app.database.postgresql import ONE_STATE

Result = TypeVar("Result")


class Snapshot:
    """One state of the database, read over a connection of its own until it ends.

    Whoever reads may be told to stop at any time. The step that is going on then goes on without it, so that two never use
    the connection at once, and the connection is given back behind it.
    """

    def __init__(self, reader: Engine, run: Callable[..., Awaitable[Any]]) -> None:
        self.reader, self.run = reader, run
        self.connection: Connection | None = None
        self.step: asyncio.Future[Any] | None = None

    async def open(self) -> None:
        """Take a connection; the state is that of the first read."""
        await self.do(self._open)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` reads in this state. It must not write, and no two may read at once."""
        found: Result = await self.do(self._read, work)
        return found

    async def do(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run a step where it stops nobody else."""
        self.step = asyncio.ensure_future(self.run(work, *arguments))
        return await asyncio.shield(self.step)

    async def close(self) -> None:
        """Give the connection back, also when the one who read is told to stop meanwhile."""
        await asyncio.shield(asyncio.ensure_future(self._close()))

    async def _close(self) -> None:
        while self.step is not None and not self.step.done():
            # What has not begun yet is not stopped.
            self._interrupt()
            await asyncio.wait([self.step], timeout=0.1)
        if self.step is not None and not self.step.cancelled():
            # Nobody waits for what it raised any more.
            self.step.exception()
        await self.run(self._end)

    def _open(self) -> None:
        self.connection = self.reader.connect()
        if self.connection.dialect.name == "postgresql":
            self.connection.execution_options(**ONE_STATE)
        else:
            self.connection.exec_driver_sql("BEGIN")

    def _read(self, work: Callable[[Connection], Any]) -> Any:
        if self.connection is None:
            raise RuntimeError("it is not open")
        with deadline(self.connection, STATEMENT_SECONDS):
            return work(self.connection)

    def _interrupt(self) -> None:
        """Stop a statement of SQLite's, which has no limit of its own; PostgreSQL's has one."""
        driver: Any = self.connection and self.connection.connection.driver_connection
        if hasattr(driver, "interrupt"):
            driver.interrupt()

    def _end(self) -> None:
        if self.connection is None:
            return
        with self.connection:
            try:
                if self.connection.dialect.name == "postgresql":
                    self.connection.rollback()
                else:
                    self.connection.exec_driver_sql("ROLLBACK")
            except BaseException:
                # Nobody may get a connection that is still in an old state.
                self.connection.invalidate()
                raise
