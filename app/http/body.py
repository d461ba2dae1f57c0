"""The edge that request bodies pass: who sends them, their size, their media type, and JSON that all read alike."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant, solve_dependencies
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.calls import CONTENT, Calls
from app.http.dependencies import dependencies_of
from app.http.errors import PayloadTooLarge, RequestTimeout, UnsupportedMediaType
from app.http.negotiation import JSON, content_codings, content_type
from app.http.strict_json import parse_strictly
from app.language import Text

MAX_BODY_BYTES = 1024 * 1024
SECONDS_TO_SEND = 30
ADMITTED = "register.admitted"
"""Where in the scope the first guard of a route leaves whom it let in, for the dependencies that ask after it."""

STREAMED = "register.streamed"
"""Where in the scope it stands that a body is passed on as it comes, and is kept nowhere."""

PACKED = Text("Ein gepackter Anfragetext wird nicht gelesen.", "A body that is compressed is not read.")


@dataclass(frozen=True)
class BodyPolicy:
    """What a route reads; a route that says nothing reads what its method stands for in `USUAL`.

    Said as a dependency: `dependencies=[Depends(BodyPolicy(("text/csv",), 100 * 1024**2, 600, is_streamed=True))]`. What is
    streamed is passed on as it comes, and the route parses it.
    """

    media_types: tuple[str, ...] = (JSON,)
    most_bytes: int = MAX_BODY_BYTES
    seconds: float | None = None
    is_streamed: bool = False

    async def __call__(self) -> None:
        """Nothing: what it says was followed when the body was read."""


USUAL = {
    "POST": BodyPolicy(),
    "PUT": BodyPolicy(),
    "PATCH": BodyPolicy(("application/merge-patch+json", JSON)),
}


class BodyGuard:
    """ASGI middleware that lets the route's guards look at the caller, then reads the body as the route's policy says.

    Nothing is read before a route asks for it: where there is none, or none for the method, the body stays where it is. A
    body that is not streamed is complete before its route begins, so a slow client holds no database connection.
    """

    def __init__(self, app: ASGIApp, guards: Collection[Callable[..., Any]]) -> None:
        self.app = app
        self.guards = guards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in USUAL:
            await self.app(scope, receive, send)
            return
        body = Body(scope, receive, send, self.guards)
        await self.app(scope, body.receive, body.send)


class Body:
    """The body of one request, and the ear of its client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, guards: Collection[Callable[..., Any]]) -> None:
        self.scope, self.receive_more, self.send_on, self.guards = scope, receive, send, guards
        self.headers, self.policy = Headers(scope=scope), USUAL[scope["method"]]
        self.is_asked_for = self.is_complete = self.is_given_up = False
        self.size, self.ends_at = 0, 0.0

    async def send(self, message: Message) -> None:
        """Pass the answer on, unless nobody is there who waits for it."""
        if not self.is_given_up:
            await self.send_on(message)

    async def receive(self) -> Message:
        """The next message for the app; raises what is wrong with the body or its sender."""
        if self.is_complete:
            return await self.receive_more()
        if not self.is_asked_for:
            await self.admit()
        if self.policy.is_streamed:
            return await self.next_part()
        whole = bytearray()
        while not self.is_complete:
            message = await self.next_part()
            if message["type"] == "http.disconnect":
                return message
            whole += message.get("body", b"")
        if whole:
            self.scope[CONTENT] = parse_strictly(bytes(whole))
        return {"type": "http.request", "body": bytes(whole), "more_body": False}

    async def admit(self) -> None:
        """Refuse who may not send, and what is announced too large, before anything is read."""
        self.is_asked_for = True
        route = self.scope.get("route")
        if isinstance(route, APIRoute):
            for each in dependencies_of(route.dependant):
                if isinstance(each.call, BodyPolicy):
                    self.policy = each.call
                elif each.call in self.guards:
                    self.scope[ADMITTED] = await asked(each, Request(self.scope))
        self.scope[STREAMED] = self.policy.is_streamed
        announced = self.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced) > self.policy.most_bytes:
            raise too_large(self.policy)
        self.ends_at = asyncio.get_running_loop().time() + (self.policy.seconds or SECONDS_TO_SEND)

    async def next_part(self) -> Message:
        """The next part of the body as it comes."""
        try:
            async with asyncio.timeout_at(self.ends_at):
                message = await self.receive_more()
        except TimeoutError:
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            self.is_given_up = self.is_complete = True
            return message
        part = message.get("body", b"")
        if part and not self.size:
            check_media_type(self.policy, self.scope["method"], self.headers)
        self.size += len(part)
        if self.size > self.policy.most_bytes:
            raise too_large(self.policy)
        self.is_complete = not message.get("more_body", False)
        return message


async def asked(guard: Dependant, request: Request) -> Any:
    """What a guard of a route says to a request, as it will say again when the route is run."""
    if not request.app.dependency_overrides:
        calls = calls_of(guard.call)
        return await calls.answer(calls.read(request))
    async with AsyncExitStack() as stack:
        found = await solve_dependencies(
            request=request,
            dependant=guard,
            dependency_overrides_provider=request.app,
            async_exit_stack=stack,
            embed_body_fields=False,
        )
        return await guard.call(**found.values) if guard.call else None


@cache
def calls_of(guard: Callable[..., Any]) -> Calls:
    """What is called for a guard, whatever route it stands before."""
    return Calls(get_dependant(path="", call=guard))


def check_media_type(policy: BodyPolicy, method: str, headers: Headers) -> None:
    """Refuse what the route does not read; text is UTF-8, and other parameters of a media type say nothing here."""
    media_type = content_type(headers)
    there = ", ".join(policy.media_types)
    refusal = {"Accept-Patch" if method == "PATCH" else "Accept": there}
    if content_codings(headers):
        raise UnsupportedMediaType(PACKED, headers={**refusal, "Accept-Encoding": "identity"})
    if (
        media_type is None
        or media_type.name not in policy.media_types
        or media_type.parameters.get("charset", "utf-8").lower() != "utf-8"
    ):
        detail = Text(f"Diese Adresse liest {there}, in UTF-8.", f"This address reads {there}, in UTF-8.")
        raise UnsupportedMediaType(detail, headers=refusal)


def too_large(policy: BodyPolicy) -> PayloadTooLarge:
    """The problem of a body that is larger than its route reads."""
    size = policy.most_bytes // 1024 // 1024
    return PayloadTooLarge(
        Text(
            f"Der Anfragetext darf hier höchstens {size} MiB groß sein.", f"The body may have {size} MiB at most here."
        )
    )
