"""`/v1/objections`"""

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
from app.objections.models import ObjectionCreate, ObjectionList, ObjectionPublic, ObjectionUpdate
from app.objections.resource import OBJECTIONS
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.resources.writing import change
from app.schema.fields import Id

router = Router(prefix="/v1/objections", tags=["objections"])


@router.get("", response_model=Page[ObjectionPublic])
async def list_objections(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[ObjectionList, Query()]
) -> Response:
    """List objections, the newest first."""
    return await read_page(request, database, caller, OBJECTIONS, wanted)


@router.post("", status_code=201, response_model=ObjectionPublic)
async def create_objection(session: ByContributor, once: Once, content: ObjectionCreate) -> Response:
    """Say that something on record is not so.

    Any party of the agreement can. It stays: reports count it as long as it is open, and nobody deletes it or what it is
    about.
    """
    return await once.create(session, OBJECTIONS, content)


@router.get("/{id}", response_model=ObjectionPublic)
async def get_objection(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one objection."""
    return await read_one(database, caller, OBJECTIONS, id, preconditions)


@router.patch("/{id}", response_model=ObjectionPublic, responses=conflicts("frozen", "transition-not-allowed"))
async def update_objection(
    session: ByContributor, id: Id, changes: ObjectionUpdate, preconditions: Conditional
) -> Response:
    """Answer an objection, or say what became of it.

    Who raised it withdraws it or calls it settled. A party on another side answers. What is no longer open is frozen.
    """
    row = await changeable(session, OBJECTIONS, id, preconditions)
    return written(await change(session, OBJECTIONS, row, changes))


@router.get("/{id}/history", response_model=ChangePage)
async def list_objection_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one objection, from its creation on."""
    return await answer_history(database, caller, OBJECTIONS.type, id, wanted)
