"""`/v1/needs`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.history import answer_history
from app.changes.schemas import ChangePage, ChangeQuery
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading
from app.needs.models import NeedCreate, NeedList, NeedPublic, NeedUpdate
from app.needs.resource import NEEDS
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/needs", tags=["needs"])


@router.get("", response_model=Page[NeedPublic])
async def list_needs(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[NeedList, Query()]
) -> Response:
    """List needs, the newest first."""
    return await read_page(request, database, caller, NEEDS, wanted)


@router.post("", status_code=201, response_model=NeedPublic)
async def create_need(session: ByContributor, once: Once, content: NeedCreate) -> Response:
    """Raise a need."""
    return await once.create(session, NEEDS, content)


@router.get("/{id}", response_model=NeedPublic)
async def get_need(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one need."""
    return await read_one(database, caller, NEEDS, id, preconditions)


@router.patch("/{id}", response_model=NeedPublic, responses=conflicts("transition-not-allowed", "frozen"))
async def update_need(session: ByContributor, id: Id, changes: NeedUpdate, preconditions: Conditional) -> Response:
    """Change fields of a need.

    Who raised it describes, opens and closes it; a coordinator of the authority answers it.
    """
    row = await changeable(session, NEEDS, id, preconditions)
    return written(await change(session, NEEDS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_need(session: ByContributor, id: Id, preconditions: Conditional) -> Response:
    """Delete a need that was raised by mistake and not answered; one that is met gets the status `closed` instead."""
    await remove(session, NEEDS, await changeable(session, NEEDS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_need_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one need, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, NEEDS.type, id, wanted)
