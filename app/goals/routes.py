"""`/v1/goals`"""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.changes.history import answer_history
from app.changes.schemas import ChangePage, ChangeQuery
from app.goals.models import GoalCreate, GoalList, GoalPublic, GoalUpdate
from app.goals.resource import GOALS
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByCoordinator
from app.resources.writing import change, remove
from app.schema.fields import Id

router = Router(prefix="/v1/goals", tags=["goals"])


@router.get("", response_model=Page[GoalPublic])
async def list_goals(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[GoalList, Query()]
) -> Response:
    """List goals, ordered by number."""
    return await read_page(request, database, caller, GOALS, wanted)


@router.post("", status_code=201, response_model=GoalPublic, responses=conflicts("duplicate"))
async def create_goal(session: ByCoordinator, once: Once, content: GoalCreate) -> Response:
    """Add a goal to an agreement."""
    return await once.create(session, GOALS, content)


@router.get("/{id}", response_model=GoalPublic)
async def get_goal(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one goal."""
    return await read_one(database, caller, GOALS, id, preconditions)


@router.patch("/{id}", response_model=GoalPublic)
async def update_goal(session: ByCoordinator, id: Id, changes: GoalUpdate, preconditions: Conditional) -> Response:
    """Change fields of a goal."""
    row = await changeable(session, GOALS, id, preconditions)
    return written(await change(session, GOALS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use"))
async def delete_goal(session: ByCoordinator, id: Id, preconditions: Conditional) -> Response:
    """Delete a goal that nothing refers to any more."""
    await remove(session, GOALS, await changeable(session, GOALS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_goal_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one goal, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, GOALS.type, id, wanted)
