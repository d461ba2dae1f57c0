"""`/v1/decisions`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.history import answer_history
from app.changes.schemas import ChangePage, ChangeQuery
from app.decisions.models import DecisionCreate, DecisionList, DecisionPublic, DecisionUpdate
from app.decisions.resource import DECISIONS
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading, Running
from app.log.models import Receipt
from app.log.receipts import answer_receipt
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/decisions", tags=["decisions"])


@router.get("", response_model=Page[DecisionPublic])
async def list_decisions(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[DecisionList, Query()]
) -> Response:
    """List decisions in the order in which they are to be made."""
    return await read_page(request, database, caller, DECISIONS, wanted)


@router.post("", status_code=201, response_model=DecisionPublic)
async def create_decision(session: ByContributor, once: Once, content: DecisionCreate) -> Response:
    """Announce a decision, as the authority, or report one with the status `reported` that it had not announced.

    Every party on the side `associations` can report. The authority takes that on, or refuses it with a reason; who
    reported it can change it until then.
    """
    return await once.create(session, DECISIONS, content)


@router.get("/{id}", response_model=DecisionPublic)
async def get_decision(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one decision."""
    return await read_one(database, caller, DECISIONS, id, preconditions)


@router.patch("/{id}", response_model=DecisionPublic, responses=conflicts("transition-not-allowed", "frozen"))
async def update_decision(
    session: ByContributor, id: Id, changes: DecisionUpdate, preconditions: Conditional
) -> Response:
    """Change fields of a decision.

    Once it is decided, what tells whether the partners were heard before stays as it is: its days, whom it asks and the
    events at which they were heard.
    """
    row = await changeable(session, DECISIONS, id, preconditions)
    return written(await change(session, DECISIONS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use", "frozen"))
async def delete_decision(session: ByContributor, id: Id, preconditions: Conditional) -> Response:
    """Delete a decision that was not made and that nothing refers to any more; who reported one deletes that one."""
    await remove(session, DECISIONS, await changeable(session, DECISIONS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_decision_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one decision, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, DECISIONS.type, id, wanted)


@router.get("/{id}/receipt", response_model=Receipt)
async def get_decision_receipt(runtime: Running, caller: Anyone, id: Id) -> Response:
    """Get evidence of what the log says of one decision, which can be kept and checked without the register."""
    return await answer_receipt(runtime, caller, DECISIONS.type, id)
