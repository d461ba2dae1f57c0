"""The event loop's time is shared out: who has used much of it lets those go first who have used little."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.http import turns
from app.http.turns import AT_ONCE_SECONDS, AT_WORK_SECONDS, HALF_LIFE, PATIENCE, Turns
from app.places import Asker, asking

MUCH, LITTLE = "192.0.2.1", "192.0.2.2"
KEY = Asker("key", has_key=True)
Work = Callable[[Any, Any], Awaitable[None]]


class Loop:
    """A loop whose time passes when a test says so, and what its callers did in which order."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.done: list[str] = []
        self.works: dict[str, Work] = {}
        self.turns: Turns

    def __call__(self) -> float:
        return self.now

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await self.works[scope["path"]](receive, send)
        self.done.append(scope["path"])

    async def ask(self, path: str, host: str, work: Work, key: str = "") -> None:
        """Send a request whose answer is this work."""
        self.works[path] = work
        headers = [(b"authorization", key.encode())] if key else []
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": (host, 1)}
        await self.turns(scope, nothing, nowhere)

    async def busy(self, _receive: Any, _send: Any) -> None:
        """Half a second of work."""
        self.now += 0.5

    async def pass_on(self, seconds: float = 0.0) -> None:
        """Let so much time pass, and everybody do what is theirs to do meanwhile."""
        self.now += seconds
        for _ in range(10):
            await asyncio.sleep(0)


async def nothing() -> dict[str, Any]:
    """No body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def nowhere(_message: Any) -> None:
    """Nobody listens."""


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    monkeypatch.setattr(turns, "LOOK_SECONDS", 0)
    loop = Loop()
    monkeypatch.setattr(turns, "perf_counter", loop)
    loop.turns = Turns(loop.app)
    return loop


class Held:
    """Work that goes on until it is released."""

    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def __call__(self, _receive: Any, _send: Any) -> None:
        await self.released.wait()


async def test_who_has_used_much_lets_others_go_first(loop: Loop) -> None:
    await loop.ask("much", MUCH, loop.busy)
    light = Held()
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.ask("little", LITTLE, light))
        await loop.pass_on()
        for number in range(3):
            group.create_task(loop.ask(f"more {number}", MUCH, loop.busy))
        await loop.pass_on(AT_WORK_SECONDS / 2)
        assert loop.done == ["much"]
        light.released.set()
    assert loop.done == ["much", "little", "more 0", "more 1", "more 2"]


@pytest.mark.parametrize("seconds", [AT_WORK_SECONDS, PATIENCE], ids=["who only waits", "too long"])
async def test_nobody_is_waited_for(loop: Loop, seconds: float) -> None:
    await loop.ask("much", MUCH, loop.busy)
    light = Held()
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.ask("little", LITTLE, light))
        await loop.pass_on()
        group.create_task(loop.ask("more", MUCH, loop.busy))
        await loop.pass_on()
        assert loop.done == ["much"]
        await loop.pass_on(seconds + 0.001)
        assert loop.done == ["much", "more"]
        light.released.set()


async def test_who_is_alone_or_used_no_more_than_others_does_not_wait(loop: Loop) -> None:
    own = Held()
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.ask("first", MUCH, own))
        await loop.ask("second", MUCH, loop.busy)
        await loop.ask("third", LITTLE, loop.busy)
        assert loop.done == ["second", "third"]
        own.released.set()


async def test_long_work_takes_a_turn_now_and_then(loop: Loop) -> None:
    async def in_parts(_receive: Any, send: Any) -> None:
        for number in range(3):
            loop.now += AT_ONCE_SECONDS * 2
            await send({"type": "http.response.body", "body": b"", "more_body": number < 2})
            loop.done.append(f"part {number}")

    light = Held()
    async with asyncio.TaskGroup() as group:
        group.create_task(loop.ask("little", LITTLE, light))
        await loop.pass_on()
        group.create_task(loop.ask("much", MUCH, in_parts))
        await loop.pass_on()
        assert loop.done == []
        light.released.set()
    assert loop.done == ["little", "part 0", "part 1", "part 2", "much"]


async def test_a_key_is_a_caller_of_its_own_once_it_was_let_in(loop: Loop) -> None:
    seen: list[Asker] = []

    async def let_in(_receive: Any, _send: Any) -> None:
        seen.append(asking.get())
        asking.set(KEY)

    async def look(_receive: Any, _send: Any) -> None:
        seen.append(asking.get())

    before, address = asking.get(), Asker(MUCH, has_key=False)
    await loop.ask("wrong", MUCH, look, key="Bearer wrong")
    await loop.ask("first", MUCH, let_in, key="Bearer right")
    await loop.ask("again", MUCH, look, key="Bearer right")
    await loop.ask("still wrong", MUCH, look, key="Bearer wrong")
    await loop.ask("none", MUCH, look)
    assert seen == [address, address, KEY, address, address]
    assert asking.get() == before


async def test_what_was_used_is_forgotten(loop: Loop) -> None:
    await loop.ask("much", MUCH, loop.busy)
    for _ in range(20):
        loop.now += HALF_LIFE + 0.001
        await loop.ask("little", LITTLE, nothing_done)
    assert [asker.name for asker in loop.turns.uses] == [LITTLE]


async def nothing_done(_receive: Any, _send: Any) -> None:
    """No work."""


async def test_few_keys_are_known(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def let_in(_receive: Any, _send: Any) -> None:
        asking.set(KEY)

    monkeypatch.setattr(turns, "MOST_KEYS", 2)
    for number in range(5):
        await loop.ask("first", MUCH, let_in, key=f"Bearer {number}")
    assert len(loop.turns.keys) == 2


async def test_an_end_and_an_error_are_those_of_the_work(loop: Loop) -> None:
    async def fail(_receive: Any, _send: Any) -> None:
        raise ValueError("as before")

    async def clean_up(_receive: Any, _send: Any) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            loop.done.append("cleaned up")
            raise

    with pytest.raises(ValueError, match="as before"):
        await loop.ask("failing", MUCH, fail)
    task = asyncio.create_task(loop.ask("long", MUCH, clean_up))
    await loop.pass_on()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert loop.done == ["cleaned up"]
    assert all(use.requests == 0 for use in loop.turns.uses.values())
