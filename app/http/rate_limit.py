"""A limit on what one client can ask for in a minute, so that one system in a loop does not stop the others."""

import time
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.clients import client_of
from app.http.errors import TooManyRequests
from app.http.problems import problem_response

WINDOW_SECONDS = 60
MOST_CLIENTS = 50_000


class RateLimit:
    """ASGI middleware that counts requests by client (`client_of`) in fixed windows, in this process."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit
        self.window = 0
        self.counts: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        window, elapsed = divmod(int(time.monotonic()), WINDOW_SECONDS)
        if window != self.window:
            self.window, self.counts = window, Counter()
        client = client_of(scope)
        self.counts[client] += 1
        if len(self.counts) > MOST_CLIENTS:
            # Whoever has asked least loses nothing by being forgotten, and refuses nobody else.
            self.counts = Counter(dict(self.counts.most_common(MOST_CLIENTS // 2)))
        remaining = self.limit - self.counts[client]
        reset = WINDOW_SECONDS - elapsed

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = (("limit", self.limit), ("remaining", max(remaining, 0)), ("reset", reset))
                lines = [(b"ratelimit-%b" % name.encode(), b"%d" % number) for name, number in said]
                message["headers"] = [*message["headers"], *lines]
            await send(message)

        if remaining < 0:
            await problem_response(scope, TooManyRequests(reset))(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)
