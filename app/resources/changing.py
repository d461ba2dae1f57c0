"""What the routes that write depend on: one transaction a request, and the row that is to be changed."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends

from app.access.caller import Admin, Contributor, Coordinator
from app.changes.log import Transaction, transaction
from app.http.conditional import require_match
from app.http.database import Reading
from app.http.today import Zone
from app.resources.kind import Kind, Row
from app.resources.ownership import authorise
from app.resources.writing import locked
from app.schema.fields import Id


async def begin_as_contributor(database: Reading, zone: Zone, caller: Contributor) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller that may write what belongs to its partner."""
    async with transaction(database, caller, zone) as session:
        yield session


async def begin_as_coordinator(database: Reading, zone: Zone, caller: Coordinator) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller that may write everything about the cooperation."""
    async with transaction(database, caller, zone) as session:
        yield session


async def begin_as_admin(database: Reading, zone: Zone, caller: Admin) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller that may also keep agreements, partners and keys."""
    async with transaction(database, caller, zone) as session:
        yield session


# "function": committed before the answer is sent, so that no caller is told of what a failing commit then undoes.
ByContributor = Annotated[Transaction, Depends(begin_as_contributor, scope="function")]
ByCoordinator = Annotated[Transaction, Depends(begin_as_coordinator, scope="function")]
ByAdmin = Annotated[Transaction, Depends(begin_as_admin, scope="function")]


async def changeable(session: Transaction, kind: Kind[Row], id: Id, if_match: str | None) -> Row:
    """The row that a PATCH or DELETE is about, locked, and of the version that the caller has seen.

    Raises NotFound, Gone, Forbidden, PreconditionRequired or PreconditionFailed.
    """
    row = await locked(session, kind, id)
    await authorise(session, kind, row)
    require_match(if_match, row.version)
    return row
