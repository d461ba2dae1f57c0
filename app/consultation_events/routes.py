"""`/v1/consultation-events`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.history import answer_history
from app.changes.schemas import ChangePage, ChangeQuery
from app.consultation_events import service
from app.consultation_events.models import (
    ConsultationEventCreate,
    ConsultationEventList,
    ConsultationEventPublic,
    ConsultationEventUpdate,
    ParticipantPut,
)
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading
from app.resources.addresses import PartnerInPath
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/consultation-events", tags=["consultation-events"])


@router.get("", response_model=Page[ConsultationEventPublic])
async def list_consultation_events(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[ConsultationEventList, Query()]
) -> Response:
    """List consultation events in the order of time."""
    return await read_page(request, database, caller, CONSULTATION_EVENTS, wanted)


@router.post("", status_code=201, response_model=ConsultationEventPublic)
async def create_consultation_event(session: ByContributor, once: Once, content: ConsultationEventCreate) -> Response:
    """Add a consultation event."""
    return await once.create(session, CONSULTATION_EVENTS, content)


@router.get("/{id}", response_model=ConsultationEventPublic)
async def get_consultation_event(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one consultation event."""
    return await read_one(database, caller, CONSULTATION_EVENTS, id, preconditions)


@router.patch("/{id}", response_model=ConsultationEventPublic, responses=conflicts("transition-not-allowed", "frozen"))
async def update_consultation_event(
    session: ByContributor,
    id: Id,
    changes: ConsultationEventUpdate,
    preconditions: Conditional,
) -> Response:
    """Change fields of a consultation event."""
    row = await changeable(session, CONSULTATION_EVENTS, id, preconditions)
    return written(await change(session, CONSULTATION_EVENTS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_consultation_event(session: ByContributor, id: Id, preconditions: Conditional) -> Response:
    """Delete a consultation event; one that is called off gets the status `cancelled` instead."""
    await remove(session, CONSULTATION_EVENTS, await changeable(session, CONSULTATION_EVENTS, id, preconditions))
    return Response(status_code=204)


@router.put(
    "/{id}/participants/{partner_id}",
    response_model=ConsultationEventPublic,
    responses={
        200: {"headers": {"Content-Location": {"$ref": "#/components/headers/Content-Location"}}},
        **conflicts("frozen", "transition-not-allowed"),
    },
)
async def put_participant(
    request: Request,
    session: ByContributor,
    id: Id,
    partner_id: PartnerInPath,
    content: ParticipantPut,
    preconditions: Conditional,
) -> Response:
    """Set how one partner takes part, without rewriting the event; the answer is the event.

    A partner says whether it comes and with how many, also where it was not invited. The organiser invites, gives roles
    and says who was there; from then on it is not taken back (409). If-Match is honoured when it is sent; it is
    compared with the event's ETag.
    """
    answer = written(await service.put_participant(session, id, partner_id, content, preconditions))
    answer.headers["Content-Location"] = request.url.path.partition("/participants/")[0]
    return answer


@router.delete("/{id}/participants/{partner_id}", status_code=204, responses=conflicts("frozen"))
async def delete_participant(
    session: ByContributor, id: Id, partner_id: PartnerInPath, preconditions: Conditional
) -> Response:
    """Take one partner out of an event: what it said itself only by itself, an invitation only by the organiser.

    That it was there or not is not taken back: 409 `frozen`. A proposal corrects it.
    """
    await service.delete_participant(session, id, partner_id, preconditions)
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_consultation_event_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one consultation event, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, CONSULTATION_EVENTS.type, id, wanted)
