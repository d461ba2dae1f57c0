"""A copy of an SQLite file that nobody else sees: what is tried there makes no writer wait."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from app.database.engines import DISCREET, Database
from app.database.sqlite import DRIVER, prepare_sqlite

NAMELESS = f"{DRIVER}:///file:?uri=true"
"""A file without a name in the folder for temporary files: it is gone with the process, however that ends."""


@asynccontextmanager
async def private_copy(database: Database) -> AsyncIterator[AsyncConnection]:
    """A connection to a copy of an SQLite database as it is now; raises OSError where there is no room for it."""
    engine = create_async_engine(NAMELESS, **DISCREET)
    event.listen(engine.sync_engine, "connect", prepare_sqlite)
    try:
        async with engine.connect() as connection:
            copy = (await connection.get_raw_connection()).driver_connection

            def work(source: Connection) -> None:
                original: Any = source.connection.driver_connection
                original.backup(copy)

            try:
                await database.read(work)
            except sqlite3.Error as error:
                raise OSError(*error.args) from error
            yield connection
    finally:
        await engine.dispose()
