"""`/v1/redactions`"""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.answers import page, place_behind
from app.changes.feed import Wanted, read
from app.changes.models import Action
from app.changes.schemas import ChangePage, ChangeQuery
from app.http.responses import problems
from app.http.runtime import Reading
from app.redactions.models import RedactionCreate, RedactionPublic
from app.redactions.service import carry_out
from app.resources.answers import json_of
from app.resources.transactions import ByAdmin

router = Router(prefix="/v1/redactions", tags=["redactions"])


@router.get("", response_model=ChangePage, responses=problems(410, "feed-reset", "history-rewritten", "rights-changed"))
async def list_redactions(database: Reading, caller: Anyone, wanted: Annotated[ChangeQuery, Query()]) -> Response:
    """List what was redacted, as the feed tells it: which fields, of which entries, by whom, on which legal basis."""
    place = place_behind(wanted.cursor, caller)
    return page(await read(database, caller, Wanted(actions=(Action.redacted,)), place, wanted.limit), caller)


@router.post("", response_model=RedactionPublic)
async def redact_entries(session: ByAdmin, content: RedactionCreate) -> Response:
    """Erase fields of a resource: from what is served, from its history, and from all that is kept of them.

    In their place stands a marker, or null; days, numbers, states and references stay. The feed tells of it, for
    followers to erase the same; every proof that was given stays valid. What a partner or one side stands for, and what
    is on record, is redacted by two sides: propose it (`POST /v1/proposals` with `redaction`). What is erased already
    stays so.
    """
    return json_of(await carry_out(session, content))
