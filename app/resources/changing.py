"""What the routes that write depend on: one transaction a request, and the row that is to be changed."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Anyone, Caller
from app.changes.log import transaction
from app.http.conditional import require_match
from app.http.database import Reading
from app.http.problems import PreconditionFailed
from app.resources.kind import Kind, Row
from app.resources.ownership import authorise
from app.resources.writing import Owners, create, locked, owner_of, rewrite
from app.schema.base import Schema
from app.schema.fields import Id


async def begin(database: Reading, caller: Anyone) -> AsyncIterator[AsyncSession]:
    """One transaction for the request, with its changes in the log."""
    async with transaction(database, caller) as session:
        yield session


# "function": committed before the answer is sent, so that no caller is told of what a failing commit then undoes.
Writing = Annotated[AsyncSession, Depends(begin, scope="function")]


async def changeable(
    session: AsyncSession,
    caller: Caller,
    kind: Kind[Row],
    id: Id,
    if_match: str | None,
    owners: Owners | None = None,
) -> Row:
    """The row that a PATCH or DELETE is about, locked, and of the version that the caller has seen.

    Raises NotFound, Gone, Forbidden, PreconditionRequired or PreconditionFailed.
    """
    row = await locked(session, caller, kind, id)
    authorise(caller, kind, *(owners or [owner_of(kind, row)]))
    require_match(if_match, row.version)
    return row


async def put(
    session: AsyncSession,
    caller: Caller,
    kind: Kind[Row],
    id: UUID,
    content: Schema,
    if_match: str | None,
    *,
    computed: Mapping[str, Any] | None = None,
    owners: Owners | None = None,
) -> tuple[Row, bool]:
    """Create or replace the resource at an address; returns its row and whether it is new.

    What stands above it in the address must be locked before, so that of two that are new one waits for the other.
    Content that is the same keeps the version. Raises what `create` and `changeable` raise; without If-Match whatever is
    there is replaced.
    """
    row = (await session.execute(select(kind.table).where(col(kind.table.id) == id))).scalar_one_or_none()
    if row is None:
        if if_match is not None:
            raise PreconditionFailed
        return await create(session, caller, kind, content, id=id, computed=computed, owners=owners), True
    authorise(caller, kind, *(owners or [owner_of(kind, row)]))
    if if_match is not None:
        require_match(if_match, row.version)
    after = {**json.loads(row.representation), **content.model_dump(mode="json")}
    return await rewrite(session, caller, kind, row, after, computed=computed, owners=owners), False
