"""`/v1/changes`"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Header, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.access.caller import Caller
from app.access.errors import Unauthorized
from app.access.guards import Anyone, identify
from app.access.routing import Router
from app.changes.answers import page, place_behind
from app.changes.cursors import AS_LAST_EVENT, LogPlace, audience, encode
from app.changes.feed import Batch, Wanted, read, wait_for_more
from app.changes.schemas import ChangePage, FeedQuery, WaitingFeedQuery
from app.http.caching import cache_headers
from app.http.responses import problems
from app.http.runtime import Running
from app.places import NoPlace, Places, asking
from app.runtime import Runtime
from app.schema.fields import Cursor

router = Router(prefix="/v1/changes", tags=["changes"])

PING_SECONDS = 10.0
PING = ": caught up\n\n"
STREAM_SECONDS = 600.0
STREAM_BYTES = 512 * 1024
"""How much of a stream waits at once for a client to take it."""

# nginx and those who follow it would else hold events back until a buffer is full.
UNBUFFERED = {"X-Accel-Buffering": "no"}
EVENTS = {
    "text/event-stream": {
        "example": f"{PING}id: MTU6MDEyMzQ1Njc4OWFiY2RlZjpwdWJsaWM\nevent: change\ndata: {{}}\n\n",
        "schema": {
            "type": "string",
            "maxLength": 2**31 - 1,
            "pattern": "^(id|event|data)?: ",
            "description": "Events.",
        },
    }
}

LastEventId = Annotated[
    Cursor,
    Header(
        alias="Last-Event-ID",
        description="`id` of the last event that was received; browsers send it when they connect again.",
    ),
]


@router.get("", response_model=ChangePage, responses=problems(410, "feed-reset", "history-rewritten", "rights-changed"))
async def list_changes(
    request: Request, runtime: Running, caller: Anyone, wanted: Annotated[WaitingFeedQuery, Query()]
) -> Response:
    """Follow every change of what the caller may see.

    1. Each committed change is there once, in the order of the commits.
    2. When a write was answered, its change is in the feed; what was rolled back never is.
    3. Who stores the cursor after processing loses nothing. After a crash on the reader's side the page comes again;
       `position` is the key to drop doubles by.
    4. After a restore from a backup, a cursor from the lost future is 410 `feed-reset`, never silently continued. Where
       other entries stand there now, it is 410 `history-rewritten`. A cursor from before the caller's rights changed is 410
       `rights-changed`.
    5. Data is served only of what the caller may see now: what left its view is one `deleted` without data, what entered
       it starts with the data of its entering.
    6. Following the feed from the start gives exactly the lists; what happens to keys, which no list holds, is told to
       callers with one.
    """
    place = beginning(wanted, caller)
    database = runtime.database
    batch = await read(database, caller, selection(wanted), place, wanted.limit)
    if not batch.items and wanted.wait:
        async with runtime.waiting.taken(asking.get()):
            await wait_for_more(database, batch.end, wanted.wait, runtime.ending)
        # The key may have ended meanwhile.
        caller = await identify(request, runtime)
        batch = await read(database, caller, selection(wanted), batch.end, wanted.limit)
    return page(batch, caller)


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": EVENTS}, **problems(410, "feed-reset", "history-rewritten", "rights-changed")},
)
async def stream_changes(
    request: Request,
    runtime: Running,
    caller: Anyone,
    wanted: Annotated[FeedQuery, Query()],
    last_event_id: LastEventId = None,
) -> Response:
    """Follow every change of what the caller may see, as server-sent events.

    Each event is named `change` and carries what `listChanges` answers for one change; its id is a cursor. A client that
    connects again with `Last-Event-ID` goes on where it was. The stream ends when the caller's key does, and after ten
    minutes. A line that begins with a colon is a comment: it is sent when there is nothing new, and at least every ten
    seconds.
    """
    known = place_behind(last_event_id, caller, AS_LAST_EVENT)
    place = known if last_event_id else beginning(wanted, caller)
    if not runtime.waiting.may_have(asking.get()):
        raise NoPlace
    first = await read(runtime.database, caller, selection(wanted), place, wanted.limit, STREAM_BYTES)
    events = follow(request, runtime, caller, wanted, first)
    headers = {**cache_headers(is_private=caller.sees_partners), **UNBUFFERED}
    return Stream(runtime.waiting, events, media_type="text/event-stream", headers=headers)


def beginning(wanted: FeedQuery, caller: Caller) -> LogPlace:
    """The place in the log behind which a query begins."""
    if wanted.cursor is None and wanted.after_position:
        return LogPlace(wanted.after_position, "")
    return place_behind(wanted.cursor, caller)


def selection(wanted: FeedQuery) -> Wanted:
    """The entries that a query asks for."""
    return Wanted(
        types=tuple(wanted.type or ()),
        partner_ids=tuple(wanted.partner_id or ()),
        agreement_ids=tuple(wanted.agreement_id or ()),
        goal_ids=tuple(wanted.goal_id or ()),
    )


class Stream(StreamingResponse):
    """A stream that holds a place as long as it lasts; raises NoPlace where none is free for the caller."""

    def __init__(self, waiting: Places, content: AsyncIterator[str], **about: Any) -> None:
        super().__init__(content, **about)
        self.waiting = waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.waiting.taken(asking.get()):
            await super().__call__(scope, receive, send)


async def follow(
    request: Request,
    runtime: Runtime,
    caller: Caller,
    wanted: FeedQuery,
    batch: Batch,
) -> AsyncIterator[str]:
    """The events, for as long as the client listens and the caller is who it was, at most for ten minutes."""
    database, ending = runtime.database, runtime.ending
    now = asyncio.get_running_loop().time
    until = now() + STREAM_SECONDS
    while not (ending.is_set() or await request.is_disconnected()):
        for place, text in batch.items:
            yield f"id: {encode(place, caller)}\nevent: change\ndata: {text}\n\n"
        if not batch.more:
            # A comment keeps proxies from closing. Nothing else would do: clients take an id without data for an
            # event, and an id that no event follows is not kept. What was passed over is passed over again.
            yield PING
            await wait_for_more(database, batch.end, PING_SECONDS, ending)
        if now() >= until or not await is_unchanged(request, runtime, caller):
            return
        try:
            batch = await read(database, caller, selection(wanted), batch.end, wanted.limit, STREAM_BYTES)
        except NoPlace:
            # The client connects again, and goes on where it was.
            return


async def is_unchanged(request: Request, runtime: Runtime, caller: Caller) -> bool:
    """Whether the caller's key still gives the same rights."""
    try:
        return audience(await identify(request, runtime)) == audience(caller)
    except Unauthorized:
        return False
