"""`/v1/decisions/{id}/statements`"""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.changes.history import answer_history
from app.changes.models import ChangePage, ChangeQuery
from app.decisions.resource import DECISIONS
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading
from app.resources.addresses import PartnerInPath
from app.resources.answers import put_answer
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.schema.fields import Id
from app.statements import service
from app.statements.models import StatementList, StatementPublic, StatementPut
from app.statements.queries import filters
from app.statements.resource import STATEMENTS, statement_id

router = APIRouter(prefix="/v1/decisions/{id}/statements", tags=["decisions"])


@router.get("", response_model=Page[StatementPublic])
async def list_statements(
    request: Request, database: Reading, caller: Anyone, id: Id, wanted: Annotated[StatementList, Query()]
) -> Response:
    """List what the partners said to a decision, in the order in which they said it."""
    conditions = filters(wanted, caller)
    return await read_page(request, database, caller, STATEMENTS, wanted, conditions, above=(DECISIONS, id))


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

    A partner's key says what that partner thinks; a coordinator's also says what the city made of it. When it was first
    said stays. Once the decision is made, what was said before stays as it is; the city's answer can still be added.
    If-Match is honoured when it is sent.
    """
    row, is_new = await service.put(session, id, partner_id, content, preconditions)
    return put_answer(request, row, is_new=is_new)


@router.delete("/{partner_id}", status_code=204, responses=conflicts("frozen"))
async def delete_statement(
    session: ByContributor, id: Id, partner_id: PartnerInPath, preconditions: Conditional
) -> Response:
    """Take back what a partner said, as long as the decision is not made."""
    await service.remove(session, id, partner_id, preconditions)
    return Response(status_code=204)


@router.get("/{partner_id}/history", response_model=ChangePage)
async def list_statement_history(
    database: Reading, caller: Anyone, id: Id, partner_id: PartnerInPath, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to what one partner said; also after it was taken back."""
    return await answer_history(database, caller, STATEMENTS.type, statement_id(id, partner_id), wanted)
