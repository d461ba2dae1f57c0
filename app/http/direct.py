"""Requests answered directly: what FastAPI works out about a route with each request is worked out once.

Functions and parameters are those of the route, read by FastAPI's own validators and called in FastAPI's order; only the
way through them is shorter. Whatever a validator refuses goes FastAPI's way from its beginning, before anything was called.
"""

from collections.abc import Callable
from contextlib import suppress
from inspect import signature
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.http.calls import Calls, NotPlain


class DirectRoute(APIRoute):
    """A route whose plain requests are answered directly, and all else as FastAPI does.

    Dependencies are those of the route and its router; those that are added where a router is included are not known here.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **said: Any) -> None:
        super().__init__(path, endpoint, **said)
        self.calls: Calls | None = None
        answer = signature(endpoint).return_annotation
        if isinstance(answer, type) and issubclass(answer, Response):
            with suppress(NotPlain):
                self.calls = Calls(self.dependant)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        # Whoever traces wants to see FastAPI's steps, and tests put other functions in place of some.
        is_plain = scope["method"] in (self.methods or ()) and "fastapi.telemetry" not in scope
        if is_plain and self.calls is not None and not scope["app"].dependency_overrides:
            received = Received(receive)
            try:
                answer = await self.answer(self.calls, Request(scope, received, send))
            except NotPlain:
                receive = received.again
            else:
                await answer(scope, receive, send)
                return
        await super().handle(scope, receive, send)

    async def answer(self, calls: Calls, request: Request) -> Response:
        """The answer to a plain request; raises NotPlain, before anything is called, where a validator refuses something."""
        if calls.has_content:
            try:
                await request.body()
            except ClientDisconnect:
                raise NotPlain from None
        answer: Response = await calls.answer(calls.read(request))
        return answer


class Received:
    """What comes of a request, noted so that FastAPI can be told it again: what is wrong with a body, too."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self.messages: list[Message] = []
        self.error: Exception | None = None

    async def __call__(self) -> Message:
        """The next message; raises NotPlain for what is wrong with it."""
        try:
            message = await self.receive()
        except Exception as error:
            self.error = error
            raise NotPlain from error
        self.messages.append(message)
        return message

    async def again(self) -> Message:
        """The next message, from the first one on."""
        if self.messages:
            return self.messages.pop(0)
        if self.error is not None:
            raise self.error
        return await self.receive()
