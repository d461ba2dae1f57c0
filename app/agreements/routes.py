"""`/v1/agreements`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.agreements.models import AgreementCreate, AgreementList, AgreementPublic, AgreementUpdate
from app.agreements.resource import AGREEMENTS
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
from app.resources.transactions import ByOperator
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/agreements", tags=["agreements"])


@router.get("", response_model=Page[AgreementPublic])
async def list_agreements(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[AgreementList, Query()]
) -> Response:
    """List the agreements of this installation, ordered by title."""
    return await read_page(request, database, caller, AGREEMENTS, wanted)


@router.post("", status_code=201, response_model=AgreementPublic, responses=conflicts("duplicate"))
async def create_agreement(session: ByOperator, once: Once, content: AgreementCreate) -> Response:
    """Add an agreement."""
    return await once.create(session, AGREEMENTS, content)


@router.get("/{id}", response_model=AgreementPublic)
async def get_agreement(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one agreement."""
    return await read_one(database, caller, AGREEMENTS, id, preconditions)


@router.patch("/{id}", response_model=AgreementPublic, responses=conflicts("frozen"))
async def update_agreement(
    session: ByOperator, id: Id, changes: AgreementUpdate, preconditions: Conditional
) -> Response:
    """Change fields of an agreement."""
    row = await changeable(session, AGREEMENTS, id, preconditions)
    return written(await change(session, AGREEMENTS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_agreement(session: ByOperator, id: Id, preconditions: Conditional) -> Response:
    """Delete an agreement that nothing belongs to any more."""
    await remove(session, AGREEMENTS, await changeable(session, AGREEMENTS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_agreement_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one agreement, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, AGREEMENTS.type, id, wanted)
