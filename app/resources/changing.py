"""The row that is to be changed, and whether the caller may."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select
from sqlmodel import col

from app.access.roles import Role
from app.changes.log import Transaction
from app.database import table_of
from app.http.conditional import Preconditions
from app.resources.kind import Kind, Row
from app.resources.ownership import authorise, check_owners, check_role, foreign_agreements, refuse
from app.resources.reading import there
from app.resources.writing import locked
from app.schema.fields import Id


async def changeable(session: Transaction, kind: Kind[Row], id: Id, preconditions: Preconditions) -> Row:
    """The row that a PATCH or DELETE is about, locked, and of the version that the caller has seen.

    Raises NotFound, Gone, Forbidden, PreconditionRequired or PreconditionFailed.
    """
    await authorise_early(session, kind, id)
    row = await locked(session, kind, id)
    await authorise(session, kind, row)
    preconditions.require(row.version)
    return row


async def authorise_early(session: Transaction, kind: Kind[Row], id: UUID) -> None:
    """Refuse what is not the caller's before the transaction begins, so that it makes no other writer wait.

    What is decided here is decided again under the lock. Raises NotFound, Gone or Forbidden.
    """
    if session.by.has(Role.admin):
        return
    if not session.by.has(kind.writer):
        check_role(session.by, kind)

    def work(connection: Connection) -> None:
        there(connection, session.by, kind, id)
        row = connection.execute(select(table_of(kind.table)).where(col(kind.table.id) == id)).one()
        check_in(connection, session, kind, row)

    await session.database.read(work, is_quick=True)


async def authorise_place(session: Transaction, kind: Kind[Row], place: Any) -> None:
    """The same for what stands at an address of its own, whether it is there or not; `place` is what that consists of."""
    if session.by.has(Role.admin):
        return
    if not session.by.has(kind.writer):
        check_role(session.by, kind)
    await session.database.read(lambda connection: check_in(connection, session, kind, place), is_quick=True)


async def authorise_party(session: Transaction, kind: Kind[Row], id: UUID) -> None:
    """Refuse a part of what belongs to an agreement that is not the caller's, before the transaction begins."""
    if session.by.has(Role.admin):
        return

    def work(connection: Connection) -> None:
        there(connection, session.by, kind, id)
        row = connection.execute(select(table_of(kind.table)).where(col(kind.table.id) == id)).one()
        check_party(connection, session, kind, row)

    await session.database.read(work, is_quick=True)


def check_in(connection: Connection, session: Transaction, kind: Kind[Row], holder: Any) -> None:
    """Refuse a row, or content that is to be one, that is not the caller's, outside of a transaction."""
    if not session.by.has(kind.writer):
        check_owners(session.by, kind, owner_in(connection, kind, holder))
    check_party(connection, session, kind, holder)


def check_party(connection: Connection, session: Transaction, kind: Kind[Row], holder: Any) -> None:
    """Refuse what belongs to an agreement that the caller's partner is no party of."""
    foreign = foreign_agreements(kind, session.by, session.today, holder)
    if foreign is not None:
        refuse(connection.execute(foreign).first())


def owner_in(connection: Connection, kind: Kind[Row], holder: Any) -> UUID | None:
    """The owner of a row, or of content that is to be one, read outside of a transaction."""
    if kind.find_owner is None:
        owner: UUID | None = getattr(holder, str(kind.owner))
        return owner
    return connection.execute(kind.find_owner(holder)).scalar_one_or_none()
