"""`/v1/proposals`"""

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
from app.proposals.models import ProposalCreate, ProposalList, ProposalPublic, ProposalUpdate
from app.proposals.resource import PROPOSALS
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByContributor
from app.resources.writing import change
from app.schema.fields import Id

router = Router(prefix="/v1/proposals", tags=["proposals"])


@router.get("", response_model=Page[ProposalPublic])
async def list_proposals(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[ProposalList, Query()]
) -> Response:
    """List proposals, the newest first."""
    return await read_page(request, database, caller, PROPOSALS, wanted)


@router.post("", status_code=201, response_model=ProposalPublic)
async def create_proposal(session: ByContributor, once: Once, content: ProposalCreate) -> Response:
    """Propose to correct what is on record, or what more than one side must stand for.

    Any party of the agreement can. The changes are a merge patch of the subject, tried by its rules at once; they are made
    when another side confirms them.
    """
    return await once.create(session, PROPOSALS, content)


@router.get("/{id}", response_model=ProposalPublic)
async def get_proposal(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one proposal."""
    return await read_one(database, caller, PROPOSALS, id, preconditions)


@router.patch(
    "/{id}",
    response_model=ProposalPublic,
    responses=conflicts("frozen", "transition-not-allowed", "stale-proposal", "duplicate"),
)
async def update_proposal(
    session: ByContributor, id: Id, changes: ProposalUpdate, preconditions: Conditional
) -> Response:
    """Confirm, reject or withdraw a proposal.

    A party on another side of the agreement than the one that proposed it confirms or rejects it, who proposed it
    withdraws it. Confirming makes the changes at the same moment, by the ordinary rules, but for what is frozen, the
    steps between states and whose words something is; the log tells of them as `corrected`. A proposal for a version
    that is no longer the current one is 409 `stale-proposal`.
    """
    row = await changeable(session, PROPOSALS, id, preconditions)
    return written(await change(session, PROPOSALS, row, changes))


@router.get("/{id}/history", response_model=ChangePage)
async def list_proposal_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one proposal, from its creation on."""
    return await answer_history(database, caller, PROPOSALS.type, id, wanted)
