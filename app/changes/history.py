"""The history of one resource."""

from uuid import UUID

from starlette.responses import Response

from app.access.caller import Caller
from app.changes.answers import page, place_behind
from app.changes.feed import read_history
from app.changes.schemas import ChangeQuery
from app.database.engines import Database


async def answer_history(database: Database, caller: Caller, kind: str, id: UUID, wanted: ChangeQuery) -> Response:
    """The history of one resource, as a page of changes; raises NotFound for whoever never could see it."""
    batch = await read_history(database, caller, kind, id, place_behind(wanted.cursor, caller), wanted.limit)
    return page(batch, caller)
