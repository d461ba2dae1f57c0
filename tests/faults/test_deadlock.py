"""A write that PostgreSQL rolls back for the sake of another one is carried out again, and happens once."""

import asyncio

import asyncpg
import httpx
import pytest

from app.http import retrying
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import only_postgresql
from tests.factories import changes_after, end_of_feed, goal_id, make
from tests.problems import problem_of

pytestmark = [pytest.mark.thorough, only_postgresql]


async def until_waiting(connection: asyncpg.Connection) -> None:
    """Wait until somebody waits for a lock that this connection has."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    for _ in range(2000):
        if await connection.fetchval(waiting):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def deadlocked(client: httpx.AsyncClient, settings: Settings, measure: str) -> httpx.Response:
    """The answer to a change that holds its sub-measure and waits for its new goal, while another does the opposite."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        # The one that began to wait first finds the deadlock, and it is the service's.
        await connection.execute("SET deadlock_timeout = '30s'")
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM goal WHERE id = $1 FOR UPDATE", goal_id(2))
            changing = asyncio.create_task(
                client.patch(
                    f"/v1/sub-measures/{measure}",
                    json={"goal_id": goal_id(2), "number": 99, "title": "Zweimal versucht"},
                    headers={"If-Match": '"1"'},
                )
            )
            await until_waiting(connection)
            await connection.execute("SELECT 1 FROM sub_measure WHERE id = $1 FOR UPDATE", measure)
        return await changing
    finally:
        await connection.close()


async def test_is_tried_again_and_happens_once(client: httpx.AsyncClient, settings: Settings) -> None:
    measure = (await make(client, "sub-measures"))["id"]
    end = await end_of_feed(client)
    answer = await deadlocked(client, settings, measure)
    assert (answer.status_code, answer.json()["title"], answer.json()["version"]) == (200, "Zweimal versucht", 2)
    assert [change["version"] for change in (await changes_after(client, end))[0]] == [2]


async def test_is_told_as_busy_when_it_was_tried_often_enough(
    settings: Settings, templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "MOST_TRIES", 1)
    async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
        measure = (await make(client, "sub-measures"))["id"]
        answer = await deadlocked(client, settings, measure)
        problem_of(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "1"
        assert (await client.get(f"/v1/sub-measures/{measure}")).json()["version"] == 1
