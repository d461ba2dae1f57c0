"""Carrying a write out again when the database says that it did nothing and the same may succeed now."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.answered import answered_of
from app.http.body import STREAMED

WRITES = ("POST", "PUT", "PATCH", "DELETE")
MOST_TRIES = 3
AGAIN = "register.again"

logger = logging.getLogger(__name__)


class Retry:
    """ASGI middleware that repeats a write which the database rolled back for the sake of another one.

    A request has one transaction, so what was rolled back has left nothing. Whoever turned that into an answer has set
    `AGAIN` in the scope; only the last try's answer is sent. What is streamed is kept nowhere, and has one try.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in WRITES:
            await self.app(scope, receive, send)
            return
        received: list[Message] = []
        for tries_left in reversed(range(MOST_TRIES)):
            scope[AGAIN] = False
            attempt = Attempt(scope, receive, send, received, is_last=tries_left == 0)
            await self.app(scope, attempt.receive, attempt.send)
            if not attempt.is_dropped:
                return
            answered_of(scope).tries += 1
            logger.info("the database rolled a write back; it is tried again")


class Attempt:
    """One try: it gets what was received before, and keeps back an answer that is not to be sent."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, received: list[Message], *, is_last: bool) -> None:
        self.scope, self.receive_more, self.send_on, self.received = scope, receive, send, received
        self.is_last, self.is_dropped, self.position = is_last, False, 0

    async def receive(self) -> Message:
        """The next message, of those that an earlier try received first."""
        if self.position == len(self.received):
            message = await self.receive_more()
            if self.scope.get(STREAMED):
                self.is_last = True
                return message
            self.received.append(message)
        self.position += 1
        return self.received[self.position - 1]

    async def send(self, message: Message) -> None:
        """Pass the answer on, unless the write is tried again."""
        if message["type"] == "http.response.start":
            self.is_dropped = self.scope[AGAIN] and not self.is_last
        if not self.is_dropped:
            await self.send_on(message)
