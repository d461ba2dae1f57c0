"""The database is away, restarted or taken: requests are told so in time, and it heals by itself."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.pool import ConnectionPoolEntry

from app.cli.verify import verify_and_note
from app.database import engines
from app.database.postgresql import LIMITS
from app.database.sqlite import prepare_sqlite
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import IS_SOAK, only_postgresql, only_sqlite
from tests.factories import goal_id
from tests.faults.clients import WRITERS, Reader, Writer, check_feed
from tests.faults.conftest import DurableCluster
from tests.faults.service import Service
from tests.problems import problem_of

pytestmark = pytest.mark.thorough

logger = logging.getLogger(__name__)

RESTARTS = 3 if IS_SOAK else 1
WRITES_BETWEEN = 20
SECONDS_TO_HEAL = 3.0
SECONDS_AT_MOST = 60
POOL_SIZE = 2
POOL_TIMEOUT = 1.0
SECONDS_FOR_LOCKS = 3
SECONDS_FOR_STATEMENTS = 5


@only_postgresql
async def test_restarts_under_load_heal(service: Service, settings: Settings, templates: Templates) -> None:
    cluster = templates.cluster
    assert isinstance(cluster, DurableCluster)
    writers = [Writer(f"writer-{number}") for number in range(WRITERS)]
    reader, ended = Reader(), asyncio.Event()
    async with service.client() as client:
        tasks = [asyncio.create_task(keep_writing(client, writer, ended)) for writer in writers]
        tasks.append(asyncio.create_task(reader.follow(client, ended, limit=20)))
        try:
            for _ in range(RESTARTS):
                await until_written(writers, WRITES_BETWEEN)
                await asyncio.to_thread(cluster.restart_at_once)
                healed = await until_written(writers, 1)
                logger.info("healed in %.2f seconds", healed)
                assert healed < SECONDS_TO_HEAL
            await until_written(writers, WRITES_BETWEEN)
        finally:
            ended.set()
            await asyncio.gather(*tasks)
        await asyncio.gather(*(writer.settle(client) for writer in writers))
        await reader.catch_up(client)
    assert sum(writer.refused for writer in writers) > 0
    check_feed(reader.changes, writers)
    assert (await verify_and_note(settings)).faults == []
    await service.stop()


async def keep_writing(client: httpx.AsyncClient, writer: Writer, ended: asyncio.Event) -> None:
    """Write, and repeat what was refused before anything else, as a careful client does."""
    while not ended.is_set():
        if not writer.unknown:
            await writer.write(client)
            continue
        asked = writer.unknown[0]
        answer = await writer.send(client, asked)
        if answer.status_code == 503:
            problem_of(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "1"
            writer.refused += 1
            await asyncio.sleep(0.05)
        else:
            await writer.settle_one(client, asked, answer)


async def until_written(writers: list[Writer], more: int) -> float:
    """Wait until so many writes more are acknowledged, and return the seconds that it took."""
    started = time.monotonic()
    wanted = sum(len(writer.written) for writer in writers) + more
    while sum(len(writer.written) for writer in writers) < wanted:
        assert time.monotonic() - started < SECONDS_AT_MOST
        await asyncio.sleep(0.02)
    return time.monotonic() - started


@asynccontextmanager
async def lock_of_another(settings: Settings) -> AsyncIterator[None]:
    """A lock that somebody else holds: on one goal in PostgreSQL, on everything in SQLite."""
    if settings.database_file:
        with closing(sqlite3.connect(settings.database_file, isolation_level=None)) as held:
            held.execute("BEGIN IMMEDIATE")
            yield
            held.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(settings.database_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM goal WHERE id = $1 FOR UPDATE", goal_id(1))
            yield
    finally:
        await connection.close()


async def timed(client: httpx.AsyncClient, title: str) -> tuple[httpx.Response, float]:
    """The answer to a change of the goal that is locked, and the seconds that it took."""
    started = time.monotonic()
    headers = {"If-Match": '"1"'}
    answer = await client.patch(f"/v1/goals/{goal_id(1)}", json={"title": title}, headers=headers)
    return answer, time.monotonic() - started


async def slowest(client: httpx.AsyncClient, path: str, ended: asyncio.Event) -> float:
    """Ask again and again; every answer must be 200. Returns the seconds that the slowest one took."""
    longest, last = 0.0, time.monotonic()
    while not ended.is_set():
        await asyncio.sleep(0.02)
        assert (await client.get(path)).status_code == 200
        # The pause counts too: a process that is blocked cannot even begin to answer.
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return longest


def prepare_impatiently(connection: Any, entry: ConnectionPoolEntry) -> None:
    """Prepare a connection to SQLite that waits less long for locks than by default."""
    prepare_sqlite(connection, entry)
    connection.execute(f"PRAGMA busy_timeout={SECONDS_FOR_LOCKS * 1000}").close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Databases that wait less long than they do by default."""
    monkeypatch.setattr(engines, "prepare_sqlite", prepare_impatiently)
    monkeypatch.setitem(LIMITS, "lock_timeout", str(SECONDS_FOR_LOCKS * 1000))
    monkeypatch.setitem(LIMITS, "statement_timeout", str(SECONDS_FOR_STATEMENTS * 1000))


@pytest.mark.usefixtures("impatient")
async def test_an_exhausted_pool_is_told_in_time(settings: Settings, templates: Templates) -> None:
    """Some writes hold every connection and wait for a lock until its time is up; the others are told sooner."""
    small = settings.model_copy(update={"database_pool_size": POOL_SIZE, "database_pool_timeout": POOL_TIMEOUT})
    async with running(small) as app, client_of(app, templates.keys["operator"]) as client:
        # A route takes its time when it is first asked for.
        assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
        for path in ("/healthz", f"/v1/goals/{goal_id(2)}"):
            assert (await client.get(path)).status_code == 200
        assert (await client.patch(f"/v1/goals/{goal_id(2)}", json={}, headers={"If-Match": "*"})).status_code == 200
        ended = asyncio.Event()
        watching = [
            asyncio.create_task(slowest(client, path, ended)) for path in ("/healthz", f"/v1/goals/{goal_id(2)}")
        ]
        try:
            async with lock_of_another(settings):
                answers = await asyncio.gather(*(timed(client, f"Ziel {number}") for number in range(10)))
        finally:
            ended.set()
            health, reading = await asyncio.gather(*watching)
        for answer, _ in answers:
            problem_of(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "1"
        waited = sorted(seconds for _, seconds in answers)
        holding = app.state.runtime.database.writer.pool.size()
        assert waited[-holding - 1] < SECONDS_FOR_LOCKS - 0.5
        # On PostgreSQL the second one stands in line twice, for the row and for who holds it, until its statement is ended.
        assert SECONDS_FOR_LOCKS - 1 < waited[-holding] <= waited[-1] < SECONDS_FOR_STATEMENTS + 2
        assert health < 1
        assert reading < 1
        assert (await timed(client, "Anders"))[0].status_code == 200
        assert connections_in_use(app) == 0


def connections_in_use(app: FastAPI) -> int:
    """How many connections the pools have lent and not got back."""
    database = app.state.runtime.database
    lent: int = database.writer.pool.checkedout() + database.reader.pool.checkedout()
    return lent


@only_sqlite
async def test_reads_that_are_slow_do_not_stop_the_process(settings: Settings, templates: Templates) -> None:
    """SQLite's quick reads happen in the event loop: when every connection is taken they must not wait there."""
    small = settings.model_copy(update={"database_pool_size": 1, "database_pool_timeout": POOL_TIMEOUT})
    async with running(small) as app, client_of(app, templates.keys["reader"]) as client:
        # A route takes its time when it is first asked for.
        for path in ("/healthz", f"/v1/goals/{goal_id(1)}"):
            assert (await client.get(path)).status_code == 200
        ended = asyncio.Event()
        watching = asyncio.create_task(slowest(client, "/healthz", ended))
        with app.state.runtime.database.reader.connect():
            started = time.monotonic()
            answer = await client.get(f"/v1/goals/{goal_id(1)}")
            problem_of(answer, 503, "unavailable")
            assert time.monotonic() - started < POOL_TIMEOUT + 3
        ended.set()
        assert await watching < POOL_TIMEOUT / 2
        assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
