"""Bringing a database to the newest schema."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.database import DISCREET, make_private
from app.postgresql import Server
from app.settings import Settings


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
    them; so they are off, and what refers to nothing afterwards is found before the commit.
    """
    if settings.database_file is None:
        # Whoever migrates may take its time.
        engine = Server(settings.database, command_seconds=None).engine(poolclass=NullPool, **DISCREET)
    else:
        engine = create_async_engine(settings.database, **DISCREET)
    if engine.dialect.name == "sqlite":
        open_once(settings)
        event.listen(engine.sync_engine, "connect", prepare_for_batches)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        async with engine.begin() as connection:
            yield connection
            if engine.dialect.name == "sqlite":
                broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
                if broken:
                    raise BrokenReferences(f"{len(broken)} rows refer to nothing, the first in table {broken[0][0]}")
    finally:
        await engine.dispose()


def open_once(settings: Settings) -> None:
    """Open an SQLite file with the plain driver, which fails alone where there is none to open.

    The thread of aiosqlite would outlive the event loop of a command and print a traceback about it.
    """
    make_private(settings.database)
    with create_engine(settings.database.set(drivername="sqlite+pysqlite"), poolclass=NullPool, **DISCREET).connect():
        pass


def prepare_for_batches(connection: Any, _entry: Any) -> None:
    """Leave transactions to us, and foreign keys unchecked while tables are recreated."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA foreign_keys=OFF")
    cursor.close()


async def upgrade(settings: Settings, revision: str = "head") -> None:
    """Migrate the database of the settings up to a revision, in one transaction."""
    await migrate(settings, command.upgrade, revision)


async def downgrade(settings: Settings, revision: str) -> None:
    """Migrate the database of the settings down to a revision, in one transaction."""
    await migrate(settings, command.downgrade, revision)


async def migrate(settings: Settings, step: Any, revision: str) -> None:
    """Run one of Alembic's commands over a connection of ours."""

    def run(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        step(config, revision)

    async with connected(settings) as connection:
        await connection.run_sync(run)
