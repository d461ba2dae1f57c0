"""Many reads of one state, whatever is written meanwhile, and a connection that always comes back."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, func, select, text

from app.database import engines as databases
from app.database.engines import Database
from app.database.snapshot import Snapshot
from app.database.tables import table_of
from app.decisions.models import Decision
from app.goals.models import Goal
from app.reports.tables import BATCH
from tests.factories import make
from tests.reports.making import multiply
from tests.tables import CSV, csv_of

REPORT = "early-involvement/decisions"


def goals(connection: Connection) -> int:
    """How many goals there are."""
    return connection.execute(select(func.count()).select_from(table_of(Goal))).scalar_one()


def slow(connection: Connection) -> Any:
    """A statement that takes longer than anybody waits here."""
    if connection.dialect.name == "postgresql":
        return connection.execute(text("SELECT pg_sleep(2)")).all()
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    return connection.execute(text(counting)).all()


@pytest.fixture
async def database(app: FastAPI) -> AsyncIterator[Database]:
    """The register's database, all of whose connections must be back in the end and in no transaction."""
    database: Database = app.state.runtime.database
    yield database
    pool: Any = database.reader.pool
    assert pool.checkedout() == 0
    before = await database.read(goals)
    await multiply(database, Goal, 1, id=lambda _: uuid4(), number=lambda _: 999)
    for _ in range(database.pool_size):
        assert await database.read(goals) == before + 1


class TestSnapshot:
    async def test_stays_as_it_is_while_others_write(self, client: httpx.AsyncClient, database: Database) -> None:
        async with database.snapshot() as snapshot:
            before = await snapshot.read(goals)
            await make(client, "goals")
            assert await snapshot.read(goals) == before
            assert await database.read(goals) == before + 1
        async with database.snapshot() as snapshot:
            assert await snapshot.read(goals) == before + 1

    async def test_ends_with_what_fails_in_it(self, database: Database) -> None:
        with pytest.raises(ZeroDivisionError):
            async with database.snapshot() as snapshot:
                await snapshot.read(lambda connection: goals(connection) / 0)

    async def test_ends_when_its_reader_is_told_to_stop(self, database: Database) -> None:
        started = asyncio.Event()

        async def reading() -> None:
            async with database.snapshot() as snapshot:
                await snapshot.read(goals)
                started.set()
                await snapshot.read(slow)

        task = asyncio.create_task(reading())
        await started.wait()
        await asyncio.sleep(0)
        task.cancel()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_ends_when_its_reader_is_stopped_before_it_began(self, database: Database) -> None:
        async def reading() -> None:
            async with database.snapshot():
                raise AssertionError

        task = asyncio.create_task(reading())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_ends_when_its_time_is_over(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(databases, "SNAPSHOT_SECONDS", 0.05)
        with pytest.raises(TimeoutError):
            async with database.snapshot() as snapshot:
                await snapshot.read(slow)

    async def test_leaves_the_event_loop_to_others(self, database: Database) -> None:
        async with database.snapshot() as snapshot:
            reading = asyncio.create_task(snapshot.read(slow))
            started = time.monotonic()
            await asyncio.sleep(0.01)
            assert time.monotonic() - started < 1
            reading.cancel()


class TestLargeReports:
    async def test_in_csv_are_of_the_state_that_they_name(
        self, app: FastAPI, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await make(client, "decisions", decides_on="2025-05-15")
        await multiply(app.state.runtime.database, Decision, 2 * BATCH, id=lambda _: uuid4())
        position = (await client.get(f"/v1/reports/{REPORT}")).json()["position"]
        read, written = Snapshot.read, []

        async def reading(snapshot: Snapshot, work: Any) -> Any:
            found = await read(snapshot, work)
            written.append(await make(client, "decisions", title="Mittendrin", decides_on="2099-12-31"))
            return found

        with monkeypatch.context() as patched:
            patched.setattr(Snapshot, "read", reading)
            answer = await client.get(f"/v1/reports/{REPORT}", headers=CSV)
        assert len(written) == 3
        assert answer.headers["change-position"] == str(position)
        assert answer.text.count("\r\n") == 2 * BATCH + 2
        assert "Mittendrin" not in answer.text
        rows = await csv_of(client, REPORT)
        assert [row["title"] for row in rows[-3:]] == ["Mittendrin"] * 3

    async def test_are_503_when_they_take_too_long(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(databases, "SNAPSHOT_SECONDS", -1)
        answer = await client.get(f"/v1/reports/{REPORT}", headers=CSV)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
