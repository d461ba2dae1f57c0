"""`/v1/decisions/{id}/statements`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.history import answer_history
from app.changes.schemas import ChangePage, ChangeQuery
from app.decisions.resource import DECISIONS
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading, Running
from app.log.models import Receipt
from app.log.receipts import answer_receipt
from app.resources.addresses import PartnerInPath
from app.resources.answers import put_answer, written
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.schema.fields import Id
from app.statements import service
from app.statements.models import StatementList, StatementPublic, StatementPut, StatementUpdate
from app.statements.resource import STATEMENTS, statement_id

router = Router(prefix="/v1/decisions/{id}/statements", tags=["decisions"])


@router.get("", response_model=Page[StatementPublic])
async def list_statements(
    request: Request, database: Reading, caller: Anyone, id: Id, wanted: Annotated[StatementList, Query()]
) -> Response:
    """List what the partners said to a decision, in the order in which they said it."""
    return await read_page(request, database, caller, STATEMENTS, wanted, above=(DECISIONS, id))


@router.get("/{partner_id}", response_model=StatementPublic)
async def get_statement(
    database: Reading, caller: Anyone, id: Id, partner_id: PartnerInPath, preconditions: Conditional
) -> Response:
    """Read what one partner said to a decision."""
    return await read_one(database, caller, STATEMENTS, statement_id(id, partner_id), preconditions)


@router.put(
    "/{partner_id}",
    response_model=StatementPublic,
    responses={201: {"model": StatementPublic}, **conflicts("frozen")},
)
async def put_statement(
    request: Request,
    session: ByContributor,
    id: Id,
    partner_id: PartnerInPath,
    content: StatementPut,
    preconditions: Conditional,
) -> Response:
    """Say what a partner thinks of a decision, or replace what it said.

    A partner's own keys say what that partner thinks. A coordinator of another party may enter what came on paper,
    where nothing is said yet: `entered_by_id` tells who did, until the partner's own PUT. An umbrella association can
    speak for members of today that are asked. The city's answer, when it was first said and when it came stay. Once the
    decision is made, what was said before stays as it is. If-Match is honoured when it is sent.
    """
    row, is_new = await service.put(session, id, partner_id, content, preconditions)
    return put_answer(request, row, is_new=is_new)


@router.patch("/{partner_id}", response_model=StatementPublic, responses=conflicts("frozen"))
async def update_statement(
    session: ByContributor, id: Id, partner_id: PartnerInPath, changes: StatementUpdate, preconditions: Conditional
) -> Response:
    """Answer a statement, or change fields of it.

    A coordinator of the authority says what the city made of it, and why; also after the decision is made. Until then an
    operator says by `received_on` that it came on an earlier day than it was entered, but of no statement of its own
    partner; after that it takes a proposal. The other fields are the partner's own.
    """
    return written(await service.change(session, id, partner_id, changes, preconditions))


@router.delete("/{partner_id}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_statement(
    session: ByContributor, id: Id, partner_id: PartnerInPath, preconditions: Conditional
) -> Response:
    """Take back what a partner said, as long as it is not answered and the decision is not made."""
    await service.remove(session, id, partner_id, preconditions)
    return Response(status_code=204)


@router.get("/{partner_id}/history", response_model=ChangePage)
async def list_statement_history(
    database: Reading, caller: Anyone, id: Id, partner_id: PartnerInPath, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to what one partner said; also after it was taken back."""
    return await answer_history(database, caller, STATEMENTS.type, statement_id(id, partner_id), wanted)


@router.get("/{partner_id}/receipt", response_model=Receipt)
async def get_statement_receipt(runtime: Running, caller: Anyone, id: Id, partner_id: PartnerInPath) -> Response:
    """Get evidence of what the log says of a statement, which can be kept and checked without the register."""
    return await answer_receipt(runtime, caller, STATEMENTS.type, statement_id(id, partner_id))
