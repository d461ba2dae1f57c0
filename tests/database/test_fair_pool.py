"""Who writes gets a connection in the order of asking."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.util import greenlet_spawn
from sqlalchemy.util.queue import Empty

from app.database.fair_pool import Line

PATIENCE = 5.0


async def asked(line: Line, order: list[str], name: str) -> Any:
    """Get what is free, and note when that was."""
    found = await greenlet_spawn(line.get, True, PATIENCE)  # noqa: FBT003 (as the pool calls it)
    order.append(name)
    return found


class TestLine:
    async def test_gives_nothing_to_whoever_comes_later(self) -> None:
        line, order = Line(1), list[str]()
        waiting = [asyncio.create_task(asked(line, order, name)) for name in ("first", "second")]
        await asyncio.sleep(0)
        line.put("connection")
        # The first one was woken and has not run yet.
        with pytest.raises(Empty):
            line.get(block=False)
        assert await waiting[0] == "connection"
        line.put("connection")
        assert await waiting[1] == "connection"
        assert order == ["first", "second"]

    async def test_gives_on_what_nobody_waits_for_any_more(self) -> None:
        line, order = Line(1), list[str]()
        gone, given_up, last = [asyncio.create_task(asked(line, order, name)) for name in ("gone", "given up", "last")]
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        line.put("connection")
        # It has its turn, and is cancelled before it knows.
        given_up.cancel()
        assert await last == "connection"
        assert order == ["last"]

    async def test_says_when_the_time_is_up(self) -> None:
        line = Line(1)
        with pytest.raises(Empty):
            await greenlet_spawn(line.get, True, 0.001)  # noqa: FBT003 (as the pool calls it)
        line.put("connection")
        assert line.qsize() == 1
