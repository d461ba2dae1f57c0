"""How reports are answered: a page or all rows, as JSON or as CSV, with what they say of themselves."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import Response

from app.access.caller import Caller
from app.access.guards import Anyone
from app.database import Database
from app.http.caching import cache_headers
from app.http.negotiation import CSV, JSON, acceptable
from app.http.problems import NotAcceptable
from app.http.runtime import Running
from app.reports.report import MOST_GROUPS, Report, RowQuery
from app.reports.spreadsheet import csv_of
from app.resources.answers import json_text, next_link
from app.resources.paging import decode, encode, fingerprint


class Context(NamedTuple):
    """Who asks for a report, of what, on which day, and whose days count."""

    request: Request
    database: Database
    caller: Caller
    today: date
    zone: ZoneInfo


async def context_of(request: Request, runtime: Running, caller: Anyone) -> Context:
    """What every report depends on."""
    return Context(request, runtime.database, caller, runtime.today, runtime.settings.zone)


InContext = Annotated[Context, Depends(context_of)]


async def answer_page(context: Context, rows: Report[Any], wanted: RowQuery) -> Response:
    """One page of rows as JSON, or all of them as CSV."""
    if wants_csv(context.request):
        return await answer_csv(context, rows)
    mark = fingerprint(rows.name, wanted)
    after = None if wanted.cursor is None else decode(wanted.cursor, mark, rows.columns)
    position, found = await context.database.read(lambda connection: rows.read(connection, wanted.limit + 1, after))
    shown, cursor = found[: wanted.limit], None
    headers = head(context, position)
    if len(found) > wanted.limit:
        cursor = encode(mark, [getattr(shown[-1], name) for name in rows.order])
        headers["Link"] = next_link(context.request, cursor)
    following = "null" if cursor is None else f'"{cursor}"'
    return json_text(f'{opening(context, position, rows, shown)},"next_cursor":{following}}}', headers)


async def answer_all(context: Context, rows: Report[Any]) -> Response:
    """All rows of a report that has few, as JSON or as CSV."""
    if wants_csv(context.request):
        return await answer_csv(context, rows)
    position, found = await context.database.read(lambda connection: rows.read(connection, MOST_GROUPS, None))
    return json_text(f"{opening(context, position, rows, found)}}}", head(context, position))


def opening(context: Context, position: int, rows: Report[Any], found: Sequence[Any]) -> str:
    """The JSON text of an answer up to its rows."""
    items = ",".join(rows.entry.model_validate(row, from_attributes=True).model_dump_json() for row in found)
    return f'{{"position":{position},"as_of":"{context.today}","items":[{items}]'


def head(context: Context, position: int) -> dict[str, str]:
    """The headers of a report."""
    # An address has two answers: no cache may give the one for the other.
    private = cache_headers(is_private=context.caller.sees_partners)
    return {"Change-Position": str(position), "Vary": "Accept", **private}


async def answer_csv(context: Context, rows: Report[Any]) -> Response:
    """All rows as CSV, of one state of the register."""
    position, response = await csv_of(context.database, rows)
    response.headers.update(head(context, position))
    return response


def wants_csv(request: Request) -> bool:
    """Whether the caller prefers CSV to JSON; raises NotAcceptable when it takes neither."""
    media_type = acceptable(request.headers.getlist("accept"), (JSON, CSV))
    if media_type is None:
        raise NotAcceptable((JSON, "text/csv"))
    return media_type == CSV
