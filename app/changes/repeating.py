"""What was done in a transaction of which nothing stayed, and is done again in the one that is committed.

What is written follows from what is read: where it reads the same again, it writes the same, and no rule has to be asked.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from app.changes.log import Transaction, lay_by
from app.changes.pending import Taken
from app.database.executed import Differs, Executed, noting, repeat, repeat_alike


class Done(NamedTuple):
    """What was done: the statements, and the entries of the log."""

    executed: list[Executed]
    entries: Taken

    @property
    def writes(self) -> bool:
        """Whether it wrote anything."""
        return any(each.found is None for each in self.executed)


async def noted(session: Transaction, do: Callable[[list[Executed]], Awaitable[None]]) -> Done:
    """Do something, and note what was done; `do` takes out of that list what it undoes."""
    # What was looked up before is looked up again, so that all that it goes by is among what it reads.
    session.sides.clear()
    connection = (await session.connection()).sync_connection
    if connection is None:
        raise TypeError("the transaction has no connection")
    with noting(connection) as executed:
        await do(executed)
        await lay_by(session)
    return Done(executed, session.pending.take())


async def repeated(session: Transaction, done: Done, *, is_same: bool) -> bool:
    """Do it again; returns False where it must be done anew, and then nothing of it is done.

    `is_same` says that the state is known to be the one in which it was done.
    """
    if is_same:
        await session.run_sync(lambda inner: repeat(inner.connection(), done.executed))
    else:
        try:
            async with session.begin_nested():
                await session.run_sync(lambda inner: repeat_alike(inner.connection(), done.executed))
        except Differs:
            return False
    session.pending.add_taken(done.entries)
    return True
