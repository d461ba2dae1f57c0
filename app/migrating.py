"""Bringing a database to the newest schema."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.city_zone import keep_zone
from app.database.dangling import Changed, dangling, note
from app.database.engines import DISCREET
from app.database.errors import code_of
from app.database.granting import grant
from app.database.postgresql import Server
from app.database.searching import keep_searched
from app.database.sqlite import make_private
from app.settings import Settings

logger = logging.getLogger(__name__)

LOCK_SECONDS = 2.0
"""How long a table is waited for: whoever wants to read it waits behind us meanwhile."""
PAUSE_SECONDS = 3.0
ATTEMPTS = 120
HELD = ("55P03", "40P01")
"""Somebody holds a table for longer, or waits for one of ours while we wait for theirs."""
# A migration may take its time, and so may another one that it waits for.
WITHOUT_LIMITS = "SELECT " + ", ".join(
    f"set_config('{name}', '0', true)"
    for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
)
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('register migrate'))"


class AnotherProgram(Exception):
    """The file of the database is another program's; nothing was done to it."""


class BrokenReferences(Exception):
    """A migration left rows that refer to nothing; it was rolled back."""


def alembic_config() -> Config:
    """Alembic's configuration, wherever the package is installed."""
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    return config


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """A connection for migrations, in one transaction.

    SQLite's batch mode drops and recreates tables, which with foreign keys on would silently delete what refers to
    them; so they are off, and what refers to nothing afterwards is found before the commit. On PostgreSQL whoever else
    migrates is waited for, a table that somebody holds only for a moment.
    """
    changed: Changed = set()
    if settings.database_file is None:
        lends_transactions = settings.database_pooling == "transaction"
        # Whoever migrates may take its time.
        server = Server(settings.database, lends_transactions=lends_transactions, command_seconds=None)
        engine = server.engine(poolclass=NullPool, **DISCREET)
    else:
        make_private(settings.database)
        engine = create_async_engine(settings.database, **DISCREET)
        event.listen(engine.sync_engine, "connect", partial(prepare_for_batches, changed))
    try:
        async with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                for statement in (WITHOUT_LIMITS, ONE_AT_A_TIME, f"SET LOCAL lock_timeout = {LOCK_SECONDS * 1000:.0f}"):
                    await connection.exec_driver_sql(statement)
            yield connection
            if engine.dialect.name == "sqlite":
                broken = await connection.run_sync(dangling, changed)
                if broken:
                    raise BrokenReferences(f"{len(broken)} rows refer to nothing, the first in table {broken[0]}")
    finally:
        await engine.dispose()


def prepare_for_batches(changed: Changed, connection: Any, _entry: Any) -> None:
    """Leave transactions to us, and foreign keys unchecked while tables are recreated; raises AnotherProgram.

    What is changed from then on is noted.
    """
    connection.isolation_level = None
    cursor = connection.cursor()
    tables = {name for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()}
    if tables and "alembic_version" not in tables:
        raise AnotherProgram(f"the file is another program's, with tables such as {min(tables)}: name one of its own")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()
    connection.set_authorizer(partial(note, changed))


Then = Callable[[AsyncConnection], Awaitable[int]]


async def nothing(_connection: AsyncConnection) -> int:
    """What is done with a new schema where nobody says more."""
    return 0


async def upgrade(settings: Settings, revision: str = "head", *, then: Then = nothing) -> int:
    """Migrate the database of the settings up to a revision, and do what is to follow.

    What is searched is kept from then on, so is the time zone of the settings, and the service has its rights. Raises
    OtherZone.

    All of it is one transaction. Returns what follows returns; when that fails, the schema is as before.
    """

    async def follow(connection: AsyncConnection) -> int:
        await connection.run_sync(keep_searched)
        await connection.run_sync(keep_zone, settings.timezone)
        if settings.service_role is not None and connection.dialect.name == "postgresql":
            await connection.run_sync(grant, settings.service_role)
        return await then(connection)

    return await migrate(settings, command.upgrade, revision, follow)


async def downgrade(settings: Settings, revision: str) -> None:
    """Migrate the database of the settings down to a revision, in one transaction."""
    await migrate(settings, command.downgrade, revision, nothing)


async def migrate(settings: Settings, step: Any, revision: str, then: Then) -> int:
    """Run one of Alembic's commands over a connection of ours, again and again while somebody holds a table."""

    def run(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        step(config, revision)

    attempt = 1
    while True:
        try:
            async with connected(settings) as connection:
                await connection.run_sync(run)
                return await then(connection)
        except DBAPIError as error:
            if code_of(error) not in HELD or attempt == ATTEMPTS:
                raise
        attempt += 1
        logger.warning("somebody holds a table that is to be changed, such as pg_dump or who writes; it is tried again")
        await asyncio.sleep(PAUSE_SECONDS)
