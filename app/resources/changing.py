"""What the routes that write depend on: one transaction a request, and the row that is to be changed."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from app.access.caller import Anyone, Caller
from app.changes.log import transaction
from app.http.conditional import require_match
from app.http.database import Reading
from app.resources.ownership import authorise
from app.resources.resource import Resource, Row
from app.resources.writing import locked, owner_of
from app.schema.fields import Id


async def begin(database: Reading, caller: Anyone) -> AsyncIterator[AsyncSession]:
    """One transaction for the request, with its changes in the log."""
    async with transaction(database, caller) as session:
        yield session


# "function": committed before the answer is sent, so that no caller is told of what a failing commit then undoes.
Writing = Annotated[AsyncSession, Depends(begin, scope="function")]


async def changeable(
    session: AsyncSession, caller: Caller, resource: Resource[Row], id: Id, if_match: str | None
) -> Row:
    """The row that a PATCH or DELETE is about, locked, and of the version that the caller has seen.

    Raises NotFound, Gone, Forbidden, PreconditionRequired or PreconditionFailed.
    """
    row = await locked(session, caller, resource, id)
    authorise(caller, resource, owner_of(resource, row))
    require_match(if_match, row.version)
    return row
