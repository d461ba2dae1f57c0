"""`/v1/partners`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.history import answer_history
from app.changes.schemas import ChangePage, ChangeQuery
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading, Today
from app.partners.models import PartnerCreate, PartnerList, PartnerPublic, PartnerUpdate
from app.partners.resource import PARTNERS
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByAdmin, ByOperator
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/partners", tags=["partners"])


@router.get("", response_model=Page[PartnerPublic])
async def list_partners(
    request: Request, database: Reading, caller: Anyone, today: Today, wanted: Annotated[PartnerList, Query()]
) -> Response:
    """List the partners of the cooperation, ordered by name."""
    return await read_page(request, database, caller, PARTNERS, wanted, today=today)


@router.post("", status_code=201, response_model=PartnerPublic, responses=conflicts("duplicate"))
async def create_partner(session: ByOperator, once: Once, content: PartnerCreate) -> Response:
    """Add a partner."""
    return await once.create(session, PARTNERS, content)


@router.get("/{id}", response_model=PartnerPublic)
async def get_partner(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one partner."""
    return await read_one(database, caller, PARTNERS, id, preconditions)


@router.patch("/{id}", response_model=PartnerPublic, responses=conflicts("last-operator"))
async def update_partner(session: ByAdmin, id: Id, changes: PartnerUpdate, preconditions: Conditional) -> Response:
    """Change fields of a partner."""
    row = await changeable(session, PARTNERS, id, preconditions)
    return written(await change(session, PARTNERS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use"))
async def delete_partner(session: ByOperator, id: Id, preconditions: Conditional) -> Response:
    """Delete a partner that nothing refers to; one that ended gets `dissolved_on` instead."""
    await remove(session, PARTNERS, await changeable(session, PARTNERS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_partner_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one partner, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, PARTNERS.type, id, wanted)
