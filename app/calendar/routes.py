"""`/v1/calendar.ics` and `/v1/calendar-feeds`"""

from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Path, Query, Request
from pydantic import WithJsonSchema
from sqlalchemy import Connection
from starlette.responses import Response

from app.access.caller import Caller
from app.access.guards import Anyone, Contributor
from app.access.models import CalendarFeed
from app.access.routing import Router
from app.calendar import service
from app.calendar.calendars import MEDIA_TYPE, calendar_of
from app.calendar.entries import Setting
from app.calendar.models import (
    EXAMPLE_SECRET,
    SECRET_PATTERN,
    CalendarFeedCreate,
    CalendarFeedCreated,
    CalendarFeedPage,
    CalendarFeedPublic,
    CalendarFeedQuery,
    CalendarQuery,
)
from app.calendar.reading import Asked, entries
from app.database.tables import table_of
from app.http.base import Base
from app.http.caching import cache_headers
from app.http.conditional import Preconditions
from app.http.errors import NotFound
from app.http.headers import Conditional
from app.http.negotiation import language_of
from app.http.runtime import Reading, Running
from app.http.tagged import tagged
from app.places import Asker, asking
from app.resources.answers import json_of
from app.resources.idempotency import NEVER_KEPT
from app.resources.paging import paged
from app.resources.transactions import ByContributor
from app.runtime import Runtime
from app.schema.fields import Id

router = Router(prefix="/v1", tags=["calendar"])

AS_CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The calendar.",
        "headers": {"ETag": {"$ref": "#/components/headers/ContentETag"}},
        "content": {
            "text/calendar": {
                "schema": {"type": "string", "maxLength": 2**31 - 1, "pattern": "^BEGIN:VCALENDAR"},
                "example": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//cooperation-register\r\nEND:VCALENDAR\r\n",
            }
        },
    }
}

NameInPath = Annotated[
    str,
    # For the contract only: what cannot be a secret is nowhere (404), not invalid.
    WithJsonSchema({"type": "string", "maxLength": 55, "pattern": SECRET_PATTERN, "examples": [EXAMPLE_SECRET]}),
    Path(description="What is secret of the address."),
]


class Context(NamedTuple):
    """What every calendar depends on."""

    request: Request
    runtime: Runtime
    base: str
    preconditions: Preconditions


async def context_of(request: Request, runtime: Running, base: Base, preconditions: Conditional) -> Context:
    """The request for a calendar, where it came from, and what its caller has of it already."""
    return Context(request, runtime, base, preconditions)


InContext = Annotated[Context, Depends(context_of)]


@router.get("/calendar.ics", responses=AS_CALENDAR, response_class=Response)
async def get_calendar(context: InContext, caller: Anyone, wanted: Annotated[CalendarQuery, Query()]) -> Response:
    """Subscribe to the consultation events (RFC 5545): from a year ago on, what was called off is `CANCELLED`."""
    return await answer(context, caller, wanted)


@router.get("/calendar-feeds/{name}.ics", responses=AS_CALENDAR, response_class=Response)
async def get_private_calendar(
    context: InContext, name: NameInPath, wanted: Annotated[CalendarQuery, Query()]
) -> Response:
    """Subscribe to what a partner's readers see, without a key: whoever knows the address reads it."""
    runtime = context.runtime
    reader = await service.reader_at(runtime.database, name, runtime.clock(), runtime.today)
    asking.set(Asker(str(reader.feed_id), has_key=True))
    return await answer(context, reader.caller, wanted, reader.partner_name)


async def answer(context: Context, caller: Caller, wanted: CalendarQuery, of: str | None = None) -> Response:
    """The calendar that a caller asks for, or 304 when it has that already."""
    runtime, language = context.runtime, wanted.language or language_of(context.request.headers)
    asked, setting = Asked(caller, wanted, runtime.today, runtime.settings.zone), Setting(language, context.base)

    def work(connection: Connection) -> bytes:
        # What is written is much work too, and has its place as long as it lasts.
        found = entries(connection, asked, setting)
        return calendar_of(found, setting, has_deadlines=bool(wanted.include), of=of)

    headers = {
        "Content-Language": language,
        "Content-Disposition": 'inline; filename="calendar.ics"',
        "Vary": "Accept-Language",
        **cache_headers(is_private=caller.sees_partners),
    }
    return tagged(await runtime.database.read_anywhere(work), MEDIA_TYPE, context.preconditions, headers)


@router.post("/calendar-feeds", status_code=201, dependencies=[NEVER_KEPT], response_model=CalendarFeedCreated)
async def create_calendar_feed(session: ByContributor, base: Base, content: CalendarFeedCreate) -> Response:
    """Make a secret address of the calendar of the caller's partner; the answer shows it, and nothing ever does again."""
    made = await service.make(session, content.description)
    public = CalendarFeedPublic.model_validate(made.row, from_attributes=True)
    shown = CalendarFeedCreated(**public.model_dump(), url=f"{base}/v1/calendar-feeds/{made.secret}.ics")
    return json_of(shown, 201, {"Location": f"/v1/calendar-feeds/{made.row.id}"})


@router.get("/calendar-feeds", response_model=CalendarFeedPage)
async def list_calendar_feeds(
    database: Reading, caller: Contributor, wanted: Annotated[CalendarFeedQuery, Query()]
) -> Response:
    """List the secret addresses of the caller's partner, revoked ones too, in the order in which they were made."""
    statement = service.feeds_of(caller).limit(wanted.limit + 1)
    if wanted.cursor is not None:
        statement = statement.where(table_of(CalendarFeed).c.id > wanted.cursor)
    rows = await database.read(lambda connection: connection.execute(statement).mappings().all(), is_quick=True)
    items, cursor = paged(rows, CalendarFeedPublic, wanted.limit)
    return json_of(CalendarFeedPage(items=items, next_cursor=cursor))


@router.get("/calendar-feeds/{id}", response_model=CalendarFeedPublic)
async def get_calendar_feed(database: Reading, caller: Contributor, id: Id) -> Response:
    """Read about one secret address of the caller's partner."""
    statement = service.feeds_of(caller).where(table_of(CalendarFeed).c.id == id)
    row = await database.read(lambda connection: connection.execute(statement).mappings().first(), is_quick=True)
    if row is None:
        raise NotFound
    return json_of(CalendarFeedPublic.model_validate(dict(row)))


@router.delete("/calendar-feeds/{id}", status_code=204)
async def revoke_calendar_feed(session: ByContributor, id: Id) -> Response:
    """Revoke a secret address: the next request there is answered 410, by every process."""
    await service.revoke(session, id)
    return Response(status_code=204)
