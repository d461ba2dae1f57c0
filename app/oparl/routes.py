"""`/oparl/v1.1`"""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from app.access.caller import ANONYMOUS
from app.access.visibility import visible
from app.http.base import base_at
from app.http.errors import NotFound
from app.http.runtime import Running
from app.oparl.answers import InterfaceRoute, json_answer
from app.oparl.objects import LISTS, PREFIX, Object, World, system
from app.oparl.query import ExternalListQuery
from app.oparl.reading import ListPage, read_list, read_object
from app.oparl.sources import AGREEMENT, Scope, in_body, meetings_of
from app.oparl.types import BODY, MEETING, TYPES
from app.resources.reading import there
from app.runtime import Runtime
from app.schema.fields import Id

router = APIRouter(prefix=PREFIX, include_in_schema=False, route_class=InterfaceRoute)

Wanted = Annotated[ExternalListQuery, Query()]
Name = Annotated[str, Path(max_length=36)]

LISTED = {name: TYPES[name.removesuffix("List")] for name in LISTS if name.removesuffix("List") in TYPES}
"""The types in the lists of a body."""
EMPTY = ListPage([], 0, None, None, None)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a register without a public agreement was made and changed."""


@router.get("")
async def get_system(request: Request, runtime: Running) -> Response:
    """The interface itself, from which everything is reached."""

    def work(connection: Connection) -> Object:
        times = select(func.min(AGREEMENT.c.created_at), func.max(AGREEMENT.c.updated_at))
        found = connection.execute(times.where(visible(AGREEMENT, ANONYMOUS))).one()
        return system(world_of(request, runtime), *((each or NEVER).isoformat() for each in found))

    return json_answer(request, await runtime.database.read_anywhere(work))


@router.get("/bodies")
async def list_bodies(request: Request, runtime: Running, wanted: Wanted) -> Response:
    """The agreements, each as a body."""

    def work(connection: Connection) -> ListPage:
        return read_list(connection, world_of(request, runtime), BODY, Scope(), wanted, request.url.path)

    return page_answer(request, wanted, await runtime.database.read_anywhere(work))


@router.get("/body/{id}/{name}")
async def list_of_body(request: Request, runtime: Running, id: Id, name: Name, wanted: Wanted) -> Response:
    """An external list of a body; the lists of persons and of their memberships are empty."""
    if name not in LISTS:
        raise NotFound
    type = LISTED.get(name)

    def work(connection: Connection) -> ListPage:
        there(connection, ANONYMOUS, BODY.kind, id)
        if type is None:
            return EMPTY
        world, scope = world_of(request, runtime), in_body(type.kind, id)
        return read_list(connection, world, type, scope, wanted, request.url.path)

    return page_answer(request, wanted, await runtime.database.read_anywhere(work))


@router.get("/organization/{id}/meeting")
async def list_meetings_of_organization(request: Request, runtime: Running, id: Id, wanted: Wanted) -> Response:
    """The events that a partner organises or takes part in."""

    def work(connection: Connection) -> ListPage:
        there(connection, ANONYMOUS, TYPES["organization"].kind, id)
        return read_list(connection, world_of(request, runtime), MEETING, meetings_of(id), wanted, request.url.path)

    return page_answer(request, wanted, await runtime.database.read_anywhere(work))


@router.get("/{segment}/{id}")
async def get_object(request: Request, runtime: Running, segment: Name, id: Id) -> Response:
    """An object that stands for its source, or the one that there can be of its type."""
    return await object_answer(request, runtime, segment, id)


@router.get("/{segment}/{id}/{key}")
async def get_object_of_many(request: Request, runtime: Running, segment: Name, id: Id, key: Name) -> Response:
    """One of the objects of a source."""
    return await object_answer(request, runtime, segment, id, key)


async def object_answer(request: Request, runtime: Runtime, segment: str, id: UUID, key: str = "") -> Response:
    """An object, or what is left of it; raises NotFound."""
    type = TYPES.get(segment)
    if type is None:
        raise NotFound

    def work(connection: Connection) -> Object:
        return read_object(connection, world_of(request, runtime), type, id, key)

    return json_answer(request, await runtime.database.read_anywhere(work))


def page_answer(request: Request, wanted: ExternalListQuery, page: ListPage) -> Response:
    """A page of a list, with the addresses of the pages around it."""
    asked = sorted((name, value) for name, value in request.query_params.multi_items() if name != "cursor")

    def at(cursor: str | None) -> str:
        query = urlencode([*asked, *([("cursor", cursor)] if cursor else [])])
        return f"{base_at(request)}{request.url.path}{'?' if query else ''}{query}"

    links = {"first": at(None), "self": at(wanted.cursor)}
    around = (("prev", page.before), ("next", page.after), ("last", page.last))
    links |= {name: at(cursor) for name, cursor in around if cursor}
    objects = [without_inner(each) for each in page.objects] if wanted.omit_internal else page.objects
    counted = {} if page.total is None else {"totalElements": page.total}
    return json_answer(request, {"data": objects, "pagination": counted, "links": links})


def without_inner(content: Object) -> Object:
    """An object without those that stand inside of it, for who reads their own lists."""
    return {
        name: value
        for name, value in content.items()
        if not isinstance(value, dict)
        and not (isinstance(value, list) and any(isinstance(each, dict) for each in value))
    }


def world_of(request: Request, runtime: Runtime) -> World:
    """Where objects are served, and by whom."""
    return World(base_at(request), runtime.settings)
