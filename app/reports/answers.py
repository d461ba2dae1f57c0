"""How reports are answered: a page or all rows, as JSON or as a file, with what they say of themselves."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import Response

from app.access.caller import Caller
from app.access.guards import Anyone
from app.database.engines import Database
from app.http.caching import cache_headers
from app.http.errors import NotAcceptable
from app.http.negotiation import CSV, JSON, acceptable
from app.http.runtime import Running
from app.places import asking
from app.reports.report import MOST_GROUPS, Report, RowQuery
from app.reports.tables import lines_of
from app.resources.answers import json_text, next_link
from app.resources.paging import decode, encode, fingerprint
from app.runtime import Runtime
from app.sheets.answers import about_table, answer_table
from app.sheets.choice import Chosen
from app.sheets.separated import cell
from app.sheets.table import Table, Title


class Context(NamedTuple):
    """Who asks for a report, of what, on which day, and whose days count."""

    request: Request
    runtime: Runtime
    caller: Caller
    today: date

    @property
    def database(self) -> Database:
        """Where the record is."""
        return self.runtime.database

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return self.runtime.settings.zone


async def context_of(request: Request, runtime: Running, caller: Anyone) -> Context:
    """What every report depends on."""
    return Context(request, runtime, caller, runtime.today)


InContext = Annotated[Context, Depends(context_of)]


async def answer_page(context: Context, rows: Report[Any], wanted: RowQuery) -> Response:
    """One page of rows as JSON, or all of them as CSV."""
    if wants_csv(context.request):
        return await answer_csv(context, rows)
    mark = fingerprint(rows.name, wanted)
    after = None if wanted.cursor is None else decode(wanted.cursor, mark, rows.columns)
    position, found = await context.database.read_anywhere(
        lambda connection: rows.read(connection, wanted.limit + 1, after)
    )
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
    position, found = await context.database.read_anywhere(lambda connection: rows.read(connection, MOST_GROUPS, None))
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


async def answer_file(context: Context, rows: Report[Any], form: Chosen, selected: Mapping[str, str]) -> Response:
    """All rows as a file, of one state of the register; `selected` says in words which ones those are."""
    runtime, request = context.runtime, context.request
    async with runtime.making.taken(asking.get(), runtime.database.patience):
        position, lines = await lines_of(runtime.database, rows)
        table = Table(Title(rows.name, rows.title, rows.title), rows.entry, has_names=False)
        about = about_table(request, runtime, position, selected)
        response = await answer_table(lines, table, form, about, cell)
    response.headers.update(cache_headers(is_private=context.caller.sees_partners))
    return response


async def answer_csv(context: Context, rows: Report[Any]) -> Response:
    """All rows as CSV, at the address of the report itself."""
    response = await answer_file(context, rows, Chosen("csv"), {})
    response.headers["Vary"] = "Accept"
    return response


def wants_csv(request: Request) -> bool:
    """Whether the caller prefers CSV to JSON; raises NotAcceptable when it takes neither."""
    media_type = acceptable(request.headers.getlist("accept"), (JSON, CSV))
    if media_type is None:
        raise NotAcceptable((JSON, "text/csv"))
    return media_type == CSV
