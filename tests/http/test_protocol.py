"""Connections whose heads are too large or too slow, and clients that do not take their answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.http import protocol
from app.http.protocol import BoundedConnection

START = b"GET / HTTP/1.1\r\nHost: register.test\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answer(_scope: Any, receive: Any, send: Any) -> None:
    """Say how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected(app: Any = answer) -> AsyncIterator[Streams]:
    """A connection to a server of its own."""
    config = uvicorn.Config(app, http=BoundedConnection, log_config=None, lifespan="off")
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedConnection(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end of the connection, which must come."""
    async with asyncio.timeout(10):
        return await reader.read()


def problem_in(sent: bytes, status: int) -> str:
    """The slug of the problem that was sent last."""
    head, _, body = sent.rpartition(b"\r\n\r\n")
    assert f"HTTP/1.1 {status} ".encode() in head
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    document = json.loads(body)
    assert document["status"] == status
    return str(document["type"]).removeprefix("/problems/")


@pytest.mark.parametrize(
    "head",
    [
        START + b"X-Large: " + b"a" * 40_000 + b"\r\n\r\n",
        START + b"X-Large: " + b"a" * 40_000,
        START + b"".join(b"X-%d: %s\r\n" % (number, b"a" * 90) for number in range(400)) + b"\r\n",
        b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: register.test\r\n\r\n",
        b"GET /" + b"a" * 40_000,
    ],
)
async def test_a_large_head_is_431(head: bytes) -> None:
    async with connected() as (reader, writer):
        writer.write(head)
        assert problem_in(await rest(reader), 431) == "request-head-too-large"


async def test_an_endless_head_is_431_at_once() -> None:
    async with connected() as (reader, writer):
        writer.write(START + b"X-Large: ")
        sent = 0
        while not writer.is_closing() and not reader.at_eof() and sent < 100:
            writer.write(b"a" * 65_536)
            sent += 1
            try:
                await writer.drain()
            except ConnectionError:
                break
        assert sent < 100


async def test_bodies_and_requests_behind_each_other_do_not_count() -> None:
    async with connected() as (reader, writer):
        body = b"x" * 100_000
        post = b"POST / HTTP/1.1\r\nHost: register.test\r\nContent-Length: 100000\r\n\r\n"
        for _ in range(3):
            writer.write(post + body + START + b"\r\n" + START + b"X: " + b"a" * 20_000 + b"\r\n\r\n")
            for size in (b"100000", b"0", b"0"):
                head = await reader.readuntil(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 ")
                assert await reader.readexactly(len(size)) == size


@pytest.mark.parametrize(
    ("before", "half"),
    [
        (b"", b"GET / HT"),
        (b"", START),
        (START + b"\r\n", b"GET"),
        (START + b"\r\n", START + b"X-Slow: "),
    ],
)
async def test_half_a_head_is_408(monkeypatch: pytest.MonkeyPatch, before: bytes, half: bytes) -> None:
    monkeypatch.setattr(protocol, "SECONDS_FOR_HEAD", 0.05)
    async with connected() as (reader, writer):
        if before:
            writer.write(before)
            await reader.readuntil(b"\r\n\r\n0")
        writer.write(half)
        assert problem_in(await rest(reader), 408) == "request-timeout"


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_who_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(protocol, "SECONDS_FOR_HEAD", 0.05)
    async with connected() as (reader, writer):
        writer.write(sent)
        assert not (await rest(reader)).startswith(b"HTTP/1.1 2")


@pytest.mark.parametrize(
    ("lines", "is_request"),
    [
        (b"HTTP/1.1\r\n", False),
        (b"HTTP/1.1\r\nHost: a\r\nHost: a\r\n", False),
        (b"HTTP/1.1\r\nHost: a b\r\n", False),
        (b"HTTP/1.1\r\nHost: a/b\r\n", False),
        (b'HTTP/1.1\r\nHost: "><script>\r\n', False),
        (b"HTTP/1.1\r\nHost: user@a\r\n", False),
        (b"HTTP/1.1\r\nHost: a:8000, b\r\n", False),
        (b"HTTP/1.0\r\nHost: a\r\nHost: b\r\n", False),
        (b"HTTP/1.1\r\nHost:\r\n", True),
        (b"HTTP/1.1\r\nHost: register_1.internal:8000\r\n", True),
        (b"HTTP/1.1\r\nHost: [2001:db8::1]:8000\r\n", True),
        (b"HTTP/1.0\r\n", True),
    ],
)
async def test_a_request_names_one_host(lines: bytes, *, is_request: bool) -> None:
    async with connected() as (reader, writer):
        writer.write(b"GET /healthz " + lines + b"Connection: close\r\n\r\n")
        sent = await rest(reader)
        if is_request:
            assert sent.startswith(b"HTTP/1.1 200 ")
        else:
            assert problem_in(sent, 400) == "malformed-request"


async def test_what_is_no_http_is_400() -> None:
    async with connected() as (reader, writer):
        writer.write(b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
        assert problem_in(await rest(reader), 400) == "malformed-request"


async def test_who_does_not_take_an_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SECONDS_TO_TAKE", 0.05)
    ended = asyncio.Event()

    async def endless(_scope: Any, receive: Any, send: Any) -> None:
        leaving = asyncio.create_task(gone(receive))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not leaving.done():
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            await asyncio.sleep(0)
        ended.set()

    async with connected(endless) as (_, writer):
        writer.write(START + b"\r\n")
        async with asyncio.timeout(10):
            await ended.wait()


async def gone(receive: Any) -> None:
    """Wait until the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
