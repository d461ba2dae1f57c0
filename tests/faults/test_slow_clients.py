"""Clients that send slowly or not at all, and a service that is asked to end while it answers."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.settings import Settings
from tests.conftest import Templates
from tests.databases import any_database
from tests.factories import goal_id, make
from tests.faults.service import Service

pytestmark = pytest.mark.thorough

SECONDS_TO_SEND = 2
CLIENTS = 30
HEAD = (
    "POST /v1/goals HTTP/1.1\r\nHost: register.test\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
)

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def impatient(settings: Settings, templates: Templates, tmp_path: Path) -> AsyncIterator[Service]:
    """A process that has one connection for writing, and waits less long for clients than it does by default."""
    patience = {"app.http.body.SECONDS_TO_SEND": SECONDS_TO_SEND}
    key = templates.keys["admin"]
    async with Service(settings, key, tmp_path, constants=patience, REGISTER_DATABASE_POOL_SIZE="1") as service:
        yield service


@asynccontextmanager
async def connected(port: int, sent: str, times: int = 1) -> AsyncIterator[list[Connection]]:
    """Connections that have sent this and no more."""
    async with AsyncExitStack() as stack:
        connections = []
        for _ in range(times):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.push_async_callback(hang_up, writer)
            writer.write(sent.encode())
            await writer.drain()
            connections.append((reader, writer))
        yield connections


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection that the other side may have closed."""
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def all_sent(reader: asyncio.StreamReader) -> bytes:
    """Everything that a server sends until it closes."""
    return await asyncio.wait_for(reader.read(), SECONDS_TO_SEND + 8)


class TestWithoutBody:
    async def test_is_told_and_holds_nothing_meanwhile(self, impatient: Service) -> None:
        head = HEAD.format(key=impatient.key)
        async with impatient.client() as client, connected(impatient.port, head, CLIENTS) as silent:
            for _ in range(3):
                started = time.monotonic()
                await make(client, "goals")
                assert time.monotonic() - started < SECONDS_TO_SEND
            for reader, _ in silent:
                head_sent, _, body = (await all_sent(reader)).partition(b"\r\n\r\n")
                assert head_sent.startswith(b"HTTP/1.1 408 ")
                assert b"content-type: application/problem+json" in head_sent
                assert b'"/problems/request-timeout"' in body
            await make(client, "goals")

    @any_database
    async def test_is_told_when_it_sends_drop_by_drop_and_may_go_away(self, impatient: Service) -> None:
        head = HEAD.format(key=impatient.key)
        async with connected(impatient.port, head) as [(reader, writer)]:
            dripping = asyncio.create_task(drip(writer))
            try:
                assert (await all_sent(reader)).startswith(b"HTTP/1.1 408 ")
            finally:
                dripping.cancel()
        async with connected(impatient.port, head, CLIENTS):
            pass
        async with impatient.client() as client:
            await make(client, "goals")
        assert "Traceback" not in impatient.log()


async def drip(writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then."""
    for _ in range(50):
        writer.write(b" ")
        await asyncio.sleep(0.2)


@any_database
async def test_half_a_head_keeps_nobody_waiting(impatient: Service) -> None:
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(impatient.client())
        for sent in ("", "GET /v1/go", "GET /v1/goals HTTP/1.1\r\nHost: regi"):
            await stack.enter_async_context(connected(impatient.port, sent, CLIENTS))
        started = time.monotonic()
        await make(client, "goals")
        assert (await client.get("/v1/goals")).status_code == 200
        assert time.monotonic() - started < SECONDS_TO_SEND
        started = time.monotonic()
        await impatient.stop()
        assert time.monotonic() - started < 5


@asynccontextmanager
async def everything_locked(settings: Settings) -> AsyncIterator[None]:
    """A lock of somebody else that every change of a goal waits for."""
    if settings.database_file:
        with closing(sqlite3.connect(settings.database_file, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(settings.database_url)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE goal IN SHARE MODE")
            yield
    finally:
        await connection.close()


class TestBeingStopped:
    async def test_finishes_what_it_has_begun(self, service: Service, settings: Settings) -> None:
        async with service.client() as client:
            async with everything_locked(settings):
                changes = [asyncio.create_task(change(client, number)) for number in range(1, 6)]
                await until_waiting(client, changes)
                assert service.process is not None
                service.process.terminate()
                await until_refused(service.port)
            answers = await asyncio.gather(*changes)
            assert [answer.status_code for answer in answers] == [200] * 5
            await service.ended()
        await service.start()
        async with service.client() as client:
            for number in range(1, 6):
                assert (await client.get(f"/v1/goals/{goal_id(number)}")).json() == answers[number - 1].json()

    async def test_does_not_wait_for_those_who_wait(self, service: Service) -> None:
        """Readers that wait for a change, by long polling or on a stream, would keep it for as long as they like."""
        async with service.client() as client:
            newest = (await client.get("/v1/changes", params={"limit": 500})).json()["next_cursor"]
            waiting = asyncio.create_task(client.get("/v1/changes", params={"cursor": newest, "wait": 30}))
            async with client.stream("GET", "/v1/changes/stream", params={"cursor": newest}) as stream:
                lines = stream.aiter_lines()
                assert (await anext(lines)).startswith(":")
                started = time.monotonic()
                await service.stop()
                assert time.monotonic() - started < 5
                assert [line async for line in lines if line] == []
            answer = await waiting
            assert answer.status_code == 200
            assert answer.json() == {"items": [], "next_cursor": newest, "more": False}

    async def test_ends_whatever_its_clients_do(self, service: Service, settings: Settings) -> None:
        """Heads without bodies, an answer that nobody takes, a write that waits for a lock: none keeps it, none is a failure."""
        reading = "GET /v1/changes/stream HTTP/1.1\r\nHost: register.test\r\n\r\n"
        async with (
            service.client() as client,
            connected(service.port, HEAD.format(key=service.key), 3),
            connected(service.port, reading * 3),
            everything_locked(settings),
        ):
            waiting = asyncio.create_task(change(client, 1))
            await until_waiting(client, [waiting])
            started = time.monotonic()
            await service.stop()
            assert time.monotonic() - started < 8
            with suppress(httpx.TransportError):
                assert (await waiting).status_code == 503
        assert "Traceback" not in service.log()


async def change(client: httpx.AsyncClient, number: int) -> httpx.Response:
    """Change one of the goals."""
    path, headers = f"/v1/goals/{goal_id(number)}", {"If-Match": '"1"'}
    return await client.patch(path, json={"title": "Anders"}, headers=headers)


async def until_waiting(client: httpx.AsyncClient, changes: list[asyncio.Task[httpx.Response]]) -> None:
    """Ask for other things until what was sent before them must have arrived."""
    for _ in range(20):
        assert (await client.get("/healthz")).status_code == 200
        assert not any(task.done() for task in changes)


async def until_refused(port: int) -> None:
    """Try until nobody listens any more."""
    for _ in range(100):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            return
        await hang_up(writer)
        await asyncio.sleep(0.02)
    raise AssertionError("it still listens")
