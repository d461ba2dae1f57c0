"""Reads from a real standby: never older than what the caller has seen, and never gone because of it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.database import standbys
from tests.conftest import Templates, client_of, running, settings_for
from tests.databases import only_postgresql
from tests.factories import CARITAS, body_of, goal_id
from tests.faults.conftest import DurableCluster
from tests.faults.standby import Node, copy_of
from tests.problems import problem_of

pytestmark = [pytest.mark.thorough, only_postgresql]

logger = logging.getLogger(__name__)

PATH = "/v1/consultation-events"
BROWSER = {"Accept": "text/html", "Accept-Language": "de"}
CYCLES = 5
SECONDS_TO_TRUST = 20


@dataclass
class Pair:
    """A primary, its standby, and the keys that both know."""

    primary: Node
    standby: Node
    keys: dict[str, str]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
        """The app on both, and an operator's client."""
        url = f"postgresql://postgres@{self.primary.host},{self.standby.host}/seeded?target_session_attrs=read-write"
        settings = settings_for(url).model_copy(update={"database_read_url": self.standby.url("seeded")})
        async with running(settings) as app, client_of(app, self.keys["operator"]) as client:
            yield app.state.runtime.database, client

    async def replay(self, function: str) -> None:
        """Pause or resume what the standby follows with."""
        await self.standby.execute(f"SELECT pg_wal_replay_{function}()")


@pytest.fixture
def pair(templates: Templates, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """Both started; whether the standby follows is looked at often."""
    monkeypatch.setattr(standbys, "CHECK_SECONDS", 0.1)
    assert isinstance(templates.cluster, DurableCluster)
    with copy_of(templates.cluster) as primary:
        yield Pair(primary, primary.copied("standby"), templates.keys)


async def until_it_is_read(database: Any, client: httpx.AsyncClient, *, is_read: bool = True) -> None:
    """Read until the standby is known to follow, or not to."""
    until = time.monotonic() + SECONDS_TO_TRUST
    while database.standby.follows is not is_read:
        assert time.monotonic() < until
        assert (await client.get("/v1/goals")).status_code == 200
        await asyncio.sleep(0.02)


async def made(client: httpx.AsyncClient, title: str) -> httpx.Response:
    """The answer to a new event."""
    answer = await client.post(PATH, json=body_of("consultation-events", title=title))
    assert answer.status_code == 201, answer.text
    return answer


async def changed(client: httpx.AsyncClient, path: str, etag: str, title: str) -> httpx.Response:
    """The answer to a change."""
    return await client.patch(path, json={"title": title}, headers={"If-Match": etag})


def after(answer: httpx.Response) -> dict[str, str]:
    """The header by which what was answered is read back."""
    return {"Read-After": answer.headers["change-position"]}


async def test_is_never_behind_what_the_caller_has_seen(pair: Pair) -> None:
    async with pair.serving() as (database, client):
        first = await made(client, "Fachtag")
        path = f"{PATH}/{first.json()['id']}"
        await pair.standby.until_it_has_followed(pair.primary, "seeded")
        await until_it_is_read(database, client)
        await pair.replay("pause")

        # Replay is paused: who does not say what it has seen reads the state before.
        second = await changed(client, path, first.headers["etag"], "Fachtag 2")
        assert (await client.get(path)).json()["version"] == 1
        for _ in range(CYCLES):
            assert (await client.get(path, headers=after(second))).json() == second.json()
            listed = (await client.get(PATH, headers=after(second))).json()["items"]
            assert second.json() in listed
        # What the caller has in another way, too.
        assert (await client.get(path, headers={"If-None-Match": second.headers["etag"]})).status_code == 304
        assert (await client.get(path, headers={"If-Match": second.headers["etag"]})).json() == second.json()
        # A change that changes nothing says where it read.
        same = await changed(client, path, second.headers["etag"], "Fachtag 2")
        assert same.headers["change-position"] == second.headers["change-position"]

        # What is not there yet is asked of the primary.
        third = await made(client, "Anhörung")
        assert (await client.get(f"{PATH}/{third.json()['id']}")).json() == third.json()
        assert (await client.get(f"{PATH}/{third.json()['id']}/history")).json()["items"]
        problem_of(await client.get(f"{PATH}/{goal_id(1)}"), 404, "not-found")

        assert "Anhörung" in (await client.get(f"/consultation-events/{third.json()['id']}", headers=BROWSER)).text
        assert "Fachtag 2" not in (await client.get("/consultation-events", headers=BROWSER)).text

        # The feed goes on behind a cursor that the standby does not have.
        feed = (await client.get("/v1/changes", params={"limit": 500}, headers=after(third))).json()
        assert feed["items"][-1]["position"] == int(third.headers["change-position"])
        answer = await client.get("/v1/changes", params={"cursor": feed["next_cursor"]})
        assert (answer.status_code, answer.json()["items"]) == (200, [])

        # An answer that is given again says where to read it.
        body, key = body_of("consultation-events", title="Noch einer"), {"Idempotency-Key": "standby"}
        fourth = await client.post(PATH, json=body, headers=key)
        again = await client.post(PATH, json=body, headers=key)
        assert again.headers["idempotent-replayed"] == "true"
        assert int(again.headers["change-position"]) >= int(fourth.headers["change-position"])

        # A key that was revoked is revoked, wherever is read.
        new = await client.post("/v1/keys", json={"partner_id": CARITAS, "role": "reader", "description": "Probe"})
        holder = {"Authorization": f"Bearer {new.json()['key']}"}
        assert (await client.get("/v1/goals", headers=holder)).status_code == 200
        assert (await client.delete(f"/v1/keys/{new.json()['id']}")).is_success
        problem_of(await client.get("/v1/goals", headers=holder), 401, "unauthorized")
        await pair.replay("resume")
        assert database.standby.follows


async def test_lags_and_no_cycle_of_reading_and_changing_fails(pair: Pair) -> None:
    async with pair.serving() as (database, client):
        etag = (first := await made(client, "Fachtag")).headers["etag"]
        path, seen, stale = f"{PATH}/{first.json()['id']}", after(first), 0
        await pair.standby.execute("ALTER SYSTEM SET recovery_min_apply_delay = '200ms'")
        await pair.standby.execute("SELECT pg_reload_conf()")
        await until_it_is_read(database, client)
        for number in range(CYCLES * 2):
            read = await client.get(path, headers=seen)
            assert read.headers["etag"] == etag
            answer = await changed(client, path, read.headers["etag"], f"Fachtag {number}")
            assert answer.status_code == 200, answer.text
            stale += (await client.get(path)).headers["etag"] != answer.headers["etag"]
            etag, seen = answer.headers["etag"], after(answer)
        logger.info("%d of %d reads without Read-After were behind, none with it", stale, CYCLES * 2)
        assert stale, "the standby was read"


async def test_stops_and_the_primary_falls_silent(pair: Pair) -> None:
    async with pair.serving() as (database, client):
        await until_it_is_read(database, client)
        await asyncio.to_thread(pair.standby.control, "-m", "immediate", "stop")
        for _ in range(CYCLES):
            assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
        assert not database.standby.follows
        await asyncio.to_thread(pair.standby.control, "start")
        await until_it_is_read(database, client)

        # Frozen, the standby is left as a primary is; frozen, the primary is not missed by who reads without a key.
        pair.standby.freeze()
        assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
        pair.standby.thaw()
        await until_it_is_read(database, client)
        pair.primary.freeze()
        del client.headers["Authorization"]
        assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
        client.headers["Authorization"] = f"Bearer {pair.keys['operator']}"
        problem_of(await client.get(f"/v1/goals/{goal_id(1)}"), 503, "unavailable")
        await asyncio.to_thread(pair.standby.control, "promote")
        answer = await client.get(f"/v1/goals/{goal_id(1)}")
        while answer.status_code == 503:
            answer = await client.get(f"/v1/goals/{goal_id(1)}")
        assert answer.status_code == 200
        written = await made(client, "Nach dem Umzug")
        read = await client.get(f"{PATH}/{written.json()['id']}", headers=after(written))
        assert read.json() == written.json()


async def test_has_a_future_that_the_restored_primary_lost(pair: Pair) -> None:
    await pair.primary.execute("CREATE DATABASE saved TEMPLATE seeded")
    async with pair.serving() as (database, client):
        lost = await made(client, "Verloren")
        cursor = (await client.get("/v1/changes", params={"limit": 500})).json()["next_cursor"]
        await pair.standby.until_it_has_followed(pair.primary, "seeded")
        await until_it_is_read(database, client)
    await pair.replay("pause")
    await pair.primary.execute("DROP DATABASE seeded WITH (FORCE)")
    await pair.primary.execute("CREATE DATABASE seeded TEMPLATE saved")
    async with pair.serving() as (database, client):
        for _ in range(CYCLES):
            problem_of(await client.get(f"{PATH}/{lost.json()['id']}"), 404, "not-found")
            problem_of(await client.get("/v1/changes", params={"cursor": cursor}), 410, "feed-reset")
            await asyncio.sleep(0.1)
        assert not database.standby.follows
