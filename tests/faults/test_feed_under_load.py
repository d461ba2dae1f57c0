"""Eight systems write and one reads, all at once; some of the writes fail."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.conftest import Templates, client_of
from tests.databases import IS_SOAK
from tests.factories import make, measure_id
from tests.faults.clients import WRITERS, Reader, Writer, check_feed

pytestmark = pytest.mark.thorough

WRITES = 20
ONE_FAILS_IN = 10
PAGES = (1, 7, 500) if IS_SOAK else (7,)


async def write_and_fail(app: FastAPI, key: str, writer: Writer) -> int:
    """Write again and again, and return how many writes failed in their transaction."""
    failed = 0
    async with client_of(app, key) as client:
        taken = (await client.get(f"/v1/sub-measures/{measure_id(1, 1)}")).json()
        for number in range(WRITES):
            if number % ONE_FAILS_IN == ONE_FAILS_IN - 1:
                body = {name: taken[name] for name in ("goal_id", "number", "title")}
                answer = await client.post("/v1/sub-measures", json=body, headers={"Idempotency-Key": writer.name})
                # The constraint refuses it after the statements before it were carried out.
                assert answer.status_code == 409, answer.text
                failed += 1
            else:
                await writer.write(client)
    return failed


@pytest.mark.parametrize("page", PAGES)
async def test_gives_a_reader_every_change_once(
    app: FastAPI, client: httpx.AsyncClient, settings: Settings, templates: Templates, page: int
) -> None:
    writers = [Writer(f"writer-{number}") for number in range(WRITERS)]
    reader, ended = Reader(), asyncio.Event()
    reading = asyncio.create_task(reader.follow(client, ended, limit=page))
    try:
        failed = await asyncio.gather(*(write_and_fail(app, templates.keys["admin"], writer) for writer in writers))
    finally:
        ended.set()
        await reading
    await reader.catch_up(client)
    check_feed(reader.changes, writers)
    assert failed == [WRITES // ONE_FAILS_IN] * WRITERS
    assert sum(len(writer.written) for writer in writers) == WRITERS * WRITES * (ONE_FAILS_IN - 1) // ONE_FAILS_IN
    assert (await verify_and_note(settings)).faults == []


@asynccontextmanager
async def long_transaction(settings: Settings) -> AsyncIterator[None]:
    """A transaction of somebody else that goes on: on PostgreSQL one that has written too, on SQLite one that reads."""
    if settings.database_file:
        with closing(sqlite3.connect(settings.database_file, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM change").fetchall()
            yield
            connection.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(settings.database_url)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            await connection.execute("UPDATE partner SET description = 'x'")
            await connection.fetch("SELECT count(*) FROM change")
            yield
    finally:
        await connection.close()


async def test_goes_on_beside_a_long_transaction(client: httpx.AsyncClient, settings: Settings) -> None:
    reader = Reader()
    await make(client, "goals")
    async with long_transaction(settings):
        await reader.catch_up(client)
        for _ in range(3):
            seen = len(reader.changes)
            made = await make(client, "goals")
            await reader.catch_up(client)
            assert [change["data"] for change in reader.changes[seen:]] == [made]
