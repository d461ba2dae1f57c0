"""A receiver of webhooks on loopback that does what receivers do, the bad ones too."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Answer = str | Callable[[], Awaitable[str]]

OK = "HTTP/1.1 204 No Content\r\n\r\n"
FAILS = "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nOops"
GONE = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
REDIRECTS = "HTTP/1.1 307 Elsewhere\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
BUSY = "HTTP/1.1 429 Slowly\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n"
SAYS_TOO_MUCH = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nshort"
SAYS_TOO_LITTLE = f"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{'long' * 100}"
NEVER_ENDS = f"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n{'x' * 100_000}"
NO_HTTP = "220 mail.example ESMTP\r\n"
BREAKS_OFF = ""


async def hangs() -> str:
    """Say nothing until the other side goes away."""
    await asyncio.Event().wait()
    return OK


async def hangs_behind_head() -> str:
    """The head of an answer, whose body never comes: `Receiver` keeps the connection open."""
    return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


@dataclass
class Received:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The id of the message."""
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        """The message."""
        return json.loads(self.body)

    @property
    def position(self) -> int:
        """The position of the change."""
        position: int = self.content["data"]["position"]
        return position


@dataclass
class Receiver:
    """What came in, and how the next requests are answered: as planned, then always the same."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    plan: list[Answer] = field(default_factory=list)
    usually: Answer = OK
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook?for=register"

    @property
    def positions(self) -> list[int]:
        """The positions of the changes that came, in order."""
        return [each.position for each in self.received if each.content["type"] != "ping"]

    async def has(self, count: int) -> None:
        """Wait until so many changes came."""
        async with asyncio.timeout(30):
            while len({*self.positions}) < count:
                self.came.clear()
                await self.came.wait()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.received.append(Received(first.split()[1], headers, body))
                self.came.set()
                planned = self.plan.pop(0) if self.plan else self.usually
                answer = planned if isinstance(planned, str) else await planned()
                writer.write(answer.encode())
                await writer.drain()
                if planned is hangs_behind_head:
                    await asyncio.Event().wait()
                if planned in (SAYS_TOO_MUCH, NO_HTTP, BREAKS_OFF):
                    return
        except (asyncio.IncompleteReadError, OSError):
            pass
        except asyncio.CancelledError:
            # What nobody reads any more would keep the connection open.
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def receiving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    connections: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.take(reader, writer))
        connections.add(task)
        task.add_done_callback(connections.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
