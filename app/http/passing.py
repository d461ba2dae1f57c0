"""Passing requests on to the one process that writes, where several serve one SQLite file."""

from collections.abc import AsyncIterator
from functools import cached_property
from pathlib import Path

import httpx
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.envelope import Envelope
from app.http.failures import Unavailable
from app.http.forwarded import prefix_of
from app.http.problems import problem_response

READS = ("GET", "HEAD", "OPTIONS")
OF_THE_WRITER = "/v1/imports"
"""Whether an import is still carried out is known to the process that carries it out."""
SAID_ANEW = frozenset(
    {b"connection", b"expect", b"keep-alive", b"te", b"transfer-encoding", b"upgrade"}
    | {b"x-forwarded-for", b"x-forwarded-prefix", b"x-forwarded-proto", b"date"}
)
"""What is about one connection, and what is said of the client's."""


class ToWriter:
    """ASGI middleware that has writes answered by the process that listens on a socket of the machine.

    SQLite has one writer at a time. Processes that take turns by its lock wait for each other blindly; in one process
    they wait in line. Where that process ends meanwhile the answer is 503: a repeated request finds what was done.
    """

    def __init__(self, app: ASGIApp, writer: Path) -> None:
        self.app, self.writer = app, writer
        self.without_writer = Envelope(say_unavailable)

    @cached_property
    def client(self) -> httpx.AsyncClient:
        """What reaches the writer, once there is an event loop."""
        most = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        transport = httpx.AsyncHTTPTransport(uds=str(self.writer), limits=most)
        return httpx.AsyncClient(transport=transport, timeout=None)  # noqa: S113 (the writer has limits of its own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"] in READS and not scope["path"].startswith(OF_THE_WRITER)):
            await self.app(scope, receive, send)
            return
        try:
            answer = await self.client.send(self.request(scope, receive), stream=True)
        except httpx.TransportError:
            await self.without_writer(scope, receive, send)
            return
        try:
            await pass_back(answer, send)
        finally:
            await answer.aclose()

    def request(self, scope: Scope, receive: Receive) -> httpx.Request:
        """The same request, with what was known here of where it came from."""
        headers = [(name, value) for name, value in scope["headers"] if name not in SAID_ANEW]
        headers.append((b"x-forwarded-proto", scope["scheme"].encode()))
        if scope.get("client"):
            headers.append((b"x-forwarded-for", scope["client"][0].encode()))
        if prefix := prefix_of(scope):
            headers.append((b"x-forwarded-prefix", prefix.encode()))
        sent = Headers(scope=scope)
        has_body = "content-length" in sent or "transfer-encoding" in sent
        url = httpx.URL(scheme="http", host="writer", raw_path=target_of(scope))
        return httpx.Request(scope["method"], url, headers=headers, content=body_of(receive) if has_body else None)


async def say_unavailable(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer that nobody writes just now."""
    await problem_response(scope, Unavailable())(scope, receive, send)


def target_of(scope: Scope) -> bytes:
    """What was asked for, as it was written."""
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return path + (b"?" + query if query else b"")


async def body_of(receive: Receive) -> AsyncIterator[bytes]:
    """The body, as it comes."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.ReadError("the client went away")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def pass_back(answer: httpx.Response, send: Send) -> None:
    """Send an answer on, as it comes."""
    headers = [(name.lower(), value) for name, value in answer.headers.raw]
    kept = [(name, value) for name, value in headers if name not in SAID_ANEW]
    await send({"type": "http.response.start", "status": answer.status_code, "headers": kept})
    async for piece in answer.aiter_raw():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
