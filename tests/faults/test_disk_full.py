"""The disk is full: nothing is half-written, reading goes on, and nobody has to restart anything."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.engine import Engine

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.databases import only_postgresql, only_sqlite
from tests.engines import listening
from tests.factories import body_of, items_of, make, patch
from tests.faults.clients import Reader
from tests.problems import problem_of

MOST_WRITES = 500
NO_LIMIT = 2**32 - 2


class Disk:
    """How many pages SQLite may have."""

    pages = NO_LIMIT


@contextmanager
def small_disk(engine: Engine) -> Iterator[Disk]:
    """A disk for a database, whose size can be changed; SQLite forgets the limit with the connection."""
    disk = Disk()

    def limit(connection: Any, *_others: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={disk.pages}").close()

    with listening(engine, "checkout", limit):
        yield disk


@only_sqlite
class TestSQLite:
    async def test_answers_507_and_recovers(self, app: FastAPI, client: httpx.AsyncClient, settings: Settings) -> None:
        made = await make(client, "goals")
        with small_disk(app.state.runtime.database.writer.sync_engine) as disk:
            # Less than there is already: what is there is the limit.
            disk.pages = 1
            written = await write_until_full(client)
            before = Reader()
            await before.catch_up(client)
            key = {"Idempotency-Key": "the-one"}
            body = body_of("consultation-events", title="Zu viel", description="x" * 10_000)
            refused = await asyncio.gather(
                *(client.post("/v1/consultation-events", json=body, headers=key) for _ in range(4))
            )
            for answer in refused:
                problem_of(answer, 507, "storage-full")
            problem_of(await patch(client, "goals", made, description="x" * 10_000), 507, "storage-full")
            assert (await client.get(f"/v1/goals/{made['id']}")).json() == made
            assert (await client.get("/readyz")).status_code == 200
            after = Reader()
            await after.catch_up(client)
            assert after.changes == before.changes
            assert (await verify_and_note(settings)).faults == []
            disk.pages = NO_LIMIT
            answer = await client.post("/v1/consultation-events", json=body, headers=key)
            assert (answer.status_code, "idempotent-replayed" in answer.headers) == (201, False)
            assert (await patch(client, "goals", made, title="Anders")).status_code == 200
        assert len(await items_of(client, "consultation-events", limit=200)) == written + 1
        assert (await verify_and_note(settings)).faults == []


async def write_until_full(client: httpx.AsyncClient) -> int:
    """Write until there is no room left, and return how many writes there was room for."""
    for written in range(MOST_WRITES):
        body = body_of("consultation-events", description="x" * 10_000)
        answer = await client.post("/v1/consultation-events", json=body)
        if answer.status_code != 201:
            problem_of(answer, 507, "storage-full")
            return written
    raise AssertionError("the disk was never full")


REFUSING = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON change FOR EACH ROW EXECUTE FUNCTION refuse();
"""


@pytest.mark.thorough
@only_postgresql
class TestPostgreSQL:
    """A trigger says what PostgreSQL says without room: a disk of a size of our own would need rights we may lack."""

    async def test_answers_507_and_recovers(self, client: httpx.AsyncClient, settings: Settings) -> None:
        made = await make(client, "goals")
        connection = await asyncpg.connect(settings.database_url)
        try:
            await connection.execute(REFUSING)
            problem_of(await client.post("/v1/goals", json=body_of("goals")), 507, "storage-full")
            problem_of(await patch(client, "goals", made, title="Anders"), 507, "storage-full")
            assert (await client.get(f"/v1/goals/{made['id']}")).json() == made
            await connection.execute("DROP FUNCTION refuse CASCADE")
        finally:
            await connection.close()
        assert (await patch(client, "goals", made, title="Anders")).status_code == 200
        assert (await verify_and_note(settings)).faults == []
