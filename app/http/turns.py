"""Turns at the event loop, which all requests share: who has used much of it lets those go first who have used little."""

import asyncio
import hashlib
from collections.abc import Awaitable, Generator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.clients import client_of
from app.places import Asker, asking

AT_ONCE_SECONDS = 0.005
"""How long a request uses the loop before it takes another turn."""
PATIENCE = 0.05
"""How long a turn is waited for: then it comes, whoever else is at work."""
LOOK_SECONDS = 0.002
AT_WORK_SECONDS = 0.02
"""A request that has not used the loop for so long waits for something else, and nobody waits for it."""
HALF_LIFE = 1.0
FORGOTTEN_SECONDS = 0.001
MOST_KEYS = 10_000


@dataclass(eq=False)
class Use:
    """What a caller has used of the loop lately, in seconds, and how many of its requests go on."""

    seconds: float = 0.0
    requests: int = 0
    worked_at: float = 0.0
    line: asyncio.Lock = field(default_factory=asyncio.Lock)


class Turns:
    """ASGI middleware that shares out the loop's time among callers, by what their requests really use of it.

    A request begins, and goes on after some milliseconds of work, when nobody who has used less than half as much is at
    work, or after a moment. A caller who is alone never waits. The caller is the key, once it was let in, else the client.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.uses: dict[Asker, Use] = {}
        self.keys: dict[bytes, Asker] = {}
        self.halved_at = perf_counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        authorization = Headers(scope=scope).get("authorization", "")
        mark = hashlib.sha256(authorization.encode("latin-1")).digest() if authorization else b""
        asker = self.keys.get(mark) or Asker(client_of(scope), has_key=False)
        token = asking.set(asker)
        try:
            await self.answer(self.use_of(asker), scope, receive, send)
            self.remember(mark, asking.get())
        finally:
            asking.reset(token)

    async def answer(self, use: Use, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, turn by turn."""

        async def go_on() -> None:
            time.charge()
            if time.seconds > AT_ONCE_SECONDS:
                time.seconds = 0.0
                await self.turn(use)

        async def receive_in_turn() -> Message:
            await go_on()
            return await receive()

        async def send_in_turn(message: Message) -> None:
            await go_on()
            await send(message)

        await self.turn(use)
        time = LoopTime(use)
        use.requests += 1
        try:
            await Charged(self.app(scope, receive_in_turn, send_in_turn), time)
        finally:
            use.requests -= 1

    async def turn(self, use: Use) -> None:
        """Wait until it is a caller's turn; its own requests wait one behind the other."""
        if not use.line.locked() and not self.must_wait(use):
            return
        async with use.line:
            until = perf_counter() + PATIENCE
            while self.must_wait(use) and perf_counter() < until:  # noqa: ASYNC110 (others' pauses send no event)
                await asyncio.sleep(LOOK_SECONDS)

    def must_wait(self, use: Use) -> bool:
        """Whether somebody is at work who has used much less."""
        since, less = perf_counter() - AT_WORK_SECONDS, use.seconds / 2
        return any(other.requests and other.worked_at > since and other.seconds < less for other in self.uses.values())

    def use_of(self, asker: Asker) -> Use:
        """What a caller has used; what was used counts half after a second, and is forgotten in the end."""
        now = perf_counter()
        if now > self.halved_at + HALF_LIFE:
            self.halved_at = now
            for use in self.uses.values():
                use.seconds /= 2
            self.uses = {
                asker: use
                for asker, use in self.uses.items()
                if use.requests or use.line.locked() or use.seconds > FORGOTTEN_SECONDS
            }
        return self.uses.setdefault(asker, Use())

    def remember(self, mark: bytes, asker: Asker) -> None:
        """Know a key that was let in by the header it came in, of which only the digest is kept."""
        if mark and asker.has_key and mark not in self.keys:
            if len(self.keys) >= MOST_KEYS:
                del self.keys[next(iter(self.keys))]
            self.keys[mark] = asker


class LoopTime:
    """What a request uses of the loop for its caller: since when it keeps it, and for how long it did in this turn."""

    def __init__(self, use: Use) -> None:
        self.use, self.seconds = use, 0.0
        self.began_at = use.worked_at = perf_counter()

    def charge(self) -> None:
        """Count what was done until now."""
        now = perf_counter()
        self.seconds += now - self.began_at
        self.use.seconds += now - self.began_at
        self.began_at = self.use.worked_at = now


class Charged:
    """Does what an awaitable does, and charges each step in which it keeps the loop."""

    def __init__(self, awaitable: Awaitable[None], time: LoopTime) -> None:
        self.awaitable, self.time = awaitable, time

    def __await__(self) -> Generator[Any, Any, None]:
        steps = self.awaitable.__await__()
        thrown: BaseException | None = None
        while True:
            self.time.began_at = perf_counter()
            try:
                awaited = steps.throw(thrown) if thrown else next(steps)
            except StopIteration:
                return
            finally:
                self.time.charge()
            thrown = None
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001 (a cancellation, too, is for the work)
                thrown = error
