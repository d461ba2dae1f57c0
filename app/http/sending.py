"""Sending answers that are large: piece by piece, and few at once."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.failures import CROWDED, Unavailable
from app.http.problems import problem_response
from app.places import NoPlace, Places, asking

LARGE = 1024 * 1024
PIECE = 64 * 1024


class LargeAnswers:
    """ASGI middleware that shares out places for large answers, whose text is in memory until the client has taken it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.places = Places(16, most_without_key=8, each=4, each_without_key=4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asker, holds, refused = asking.get(), False, False

        async def send_shared(message: Message) -> None:
            nonlocal asker, holds, refused
            if refused:
                return
            if message["type"] == "http.response.start" and is_large(message):
                asker = asking.get()
                try:
                    await self.places.take(asker)
                except NoPlace:
                    refused = True
                    await problem_response(scope, Unavailable(CROWDED))(scope, receive, send)
                    return
                holds = True
            for piece in pieces(message) if holds else [message]:
                await send(piece)

        try:
            await self.app(scope, receive, send_shared)
        finally:
            if holds:
                self.places.give_back(asker)


def is_large(start: Message) -> bool:
    """Whether an answer says that it is large."""
    return int(Headers(raw=start["headers"]).get("content-length", "0")) > LARGE


def pieces(message: Message) -> list[Message]:
    """The messages that say the same: after each the server waits until the client has taken enough."""
    body = message.get("body", b"")
    if len(body) <= PIECE:
        return [message]
    starts = range(0, len(body), PIECE)
    more = [*(True for _ in starts[1:]), message.get("more_body", False)]
    return [
        {**message, "body": body[start : start + PIECE], "more_body": each}
        for start, each in zip(starts, more, strict=True)
    ]
