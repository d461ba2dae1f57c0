"""What every answer carries, whatever it answers: request id, security headers, CORS, one log line."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from app.database.standbys import read_after
from app.http.answered import Answered, answered_of
from app.http.clients import client_of
from app.http.errors import Malformed, NotFound
from app.http.failures import InternalError
from app.http.forwarded import prefix_of
from app.http.masking import masked
from app.http.problems import FieldError, Problem, problem_response
from app.language import Text

logger = logging.getLogger("app.access")
failures = logging.getLogger("app.failure")

API_VERSION = "1.0.0"
Refuse = Callable[[Request, Problem], Awaitable[Response]]
"""What makes an answer of what is wrong with a head."""

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

request_id: ContextVar[str] = ContextVar("request_id", default="")
change_position: ContextVar[int | None] = ContextVar("change_position", default=None)
"""The position of the log that the answer to a write is the state of."""

STANDARD_HEADERS = {
    "API-Version": API_VERSION,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "API-Version, Change-Position, Content-Disposition, Content-Location, ETag, "
    "Idempotent-Replayed, Link, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
    "WWW-Authenticate, X-Request-ID",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STANDARD_LINES = [(name.lower().encode(), value.encode()) for name, value in STANDARD_HEADERS.items()]
# A page of another origin reads; it writes through a server of its own (docs/api.md, "From the browser").
PREFLIGHT_HEADERS = [
    (b"access-control-allow-methods", b"GET, HEAD"),
    (
        b"access-control-allow-headers",
        b"Accept, Accept-Language, Authorization, If-Match, If-None-Match, Last-Event-ID, Read-After, X-Request-ID",
    ),
    (b"access-control-max-age", b"86400"),
]


SINGLE = {
    b"idempotency-key": "Idempotency-Key",
    b"last-event-id": "Last-Event-ID",
    b"read-after": "Read-After",
}
"""Headers of one value: of several lines one reader takes the first, and another one the last (RFC 9110, section 5.3)."""
SENT_TWICE = Text("Dieser Header darf nur einmal vorkommen.", "This header may be sent only once.")
NOT_UTF_8 = Text(
    "Die Adresse ist kein UTF-8: ein ü ist darin %C3%BC, nicht %FC.",
    "The address is not UTF-8: an ü is written as %C3%BC in it, not as %FC.",
)
LEADING = ("Location", "Content-Location", "Link")
OWN_ADDRESS = re.compile("^/|(?<=^<)/|(?<=, <)/")
"""Where an address of ours begins in one of these headers."""


def complete(message: Message, scope: Scope) -> None:
    """Give an answer the headers that all have, and what it names the path below which the register is reached.

    An answer to a write has the position that it is the state of, too.
    """
    said = message["headers"]
    names = {name for name, _ in said}
    usual = [each for each in STANDARD_LINES if each[0] not in names]
    message["headers"] = [*said, (b"x-request-id", scope["request_id"].encode()), *usual]
    position, prefix = change_position.get(), prefix_of(scope)
    if position is None and not prefix:
        return
    headers = MutableHeaders(scope=message)
    if position is not None:
        headers.setdefault("Change-Position", str(position))
    for name in LEADING if prefix else ():
        if name in headers:
            headers[name] = OWN_ADDRESS.sub(f"{prefix}/", headers[name])


def route_of(scope: Scope) -> str | None:
    """The template of the address that was asked for; None where there is nothing."""
    return getattr(scope.get("route"), "path", None)


def log_request(told: Answered, path: str) -> None:
    """Write the line of a request."""
    logger.info(
        "request",
        extra={
            "method": told.method,
            "path": path,
            "route": told.route,
            "status": told.status,
            "milliseconds": round(told.seconds * 1000, 1),
            "client": told.client,
            "key": told.key_id and str(told.key_id),
            "partner": told.partner_id and str(told.partner_id),
        },
    )


def refusal_of(scope: Scope) -> Problem | None:
    """What is wrong with a head that parsers would read differently; None for nearly all."""
    path = scope["path"]
    # What is not UTF-8 is all the same once it is decoded, and several addresses would be one.
    if "\ufffd" in path and not is_text(scope.get("raw_path") or b""):
        return NotFound(NOT_UTF_8)
    if b"%" in scope["query_string"] and not is_text(scope["query_string"]):
        return Malformed(NOT_UTF_8)
    if path.endswith("\n"):
        # The end of a route's pattern would let it pass.
        return NotFound()
    single = [name for name, _ in scope["headers"] if name in SINGLE]
    for name in single:
        if single.count(name) > 1:
            return Malformed(SENT_TWICE, errors=[FieldError("header", SINGLE[name], "sent_twice", SENT_TWICE)])
    return None


def is_text(encoded: bytes) -> bool:
    """Whether a part of an address stands for UTF-8."""
    try:
        unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return True


async def as_document(request: Request, refusal: Problem) -> Response:
    """A refusal as a problem document."""
    return problem_response(request.scope, refusal)


class Envelope:
    """The ASGI middleware around all that answers: nothing leaves the service without its headers, not even a failure."""

    def __init__(self, app: ASGIApp, refuse: Refuse = as_document) -> None:
        self.app, self.refuse = app, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        scope["request_id"] = asked if REQUEST_ID.fullmatch(asked) else str(uuid7())
        token = request_id.set(scope["request_id"])
        change_position.set(None)
        read_after.set(None)
        started, method, told = time.perf_counter(), scope["method"], answered_of(scope)
        told.method, told.client = method, client_of(scope)
        head_sent = asyncio.Event()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                complete(message, scope)
                head_sent.set()
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        async def receive_or_leave() -> Message:
            # Whoever asks with HEAD wants nothing after the head: a stream would go on for ever.
            if method != "HEAD":
                return await receive()
            await head_sent.wait()
            return {"type": "http.disconnect"}

        try:
            await self.answer(scope, receive_or_leave, send_with_headers)
        except Exception:  # noqa: BLE001 (the last line of defence: its caller gets a problem, the log the traceback)
            failures.exception("request failed")
            if told.status == 0:
                await problem_response(scope, InternalError())(scope, receive, send_with_headers)
        finally:
            told.seconds = time.perf_counter() - started
            log_request(told, masked(scope["path"]))
            request_id.reset(token)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight and what is no request here, a HEAD as the GET it stands for, and everything else in the app."""
        if scope["method"] == "OPTIONS" and Headers(scope=scope).get("access-control-request-method"):
            await send({"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT_HEADERS)})
            await send({"type": "http.response.body", "body": b""})
            return
        refusal = refusal_of(scope)
        if refusal is not None:
            await (await self.refuse(Request(scope), refusal))(scope, receive, send)
            return
        inside = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        await self.app(inside, receive, send)
        answered_of(scope).route = route_of(inside)
