"""The database: engines for reading and writing."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any, TypeVar, overload

from sqlalchemy import Connection, Engine, Table, create_engine, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.util import greenlet_spawn

from app.database.deadlines import INTERRUPTED, STATEMENT_SECONDS, deadline
from app.database.errors import code_of
from app.database.fair_pool import FairPool
from app.database.long_writes import more_seconds, written_long
from app.database.postgresql import ALONE, CONNECT_SECONDS, Server
from app.database.searching import forget_erased
from app.database.snapshot import Snapshot
from app.database.sqlite import apart, make_private_first, prepare_sqlite
from app.database.standbys import UNREAD, Standby
from app.places import asking, places_to_read

Result = TypeVar("Result")
Session = TypeVar("Session", bound=AsyncSession)

SNAPSHOT_SECONDS = 60
QUICK_SECONDS = 0.02


def insert_into(table: Table, dialect: str) -> Any:
    """An INSERT that may say what becomes of a row that is there already: SQLAlchemy has one for each kind of database."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


DISCREET: dict[str, Any] = {"hide_parameters": True}
"""For every engine: what people wrote belongs into the record and not into a log of errors."""


def is_something(found: object) -> bool:
    """Whether something was found."""
    return found is not None


class Database:
    """One database: read statements outside of transactions, writes in one transaction a request.

    `write_quota` is how many bytes one key may add to the log in a day; for `lends_transactions` see `postgresql.Server`.
    `standby` is where a copy of it is that may be read, too.
    """

    def __init__(
        self,
        url: URL,
        *,
        pool_size: int,
        pool_timeout: float,
        write_quota: int | None = None,
        lends_transactions: bool = False,
        standby: URL | None = None,
    ) -> None:
        pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": pool_timeout, **DISCREET}
        # A read is one statement and needs no transaction: two round trips less on every GET.
        reading: dict[str, Any] = {
            "isolation_level": "AUTOCOMMIT",
            "skip_autocommit_rollback": True,
            "execution_options": {ALONE: True},
        }
        self.pool_size = pool_size
        self.patience = pool_timeout
        self.write_quota = write_quota
        self.places = places_to_read(pool_size)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        # Held from the numbering of changes to their commit: who stands in line here holds no lock of PostgreSQL's meanwhile.
        self.numbering = asyncio.Lock()
        self.reader: Engine
        self.server: Server | None = None
        self.standby: Standby | None = None
        if self.is_sqlite:
            # One write at a time, in the order in which they came: SQLite's own waiting lets the unlucky wait for seconds.
            self.writer = create_async_engine(url, **{**pool, "pool_size": 1})
            line: Any = self.writer.pool
            line.lengthen(partial(more_seconds, str(url.database)))
            self.reader = create_engine(url.set(drivername="sqlite+pysqlite"), **pool, **reading)
            for engine in (self.writer.sync_engine, self.reader):
                event.listen(engine, "do_connect", partial(make_private_first, url))
                event.listen(engine, "connect", prepare_sqlite)
        else:
            self.server = Server(url, lends_transactions=lends_transactions)
            self.writer = self.server.engine(**pool, poolclass=FairPool)
            # Who is lent a transaction has to begin one, or each statement may go to another connection.
            reading = {} if lends_transactions else reading
            self.reader = self.server.engine(**pool, **reading).sync_engine
            if standby is not None:
                kept: dict[str, Any] = {name: pool[name] for name in pool.keys() - {"pool_timeout"}}
                self.standby = Standby(standby, self.reader, lends_transactions=lends_transactions, **kept, **reading)

    @overload
    def transaction(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    @overload
    def transaction(self, session_class: type[Session]) -> AbstractAsyncContextManager[Session]: ...

    @asynccontextmanager
    async def transaction(self, session_class: type[Any] = AsyncSession) -> AsyncIterator[Any]:
        """A session that is committed at the end of the block, or rolled back when the block fails."""
        with self.watched():
            async with session_class(self.writer, expire_on_commit=False) as session, session.begin():
                yield session

    def written_long(self) -> AbstractContextManager[None]:
        """Let other writers wait longer for what the block writes, where only one writes at a time."""
        return written_long(str(self.writer.url.database)) if self.is_sqlite else nullcontext()

    async def apart(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What a part of a transaction comes to that takes long, carried out where it stops nobody else.

        On SQLite that is another thread: nothing may be waited for in it but the transaction's own statements.
        """
        return await (apart(work) if self.is_sqlite else work)

    def watched(self) -> AbstractContextManager[None]:
        """Look after the server for as long as the block waits for it."""
        return nullcontext() if self.server is None else self.server.watched()

    async def read(self, work: Callable[[Connection], Result], *, is_quick: bool = False) -> Result:
        """What `work` reads over a connection outside of a transaction; raises NoPlace when too much else is read.

        The whole work is one hop: to one greenlet over asyncpg, to a thread for SQLite's own driver. What is bounded by
        construction `is_quick`: one row by its key, a page in the order of an index without filters, the end of the log.
        That needs no place, and SQLite reads it in less time than the hop takes, so it is read where it is asked for;
        should it take longer after all, it is begun anew in a thread. The work must not write.
        """
        if is_quick and not self.is_sqlite:
            return await self._read_elsewhere(work)
        if is_quick and self.has_free_reader():
            try:
                return self._read(work, QUICK_SECONDS)
            except DBAPIError as error:
                if code_of(error) != INTERRUPTED:
                    raise
        return await self._in_its_place(self._read_elsewhere(work))

    async def read_anywhere(
        self,
        work: Callable[[Connection], Result],
        *,
        is_quick: bool = False,
        suffices: Callable[[Result], bool] = is_something,
    ) -> Result:
        """The same from a standby, where there is one that has followed to what the caller has seen.

        For what the log numbers, and nothing else: a standby may be a moment behind. The primary is read as well when
        `work` raises anything on the standby, such as that something is not there, and when what it found does not suffice.
        """
        standby = self.standby
        if standby is None or not standby.may_be_read():
            return await self.read(work, is_quick=is_quick)

        async def read_one_of_both(standby: Standby) -> Result:
            found = await standby.read(work)
            return await self._read_elsewhere(work) if found is UNREAD or not suffices(found) else found

        reading = read_one_of_both(standby)
        return await reading if is_quick else await self._in_its_place(reading)

    async def read_state(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` reads of one state, as with `read_anywhere`."""
        standby = self.standby
        if standby is not None and standby.may_be_read():
            found = await self._in_its_place(standby.read(work, is_one_state=True))
            if found is not UNREAD:
                return found
        async with self.snapshot() as snapshot:
            return await snapshot.read(work)

    async def _in_its_place(self, reading: Coroutine[Any, Any, Result]) -> Result:
        asker = asking.get()
        try:
            await self.places.take(asker, self.patience)
        except BaseException:
            reading.close()
            raise
        step = asyncio.ensure_future(reading)
        # A thread goes on when nobody waits for it any more, and so long it keeps its place.
        step.add_done_callback(lambda _: self.places.give_back(asker))
        step.add_done_callback(lambda _: step.cancelled() or step.exception())
        return await asyncio.shield(step)

    async def _read_elsewhere(self, work: Callable[[Connection], Result]) -> Result:
        if self.is_sqlite:
            return await asyncio.to_thread(self._read, work, STATEMENT_SECONDS)
        with self.watched():
            return await greenlet_spawn(self._read, work, STATEMENT_SECONDS)

    @asynccontextmanager
    async def snapshot(self, seconds: float | None = None) -> AsyncIterator[Snapshot]:
        """One state of the database for many reads; raises TimeoutError in whoever keeps it longer than that: a minute.

        It holds a connection: nobody may wait for a client meanwhile. Raises NoPlace when too much else is read.
        """
        # SQLite takes its state with the first read; writers go on beside it.
        snapshot = Snapshot(self.reader, asyncio.to_thread if self.is_sqlite else greenlet_spawn)
        async with self.places.taken(asking.get(), self.patience):
            try:
                async with asyncio.timeout(SNAPSHOT_SECONDS if seconds is None else seconds):
                    with self.watched():
                        await snapshot.open()
                        yield snapshot
            finally:
                await snapshot.close()

    def has_free_reader(self) -> bool:
        """Whether a connection for reading can be had without waiting."""
        pool: Any = self.reader.pool
        return bool(pool.checkedout() < self.pool_size)

    def _read(self, work: Callable[[Connection], Result], seconds: float) -> Result:
        with self.reader.connect() as connection, deadline(connection, seconds):
            return work(connection)

    async def overwrite(self) -> bool:
        """Write an SQLite file anew, without what was erased; returns whether nothing of that is left in its files.

        Writers wait for it. It is not so while somebody reads an earlier state.
        """
        if not self.is_sqlite:
            return True

        def work() -> bool:
            with self.reader.connect() as connection, self.written_long():
                forget_erased(connection)
                connection.exec_driver_sql("VACUUM")
                return not connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]

        # It needs a connection that is in no transaction; other writers of this process wait for the one that is theirs.
        async with self.writer.connect():
            return await asyncio.to_thread(work)

    async def close(self) -> None:
        """Close every connection; a server that does not answer is not waited for."""
        closing = asyncio.ensure_future(self._dispose())
        await asyncio.wait([closing], timeout=CONNECT_SECONDS)
        if self.standby is not None:
            await self.standby.close()
        if self.server is not None:
            await self.server.close()
        await closing

    async def _dispose(self) -> None:
        await self.writer.dispose()
        await greenlet_spawn(self.reader.dispose)
        if self.standby is not None:
            await greenlet_spawn(self.standby.engine.dispose)


async def one_at_a_time(session: AsyncSession, what: str) -> None:
    """Wait until no other transaction does this, and let none begin before this one ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))
