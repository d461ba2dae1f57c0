"""SQLite as it is written to."""

import asyncio
import sqlite3

import pytest
from sqlalchemy import text

from app.runtime import Runtime
from app.settings import Settings
from app.sqlite import Connection
from tests.databases import only_sqlite

COUNT = text("SELECT count(*) FROM api_key")
USE = text("UPDATE api_key SET description = 'so'")


@only_sqlite
class TestWriter:
    async def test_waits_for_another_process_and_stops_nobody_meanwhile(self, settings: Settings) -> None:
        database = Runtime.of(settings).database
        assert settings.database_file is not None
        other = sqlite3.connect(settings.database_file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        ticks = 0

        async def write() -> None:
            async with database.transaction() as session:
                await session.execute(USE)

        writing = asyncio.create_task(write())
        while ticks < 20:
            await asyncio.sleep(0.001)
            ticks += 1
        assert not writing.done()
        other.execute("ROLLBACK")
        await writing
        assert other.execute("SELECT DISTINCT description FROM api_key").fetchall() == [("so",)]
        other.close()
        await database.close()

    async def test_goes_on_after_a_commit_that_nobody_waited_for(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        database = Runtime.of(settings).database
        committing, commit = asyncio.Event(), Connection.commit

        def note(connection: Connection) -> None:
            committing.set()
            commit(connection)

        monkeypatch.setattr(Connection, "commit", note)

        async def write() -> None:
            async with database.transaction() as session:
                await session.execute(USE)

        writing = asyncio.create_task(write())
        await committing.wait()
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        async with database.transaction() as session:
            assert (await session.execute(COUNT)).scalar_one() > 0
        await database.close()
