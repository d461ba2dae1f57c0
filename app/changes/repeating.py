"""Work that was done in a transaction of which nothing stayed, and is done again in the one that is committed.

What work writes follows from what it reads: where it reads the same again, it writes the same, and no rule has to be asked.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from app.changes.log import Transaction, lay_by
from app.changes.pending import Taken
from app.steps import Differs, Step, noting, repeat, repeat_alike


class Work(NamedTuple):
    """What was done: the statements, and the entries of the log."""

    steps: list[Step]
    entries: Taken

    @property
    def writes(self) -> bool:
        """Whether it wrote anything."""
        return any(step.found is None for step in self.steps)


async def noted(session: Transaction, do: Callable[[list[Step]], Awaitable[None]]) -> Work:
    """Do something, and note what was done; `do` takes out of the steps what it undoes."""
    # What was looked up before is looked up again, so that all that the work goes by is among what it reads.
    session.sides.clear()
    connection = (await session.connection()).sync_connection
    if connection is None:
        raise TypeError("the transaction has no connection")
    with noting(connection) as steps:
        await do(steps)
        await lay_by(session)
    return Work(steps, session.pending.take())


async def repeated(session: Transaction, work: Work, *, is_same: bool) -> bool:
    """Do it again; returns False where it must be done anew, and then nothing of it is done.

    `is_same` says that the state is known to be the one in which it was done.
    """
    if is_same:
        await session.run_sync(lambda inner: repeat(inner.connection(), work.steps))
    else:
        try:
            async with session.begin_nested():
                await session.run_sync(lambda inner: repeat_alike(inner.connection(), work.steps))
        except Differs:
            return False
    session.pending.add_taken(work.entries)
    return True
