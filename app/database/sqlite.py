"""SQLite as it is written to: statements run where they are asked for, and what waits stops nobody else.

A driver that hands each statement to a thread and back spends more time on that than on the statements: a write has dozens
of them, and each takes microseconds. Only two things wait: a transaction for the lock of another process, and its commit
for the disk.
"""

import asyncio
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_

from app.database.fair_pool import FairPool
from app.database.long_writes import more_seconds, written_long
from app.days import day_in_zone

Result = TypeVar("Result")

DRIVER = "sqlite+inplace"
"""What SQLAlchemy knows it by."""
FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.05
"""Seconds between two attempts to get the lock."""
INSERT = re.compile(r"(INSERT INTO [^?]* VALUES )(\((?:\?, )*\?\))")
"""An INSERT of a row of parameters alone."""
ROWS = 500
"""How many rows a statement inserts at most: the widest table needs half of the parameters that one may have."""
MUCH = 10_000
"""How many rows a transaction changes at least that others do not wait for while it goes from SQLite's log to its place."""
PAGES_OF_LOG = 1_000
"""How long the log grows before it is copied, as by SQLite's default."""
LOG_BYTES = 2**26
"""How much room its file keeps once all of it is copied: an import writes gigabytes."""


class Cursor(sqlite3.Cursor):
    """A cursor whose rows are read as they are asked for."""

    async def _async_soft_close(self) -> None:
        """SQLAlchemy asks cursors of asyncio to get all their rows while it can wait for them; nothing waits here."""


class Connection(sqlite3.Connection):
    """A connection for one writer at a time; must be used from greenlets of SQLAlchemy's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self.ending: Future[None] | None = None
        self.has_waited = False
        self.changes_before = 0
        self.checkpointing: threading.Thread | None = None
        self.follows = False
        [[_, _, self.path]] = self.execute("PRAGMA database_list")

    def cursor(self, factory: Any = Cursor) -> Any:
        """A cursor."""
        return super().cursor(factory)

    def begin(self) -> None:
        """Take the write lock, at once: a transaction that reads first and then writes fails without waiting.

        Waits as long as `busy_timeout` says, and longer for who writes long, then raises OperationalError; `has_waited` says
        whether it did.
        """
        self.changes_before = self.total_changes
        self.follows = self.checkpointing is not None and self.checkpointing.is_alive()
        [milliseconds] = self.execute("PRAGMA busy_timeout").fetchone()
        self.execute("PRAGMA busy_timeout=0")
        try:
            until, pause = time.monotonic() + milliseconds / 1000, FIRST_PAUSE
            self.has_waited = False
            while not self.has_begun(is_last=self.is_over(until)):
                self.has_waited = True
                await_(asyncio.sleep(pause))
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            self.execute(f"PRAGMA busy_timeout={milliseconds}")

    def is_over(self, until: float) -> bool:
        """Whether nothing is waited for any more after that time."""
        now = time.monotonic()
        return now >= until and now >= until + more_seconds(self.path)

    def has_begun(self, *, is_last: bool) -> bool:
        """Whether the lock could be taken; raises OperationalError for another error, and for any at the last attempt."""
        try:
            self.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            # Extended codes say why it is busy in their upper bytes.
            if is_last or error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def commit(self) -> None:
        """Commit, in a thread: the disk may take its time."""
        self.end_by(self.commit_much if self.has_much else super().commit)

    @property
    def has_much(self) -> bool:
        """Whether the transaction has changed so much that ending it takes long."""
        return self.total_changes - self.changes_before > MUCH

    def end_by(self, step: Callable[[], None]) -> None:
        """End the transaction in a thread."""
        self.ending = self.thread.submit(step)
        await_(asyncio.wrap_future(self.ending))

    def commit_much(self) -> None:
        """The same without copying what was written from SQLite's log to its place: that is done while others write.

        The log begins anew only where all of it is copied. So that it does not grow for as long as much follows upon much, what
        began while the last one was being copied is copied before anybody else writes.
        """
        self.execute("PRAGMA wal_autocheckpoint=0")
        super().commit()
        self.execute(f"PRAGMA wal_autocheckpoint={PAGES_OF_LOG}")
        self.end_checkpoint()
        if self.follows:
            checkpoint(self.path)
        else:
            self.checkpointing = threading.Thread(target=checkpoint, args=(self.path,), name="checkpoint")
            self.checkpointing.start()

    def end_checkpoint(self) -> None:
        """Wait until what is being copied from the log is."""
        if self.checkpointing is not None:
            self.checkpointing.join()

    def rollback(self) -> None:
        """Roll back what is not committed; an end that nobody waits for any more comes before. Much is undone in a thread."""
        if self.ending is not None:
            wait([self.ending])
        if self.in_transaction and self.has_much:
            self.end_by(super().rollback)
        else:
            super().rollback()

    def close(self) -> None:
        """Close the connection, and end its threads."""
        self.thread.shutdown()
        self.end_checkpoint()
        super().close()


def checkpoint(path: str) -> None:
    """Copy what can be from SQLite's log to its place; what cannot is left to those who commit later."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection, written_long(path):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


async def begins_at_once(session: AsyncSession) -> bool:
    """Begin a session's transaction now, and say whether that waited for nobody, who might have written meanwhile."""
    pool: Any = session.get_bind().engine.pool
    is_free = pool.checkedout() == 0
    begun: Any = (await session.connection()).sync_connection
    return is_free and not begun.connection.driver_connection.has_waited


async def apart(work: Coroutine[Any, Any, Result]) -> Result:
    """What work over a connection comes to that only this work uses meanwhile, in a thread: its statements run where it does.

    Whoever stops waiting for it waits until it has ended.
    """
    step = asyncio.ensure_future(asyncio.to_thread(asyncio.run, work))
    try:
        return await asyncio.shield(step)
    finally:
        await asyncio.wait([step])


async def at_once() -> None:
    """Nothing to wait for."""


class Dialect(SQLiteDialect_pysqlite):
    """SQLite's own driver for engines of asyncio."""

    driver = "inplace"
    supports_statement_cache = True
    is_async = True
    has_terminate = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[FairPool]:  # noqa: ARG003 (the base class names it so)
        """A pool whose waiting stops nobody else."""
        return FairPool

    def create_connect_args(self, url: URL) -> Any:
        """A connection of our own, whose commits are another thread's."""
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, "factory": Connection, "check_same_thread": False}

    def get_driver_connection(self, connection: Any) -> Any:
        """The connection, which nothing stands around."""
        return connection

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin as a writer."""
        dbapi_connection.begin()

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:  # noqa: ARG002 (the base class names it so)
        """Execute a statement where it is."""
        cursor.execute(statement, parameters)
        # What SQLAlchemy takes for a driver of asyncio waits for something.
        await_(at_once())

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:  # noqa: ARG002 (the base class names it so)
        """Insert rows some at a time: an index of texts writes to its file with each statement that has triggers."""
        inserted = INSERT.fullmatch(statement)
        if inserted is None:
            cursor.executemany(statement, parameters)
            return
        before, row = inserted.groups()
        for start in range(0, len(parameters), ROWS):
            some = parameters[start : start + ROWS]
            cursor.execute(f"{before}{', '.join([row] * len(some))}", tuple(chain.from_iterable(some)))

    def do_terminate(self, dbapi_connection: Any) -> None:
        """Close what nobody gave back."""
        dbapi_connection.close()


def make_private(url: URL) -> None:
    """Let only its owner read a new SQLite file; the files beside it get the same mode from SQLite."""
    with suppress(OSError):
        os.close(os.open(str(url.database), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def make_private_first(url: URL, *_connecting: Any) -> None:
    """The same, just before a connection would make the file."""
    make_private(url)


def prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Set what SQLite forgets between connections, and give it what it lacks; FULL so that an answered write survives a power cut."""
    connection.isolation_level = None
    connection.create_function("day_in", 2, day_in_zone, deterministic=True)
    cursor = connection.cursor()
    kept = f"journal_size_limit={LOG_BYTES}"
    for pragma in ("journal_mode=WAL", kept, "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


registry.register(DRIVER.replace("+", "."), __name__, Dialect.__name__)
