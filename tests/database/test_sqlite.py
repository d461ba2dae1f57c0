"""SQLite as it is written to."""

import asyncio
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from app.database import sqlite
from app.database.engines import Database
from app.database.long_writes import more_seconds
from app.database.sqlite import Connection
from app.runtime import Runtime
from app.settings import Settings
from tests.databases import only_sqlite
from tests.factories import CITY, body_of, make, patch, rule_of

COUNT = text("SELECT count(*) FROM api_key")
USE = text("UPDATE api_key SET description = 'so'")


def told(monkeypatch: pytest.MonkeyPatch, place: str) -> asyncio.Event:
    """Whether somebody there has asked how much longer to wait."""
    asked = asyncio.Event()

    def ask(path: str) -> float:
        asked.set()
        return more_seconds(path)

    monkeypatch.setattr(f"{place}.more_seconds", ask)
    return asked


def wait_only_a_moment(connection: sqlite3.Connection, _entry: object) -> None:
    """The usual waiting, shorter."""
    connection.execute("PRAGMA busy_timeout=10")


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

    async def test_waits_longer_while_another_process_writes_long(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who is next, and who stands behind that one."""
        asked = [told(monkeypatch, place) for place in ("app.database.sqlite", "app.database.engines")]
        database = Database(settings.database, pool_size=1, pool_timeout=0.01)
        other = Database(settings.database, pool_size=1, pool_timeout=1)
        event.listen(database.writer.sync_engine, "connect", wait_only_a_moment)

        async def write() -> None:
            async with database.transaction() as session:
                await session.execute(USE)

        async with other.transaction() as session:
            await session.execute(USE)
            with pytest.raises(OperationalError):
                await write()
            with other.written_long():
                for each in asked:
                    each.clear()
                writing = [asyncio.create_task(write()) for _ in range(2)]
                await asyncio.gather(*(each.wait() for each in asked))
                await session.commit()
                await asyncio.gather(*writing)
        await database.close()
        await other.close()

    async def test_copies_what_was_much_from_the_log_beside_those_who_write(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "MUCH", 0)
        # Whoever is the last to close the file copies all of it.
        with closing(sqlite3.connect(str(settings.database_file))) as kept:
            kept.execute("SELECT 1 FROM api_key").fetchone()
            database = Database(settings.database, pool_size=1, pool_timeout=1)
            for _ in range(2):
                async with database.transaction() as session:
                    await session.execute(USE)
            await database.close()
            with closing(sqlite3.connect(f"file:{settings.database_file}?immutable=1", uri=True)) as connection:
                assert connection.execute("SELECT DISTINCT description FROM api_key").fetchall() == [("so",)]

    async def test_gives_back_the_room_of_what_was_much(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "LOG_BYTES", 100_000)
        log, sizes = Path(f"{settings.database_file}-wal"), []
        database = Database(settings.database, pool_size=1, pool_timeout=1)
        async with database.transaction() as session:
            await session.execute(text("CREATE TABLE much (said TEXT)"))
        for length in (10_000_000, 1):
            async with database.transaction() as session:
                await session.execute(text("INSERT INTO much VALUES (:said)"), {"said": "x" * length})
            sizes.append(log.stat().st_size)  # noqa: ASYNC240 (a size is known at once)
        await database.close()
        assert sizes[0] > 10_000_000
        assert sizes[1] <= 100_000

    async def test_lets_the_log_begin_anew_where_much_follows_upon_much(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "MUCH", 0)
        monkeypatch.setattr(sqlite, "LOG_BYTES", 100_000)
        has_begun, threads, copy = threading.Event(), list[str](), sqlite.checkpoint

        def slowly(path: str) -> None:
            threads.append(threading.current_thread().name)
            has_begun.wait()
            copy(path)

        monkeypatch.setattr(sqlite, "checkpoint", slowly)
        database = Database(settings.database, pool_size=1, pool_timeout=1)
        for is_begun in (False, True, True):
            async with database.transaction() as session:
                await session.execute(text("CREATE TABLE IF NOT EXISTS much (said TEXT)"))
                await session.execute(text("INSERT INTO much VALUES (:said)"), {"said": "x" * 10_000_000})
                if is_begun:
                    has_begun.set()
        assert threads == ["checkpoint", "commit_0", "checkpoint"]
        assert Path(f"{settings.database_file}-wal").stat().st_size < 25_000_000  # noqa: ASYNC240 (a size is known at once)
        await database.close()

    @pytest.mark.parametrize(("much", "is_elsewhere"), [(0, True), (1_000_000, False)])
    async def test_undoes_much_where_it_stops_nobody_else(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch, much: int, *, is_elsewhere: bool
    ) -> None:
        monkeypatch.setattr(sqlite, "MUCH", much)
        database, threads = Runtime.of(settings).database, dict[str, int]()
        async with database.transaction() as session:
            await session.execute(USE)
            driver: Any = (await (await session.connection()).get_raw_connection()).driver_connection
            driver.set_trace_callback(lambda statement: threads.update({statement: threading.get_ident()}))
            await session.rollback()
        assert (threads["ROLLBACK"] != threading.get_ident()) is is_elsewhere
        async with database.transaction() as session:
            assert "so" not in (await session.execute(text("SELECT DISTINCT description FROM api_key"))).scalars()
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


@only_sqlite
class TestRights:
    @pytest.mark.parametrize("method", ["post", "patch"])
    @pytest.mark.parametrize("other", ["process", "writer"])
    async def test_are_asked_after_again_by_who_waited(
        self, app: FastAPI, settings: Settings, callers: Mapping[str, httpx.AsyncClient], other: str, method: str
    ) -> None:
        """For another process, or for another writer of the same one."""
        client, path = callers["coordinator"], "consultation-events"
        made = await make(client, path, organiser_id=CITY)
        ending = "DELETE FROM agreement_party"

        async def write_beside() -> asyncio.Task[httpx.Response]:
            creating = partial(client.post, f"/v1/{path}", json=body_of(path, organiser_id=CITY))
            changing = partial(patch, client, path, made, title="Anders")
            begun = asyncio.create_task(creating() if method == "post" else changing())
            for _ in range(50):
                await asyncio.sleep(0.001)
            assert not begun.done()
            return begun

        if other == "process":
            connection = sqlite3.connect(str(settings.database_file), isolation_level=None)
            connection.execute("BEGIN IMMEDIATE")
            writing = await write_beside()
            connection.execute(ending)
            connection.execute("COMMIT")
            connection.close()
        else:
            async with app.state.runtime.database.transaction() as session:
                await session.execute(text(ending))
                writing = await write_beside()
        assert rule_of(await writing) == "agreement"
