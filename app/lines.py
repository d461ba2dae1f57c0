"""A pool whose connections are given in the order in which they were asked for."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool
from sqlalchemy.util import await_
from sqlalchemy.util.queue import Empty, QueueCommon


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
        self.more_seconds = 0.0

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
        try:
            async with asyncio.timeout(None if seconds is None else seconds + self.more_seconds):
                return await turn
        except BaseException as error:
            # What was given just when nobody waited any more is given on.
            if turn.done() and not turn.cancelled():
                self.put(turn.result())
            if isinstance(error, TimeoutError):
                raise Empty from None
            raise


class FairPool(AsyncAdaptedQueuePool):
    """The pool of those who write."""

    _queue_class = Line

    @contextmanager
    def patient(self, seconds: float) -> Iterator[None]:
        """Let those who ask while the block goes on wait longer by so much: they stand behind one who takes long."""
        line: Any = self._pool
        line.more_seconds += seconds
        try:
            yield
        finally:
            line.more_seconds -= seconds
