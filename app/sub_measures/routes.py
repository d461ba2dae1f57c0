"""`/v1/sub-measures`"""

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
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.resources.writing import change, remove
from app.schema.fields import Id
from app.sub_measures.models import SubMeasureCreate, SubMeasureList, SubMeasurePublic, SubMeasureUpdate
from app.sub_measures.resource import SUB_MEASURES

router = Router(prefix="/v1/sub-measures", tags=["sub-measures"])


@router.get("", response_model=Page[SubMeasurePublic])
async def list_sub_measures(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[SubMeasureList, Query()]
) -> Response:
    """List sub-measures in the order of the agreement; `goal_id` gives those of one goal."""
    return await read_page(request, database, caller, SUB_MEASURES, wanted)


@router.post("", status_code=201, response_model=SubMeasurePublic, responses=conflicts("duplicate"))
async def create_sub_measure(session: ByContributor, once: Once, content: SubMeasureCreate) -> Response:
    """Add a sub-measure to a goal."""
    return await once.create(session, SUB_MEASURES, content)


@router.get("/{id}", response_model=SubMeasurePublic)
async def get_sub_measure(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one sub-measure."""
    return await read_one(database, caller, SUB_MEASURES, id, preconditions)


@router.patch(
    "/{id}", response_model=SubMeasurePublic, responses=conflicts("duplicate", "transition-not-allowed", "frozen")
)
async def update_sub_measure(
    session: ByContributor, id: Id, changes: SubMeasureUpdate, preconditions: Conditional
) -> Response:
    """Change fields of a sub-measure."""
    row = await changeable(session, SUB_MEASURES, id, preconditions)
    return written(await change(session, SUB_MEASURES, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_sub_measure(session: ByContributor, id: Id, preconditions: Conditional) -> Response:
    """Delete a sub-measure that nothing refers to any more."""
    await remove(session, SUB_MEASURES, await changeable(session, SUB_MEASURES, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_sub_measure_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one sub-measure, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, SUB_MEASURES.type, id, wanted)
