"""`/v1/indicators`"""

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
from app.indicators.models import IndicatorCreate, IndicatorList, IndicatorPublic, IndicatorUpdate
from app.indicators.resource import INDICATORS
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByCoordinator
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/indicators", tags=["indicators"])


@router.get("", response_model=Page[IndicatorPublic])
async def list_indicators(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[IndicatorList, Query()]
) -> Response:
    """List indicators, ordered by name."""
    return await read_page(request, database, caller, INDICATORS, wanted)


@router.post("", status_code=201, response_model=IndicatorPublic)
async def create_indicator(session: ByCoordinator, once: Once, content: IndicatorCreate) -> Response:
    """Add an indicator to a goal or a sub-measure."""
    return await once.create(session, INDICATORS, content)


@router.get("/{id}", response_model=IndicatorPublic)
async def get_indicator(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one indicator."""
    return await read_one(database, caller, INDICATORS, id, preconditions)


@router.patch("/{id}", response_model=IndicatorPublic)
async def update_indicator(
    session: ByCoordinator, id: Id, changes: IndicatorUpdate, preconditions: Conditional
) -> Response:
    """Change fields of an indicator."""
    row = await changeable(session, INDICATORS, id, preconditions)
    return written(await change(session, INDICATORS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use"))
async def delete_indicator(session: ByCoordinator, id: Id, preconditions: Conditional) -> Response:
    """Delete an indicator that was never observed."""
    await remove(session, INDICATORS, await changeable(session, INDICATORS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_indicator_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one indicator, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, INDICATORS.type, id, wanted)
