"""`/v1/indicators/{id}/observations`"""

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
from app.indicators.resource import INDICATORS
from app.observations import service
from app.observations.models import ObservationList, ObservationPublic, ObservationPut
from app.observations.resource import OBSERVATIONS, observation_id
from app.resources.addresses import DayInPath
from app.resources.answers import put_answer
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.schema.fields import Id

router = Router(prefix="/v1/indicators/{id}/observations", tags=["indicators"])


@router.get("", response_model=Page[ObservationPublic])
async def list_observations(
    request: Request, database: Reading, caller: Anyone, id: Id, wanted: Annotated[ObservationList, Query()]
) -> Response:
    """List the values of an indicator in the order of their days."""
    return await read_page(request, database, caller, OBSERVATIONS, wanted, above=(INDICATORS, id))


@router.get("/{on}", response_model=ObservationPublic)
async def get_observation(
    database: Reading, caller: Anyone, id: Id, on: DayInPath, preconditions: Conditional
) -> Response:
    """Read the value of an indicator on one day."""
    return await read_one(database, caller, OBSERVATIONS, observation_id(id, on), preconditions)


@router.put(
    "/{on}",
    response_model=ObservationPublic,
    responses={201: {"model": ObservationPublic}, **conflicts("frozen")},
)
async def put_observation(
    request: Request,
    session: ByContributor,
    id: Id,
    on: DayInPath,
    content: ObservationPut,
    preconditions: Conditional,
) -> Response:
    """Set the value of an indicator on a day; the same value again changes nothing.

    The partner that leads the indicator's sub-measure writes its values, and coordinators write all. If-Match is honoured
    when it is sent.
    """
    row, is_new = await service.put(session, id, on, content, preconditions)
    return put_answer(request, row, is_new=is_new)


@router.delete("/{on}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_observation(session: ByContributor, id: Id, on: DayInPath, preconditions: Conditional) -> Response:
    """Delete the value of an indicator on a day."""
    await service.remove(session, id, on, preconditions)
    return Response(status_code=204)


@router.get("/{on}/history", response_model=ChangePage)
async def list_observation_history(
    database: Reading, caller: Anyone, id: Id, on: DayInPath, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to the value of an indicator on one day; also after it was deleted."""
    return await answer_history(database, caller, OBSERVATIONS.type, observation_id(id, on), wanted)
