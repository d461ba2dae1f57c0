"""The edge that request bodies pass: size, media type, and JSON that every reader would read alike."""

import asyncio
import json
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.negotiation import content_codings, content_type
from app.http.problems import (
    Malformed,
    PayloadTooLarge,
    Problem,
    RequestTimeout,
    UnsupportedMediaType,
    problem_response,
)
from app.language import Text

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 32
SECONDS_TO_SEND = 30

MEDIA_TYPES = {
    "POST": ("application/json",),
    "PUT": ("application/json",),
    "PATCH": ("application/merge-patch+json", "application/json"),
}

PACKED = Text("Ein gepackter Anfragetext wird nicht gelesen.", "A body that is compressed is not read.")


class BodyGuard:
    """ASGI middleware that reads the body of a write, refuses what is no clean JSON and passes on the rest.

    The body is complete before anything else happens, so a slow client holds no database connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in MEDIA_TYPES:
            await self.app(scope, receive, send)
            return
        try:
            body = await read_body(Headers(scope=scope), receive)
            if body is None:
                return
            if body:
                check_media_type(scope["method"], Headers(scope=scope))
                parse_strictly(body)
        except Problem as problem:
            await problem_response(scope, problem)(scope, receive, send)
            return
        await self.app(scope, replay(body, receive), send)


async def read_body(headers: Headers, receive: Receive) -> bytes | None:
    """The whole body; None when the client went away before it was sent."""
    announced = headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        raise PayloadTooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS_TO_SEND):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > MAX_BODY_BYTES:
                    raise PayloadTooLarge
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise RequestTimeout from None


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, then what the server has to say."""
    waiting = [body]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again


def check_media_type(method: str, headers: Headers) -> None:
    """Refuse a body that is not plain JSON in UTF-8, whatever parameters its media type has beside that."""
    readable = MEDIA_TYPES[method]
    media_type = content_type(headers)
    refusal = {"Accept-Patch" if method == "PATCH" else "Accept": ", ".join(readable)}
    if content_codings(headers):
        raise UnsupportedMediaType(PACKED, headers={**refusal, "Accept-Encoding": "identity"})
    if (
        media_type is None
        or media_type.name not in readable
        or media_type.parameters.get("charset", "utf-8").lower() != "utf-8"
    ):
        raise UnsupportedMediaType(headers=refusal)


def parse_strictly(body: bytes) -> Any:
    """Parse JSON (RFC 8259) and refuse what parsers read differently or a database cannot keep."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable("Der Text ist kein UTF-8.", "The body is not UTF-8.") from None
    try:
        value = json.loads(text, object_pairs_hook=refuse_repeated, parse_constant=refuse_constant, parse_float=finite)
    except json.JSONDecodeError as error:
        raise unreadable(
            f"Kein gültiges JSON in Zeile {error.lineno}, Spalte {error.colno}.",
            f"No valid JSON at line {error.lineno}, column {error.colno}.",
        ) from None
    except ValueError:
        raise unreadable("Eine Zahl hat zu viele Stellen.", "A number has too many digits.") from None
    except RecursionError:
        raise too_deep() from None
    check_values(value)
    return value


def check_values(value: Any) -> None:
    """Refuse text that no database can keep, and nesting that no schema asks for."""
    stack = [(value, 1)]
    while stack:
        current, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise too_deep()
        if isinstance(current, dict):
            for key, member in current.items():
                check_text(key)
                stack.append((member, depth + 1))
        elif isinstance(current, list):
            stack.extend((member, depth + 1) for member in current)
        elif isinstance(current, str):
            check_text(current)


def check_text(text: str) -> None:
    """Refuse NUL and halves of surrogate pairs."""
    if "\0" in text:
        raise unreadable("NUL-Zeichen sind nicht erlaubt.", "NUL characters are not allowed.")
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise unreadable("Der Text enthält ein halbes Unicode-Zeichen.", "The text contains a lone surrogate.")


def refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; the same name twice means different things to different parsers."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise unreadable("Ein Name steht zweimal im selben Objekt.", "A name stands twice in one object.")
    return members


def refuse_constant(_name: str) -> Any:
    """NaN and the infinities are not JSON."""
    raise unreadable("NaN und Infinity sind kein JSON.", "NaN and Infinity are not JSON.")


def finite(digits: str) -> float:
    """A number with a fraction or exponent, when a double can hold it."""
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise unreadable("Eine Zahl ist zu groß.", "A number is too large.")
    return number


def too_deep() -> Malformed:
    """The problem of a body that is nested too deeply."""
    return unreadable(
        f"Mehr als {MAX_DEPTH} Ebenen sind nicht erlaubt.", f"More than {MAX_DEPTH} levels are not allowed."
    )


def unreadable(german: str, english: str) -> Malformed:
    """The problem of a body that cannot be parsed."""
    return Malformed(Text(german, english))
