"""Places for what takes long or much, shared out so that no caller can have them all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import NamedTuple

MOST_IN_LINE = 20


class Asker(NamedTuple):
    """Who takes a place: a key, or an address without one."""

    name: str
    has_key: bool


COMMAND = Asker("", has_key=True)
"""The register's own commands and what works in the background."""

asking: ContextVar[Asker] = ContextVar("asking", default=COMMAND)
"""Whose request is being answered."""


class NoPlace(Exception):
    """Every place that this caller may have is taken."""


class Places:
    """So many places for all, so many of them for callers without a key, and so many for one caller.

    What callers without a key may not have is a reserve for those with one. Who waits is served before who comes later,
    callers with a key first, then whoever has the fewest.
    """

    def __init__(self, most: int, *, most_without_key: int, each: int, each_without_key: int) -> None:
        self.most, self.most_without_key = most, most_without_key
        self.each, self.each_without_key = each, each_without_key
        self.held: Counter[Asker] = Counter()
        self.line: list[tuple[Asker, asyncio.Future[None]]] = []

    def may_have(self, asker: Asker) -> bool:
        """Whether there is a place for a caller now."""
        if asker.has_key:
            return self.held.total() < self.most and self.held[asker] < self.each
        without_key = sum(count for each, count in self.held.items() if not each.has_key)
        return (
            self.held.total() < self.most
            and without_key < self.most_without_key
            and self.held[asker] < self.each_without_key
        )

    async def take(self, asker: Asker, seconds: float = 0) -> None:
        """Take a place, which must be given back; raises NoPlace when none is free for the caller in time."""
        if self.may_have(asker):
            self.held[asker] += 1
            return
        if not seconds or sum(each == asker for each, _ in self.line) >= MOST_IN_LINE:
            raise NoPlace
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.line.append((asker, called))
        try:
            await asyncio.wait([called], timeout=seconds)
        except asyncio.CancelledError:
            if called.done():
                self.give_back(asker)
            else:
                self.line.remove((asker, called))
            raise
        if not called.done():
            self.line.remove((asker, called))
            raise NoPlace

    def give_back(self, asker: Asker) -> None:
        """Give a place back, and call the next in line."""
        self.held[asker] -= 1
        if not self.held[asker]:
            del self.held[asker]
        waiting = [each for each in self.line if self.may_have(each[0])]
        if waiting:
            following = min(waiting, key=lambda each: (not each[0].has_key, self.held[each[0]]))
            self.line.remove(following)
            self.held[following[0]] += 1
            following[1].set_result(None)

    @asynccontextmanager
    async def taken(self, asker: Asker, seconds: float = 0) -> AsyncIterator[None]:
        """A place for as long as the block lasts; raises NoPlace when none is free for the caller in time."""
        await self.take(asker, seconds)
        try:
            yield
        finally:
            self.give_back(asker)


def places_to_read(pool_size: int) -> Places:
    """Places for reads that take long: few for callers without a key, and never all the connections that there are."""
    most = max(1, pool_size * 4 // 5)
    return Places(most, most_without_key=max(1, pool_size // 5), each=max(1, most // 2), each_without_key=1)
