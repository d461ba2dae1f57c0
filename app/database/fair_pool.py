"""A pool whose connections are given in the order in which they were asked for."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool
from sqlalchemy.util import await_
from sqlalchemy.util.queue import Empty, QueueCommon

PAUSE = 0.25
"""Seconds between two looks at whether to wait longer."""


class Line(QueueCommon[Any]):
    """What is free, and who waits for it: whoever comes later never gets it first.

    A queue of asyncio only wakes who waits, and whoever asks meanwhile has taken it by then: with one connection for all
    writers the unlucky would wait until their time is up.
    """

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:  # noqa: FBT001, FBT002 (the pool calls it so)
        super().__init__(maxsize, use_lifo)
        self.maxsize, self.use_lifo = maxsize, use_lifo
        self.free = deque[Any]()
        self.waiting = deque[asyncio.Future[Any]]()
        self.more_seconds: Callable[[], float] = float
        """How much longer than usual whoever waits is to wait now; looked at when that is over."""

    def qsize(self) -> int:
        """How many are free."""
        return len(self.free)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002 (the pool calls it so)
        """Give it to whoever has waited longest."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(item)
                return
        self.free.append(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT001, FBT002 (the pool calls it so)
        """The next one; raises Empty where none is free in time."""
        if self.free:
            return self.free.popleft()
        if not block:
            raise Empty
        return await_(self.turn(timeout))

    async def turn(self, seconds: float | None) -> Any:
        """Wait in the line."""
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        has_come = False
        try:
            has_come = await self.has_come(turn, seconds)
        finally:
            # What was given just when nobody waited any more is given on.
            if not has_come and not turn.cancel():
                self.put(turn.result())
        if not has_come:
            raise Empty
        return turn.result()

    async def has_come(self, turn: asyncio.Future[Any], seconds: float | None) -> bool:
        """Whether it has when it is not waited for any more."""
        until = None if seconds is None else time.monotonic() + seconds
        await asyncio.wait([turn], timeout=seconds)
        while not turn.done() and (until is None or time.monotonic() < until + self.more_seconds()):
            await asyncio.wait([turn], timeout=PAUSE)
        return turn.done()


class FairPool(AsyncAdaptedQueuePool):
    """The pool of those who write."""

    _queue_class = Line

    def lengthen(self, more_seconds: Callable[[], float]) -> None:
        """Let those who wait do so longer by what this says when their time is over: they may stand behind one who takes long."""
        line: Any = self._pool
        line.more_seconds = more_seconds
