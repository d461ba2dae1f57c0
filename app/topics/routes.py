"""`/v1/topics`"""

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
from app.resources.answers import written
from app.resources.changing import changeable
from app.resources.idempotency import Once
from app.resources.paging import Page
from app.resources.reading import read_one, read_page
from app.resources.transactions import ByCoordinator
from app.resources.writing import change, remove
from app.schema.fields import Id
from app.topics.models import TopicCreate, TopicList, TopicPublic, TopicUpdate
from app.topics.resource import TOPICS

router = Router(prefix="/v1/topics", tags=["topics"])


@router.get("", response_model=Page[TopicPublic])
async def list_topics(
    request: Request, database: Reading, caller: Anyone, wanted: Annotated[TopicList, Query()]
) -> Response:
    """List topics, ordered by name."""
    return await read_page(request, database, caller, TOPICS, wanted)


@router.post("", status_code=201, response_model=TopicPublic, responses=conflicts("duplicate"))
async def create_topic(session: ByCoordinator, once: Once, content: TopicCreate) -> Response:
    """Add a topic to an agreement."""
    return await once.create(session, TOPICS, content)


@router.get("/{id}", response_model=TopicPublic)
async def get_topic(database: Reading, caller: Anyone, id: Id, preconditions: Conditional) -> Response:
    """Read one topic."""
    return await read_one(database, caller, TOPICS, id, preconditions)


@router.patch("/{id}", response_model=TopicPublic)
async def update_topic(session: ByCoordinator, id: Id, changes: TopicUpdate, preconditions: Conditional) -> Response:
    """Change fields of a topic."""
    row = await changeable(session, TOPICS, id, preconditions)
    return written(await change(session, TOPICS, row, changes))


@router.delete("/{id}", status_code=204, responses=conflicts("in-use"))
async def delete_topic(session: ByCoordinator, id: Id, preconditions: Conditional) -> Response:
    """Delete a topic that nothing refers to any more."""
    await remove(session, TOPICS, await changeable(session, TOPICS, id, preconditions))
    return Response(status_code=204)


@router.get("/{id}/history", response_model=ChangePage)
async def list_topic_history(
    database: Reading, caller: Anyone, id: Id, wanted: Annotated[ChangeQuery, Query()]
) -> Response:
    """Read what happened to one topic, from its creation on; also after it was deleted."""
    return await answer_history(database, caller, TOPICS.type, id, wanted)
