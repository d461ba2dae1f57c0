"""The row that is to be changed, and whether the caller may."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from app.access.caller import ANONYMOUS, COMMAND
from app.access.visibility import visible
from app.access.voices import Standing
from app.changes.log import Transaction
from app.database.kept import Kept
from app.database.tables import table_of
from app.http.conditional import Preconditions
from app.http.errors import NotFound
from app.resources.kind import Kind, Row
from app.resources.ownership import Sides, authorise, check_voice, check_voice_in, standing_in
from app.resources.reading import there
from app.resources.writing import locked, locked_at_once
from app.schema.fields import Id


async def changeable(session: Transaction, kind: Kind[Row], id: Id, preconditions: Preconditions) -> Row:
    """The row that a PATCH or DELETE is about, locked, and of the version that the caller has seen.

    Raises NotFound, Gone, Forbidden, PreconditionRequired or PreconditionFailed.
    """
    await authorise_early(session, kind, id, session.sides)
    row = await locked_at_once(session, kind, id)
    if row is None:
        row = await locked(session, kind, id)
        session.sides.clear()
    await authorise(session, kind, row)
    preconditions.require(row.version)
    return row


async def authorise_early(session: Transaction, kind: Kind[Row], id: UUID, sides: Sides | None = None) -> None:
    """Refuse who writes nothing of a resource before the transaction begins, so that it makes no other writer wait.

    What is decided here is decided again under the lock: `sides` keeps what that need not look up if nobody is waited for.
    Raises NotFound, Gone or Forbidden.
    """

    def work(connection: Connection) -> None:
        check_voice(standing_there(connection, session, kind, id, sides), kind)

    await read_early(session, work)


async def authorise_entry(session: Transaction, kind: Kind[Row], id: UUID, name: str, owner: UUID) -> None:
    """Refuse as early who writes nothing of an owner's entry in one of a resource's lists."""

    def work(connection: Connection) -> None:
        check_voice_in(standing_there(connection, session, kind, id), kind, kind.lists[name], owner)

    await read_early(session, work)


async def authorise_place(session: Transaction, kind: Kind[Row], place: Any) -> None:
    """Refuse as early who writes nothing of what stands at an address of its own, `place`; it need not be there."""

    def work(connection: Connection) -> None:
        check_voice(standing_in(connection, session.by, session.today, kind, place), kind)

    await read_early(session, work)


async def read_early(session: Transaction, work: Callable[[Connection], None]) -> None:
    """Do this outside of the transaction; commands may write all, and refer to what they have not committed yet."""
    if not session.by.is_command:
        await session.database.read(work, is_quick=True)


def standing_there(
    connection: Connection, session: Transaction, kind: Kind[Any], id: UUID, sides: Sides | None = None
) -> Standing:
    """What the caller is to a resource; raises NotFound or Gone for what is not there for the caller."""
    row = selecting(kind, session.by.sees_partners).first(connection, {"id": id})
    if row is None:
        there(connection, session.by, kind, id)
        raise NotFound
    return standing_in(connection, session.by, session.today, kind, row, sides=sides)


@cache
def selecting(kind: Kind[Any], sees_partners: bool) -> Kept:  # noqa: FBT001 (a cache's key)
    """Selects the columns of the row with an `id` that is there for a caller."""
    table, caller = table_of(kind.table), COMMAND if sees_partners else ANONYMOUS
    return Kept(select(table).where(table.c.id == bindparam("id"), visible(table, caller)))
