"""Answering with figures: rows from one statement, as JSON or as CSV, with the change position they were computed at."""

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy import CTE, Column, ColumnElement, Connection, Select, literal, select, true, tuple_
from starlette.responses import Response, StreamingResponse

from app.access.caller import Caller
from app.access.guards import Anyone
from app.changes.models import CURSOR_PATTERN, LAST_POSITION, LogHead
from app.database import Database, table_of
from app.http.caching import cache_headers
from app.http.runtime import Running
from app.resources.answers import json_text, next_link
from app.resources.examples import given_example
from app.resources.lists import MAX_LIMIT
from app.resources.paging import decode, encode, fingerprint
from app.schema.base import Schema
from app.schema.fields import Cursor, Day, Id

BATCH = 500
MOST_GROUPS = 10_000
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
WEIGHT = re.compile(r";\s*q=([01](?:\.\d{0,3})?)\s*$", re.IGNORECASE)

ReportRow = TypeVar("ReportRow", bound=BaseModel)


class ReportHead(BaseModel):
    """What every report says of itself."""

    position: int = Field(
        ge=0,
        le=LAST_POSITION,
        json_schema_extra={"format": "int64"},
        description="Position in the change log that the figures were computed at.",
    )
    as_of: date = Field(description="Day that the figures are of, in the time zone of the installation.")


class ReportPage(ReportHead):
    """One page of a report's rows."""

    next_cursor: str | None = Field(
        max_length=2000, pattern=CURSOR_PATTERN, description="Cursor of the next page; null on the last one."
    )


class RowQuery(Schema):
    """How many rows are asked for, and from where."""

    limit: int = Field(default=50, ge=1, le=MAX_LIMIT, description="How many rows a page has at most; CSV has all.")
    cursor: Cursor = Field(
        default=None,
        description="`next_cursor` of the page before; the other parameters must be the same.",
    )


class AgreementQuery(Schema):
    """Which part of the cooperation is asked for."""

    agreement_id: list[Id] | None = Field(default=None, max_length=50, description="Agreement.")
    topic_id: list[Id] | None = Field(default=None, max_length=50, description="Topic.")


class PeriodQuery(Schema):
    """Which days are asked for."""

    period_from: Day | None = Field(default=None, description="On this day or later.")
    period_before: Day | None = Field(default=None, description="Before this day.")


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


@dataclass(frozen=True)
class Report(Generic[ReportRow]):
    """The rows of a report: what they are made of, and the columns of their total order, none of which is null."""

    name: str
    entry: type[ReportRow]
    source: CTE
    order: tuple[str, ...]

    @property
    def columns(self) -> list[Column[Any]]:
        """The columns of the order, for cursors."""
        return [Column(name, self.source.c[name].type, nullable=False) for name in self.order]

    def after(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """The condition for what stands behind these values."""
        columns = [self.source.c[name] for name in self.order]
        bound = tuple_(*(literal(value, column.type) for value, column in zip(values, columns, strict=True)))
        return tuple_(*columns) > bound

    def selected(self, limit: int, after: Sequence[Any] | None) -> Select[Any]:
        """Rows with the position of the log in the same statement; one without a row when there is none."""
        inner = select(self.source).order_by(*(self.source.c[name] for name in self.order)).limit(limit)
        rows = (inner if after is None else inner.where(self.after(after))).subquery("rows")
        feed = table_of(LogHead)
        whole = select(feed.c.position.label("log_position"), *rows.c).select_from(feed.outerjoin(rows, true()))
        return whole.order_by(*(rows.c[name] for name in self.order))

    def read(self, connection: Connection, limit: int, after: Sequence[Any] | None) -> tuple[int, list[Any]]:
        """The position and the rows."""
        found = connection.execute(self.selected(limit, after)).all()
        return found[0].log_position, [row for row in found if getattr(row, self.order[0]) is not None]


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
    """All rows as CSV (RFC 4180), read and sent a batch at a time."""

    async def batch(after: Sequence[Any] | None) -> tuple[int, list[Any]]:
        return await context.database.read(lambda connection: rows.read(connection, BATCH, after))

    position, first = await batch(None)

    async def lines() -> AsyncIterator[str]:
        names = list(rows.entry.model_fields)
        yield line(names)
        found = first
        while found:
            entries = (rows.entry.model_validate(row, from_attributes=True).model_dump(mode="json") for row in found)
            yield "".join(line([cell(entry[name]) for name in names]) for entry in entries)
            if len(found) < BATCH:
                return
            _, found = await batch([getattr(found[-1], name) for name in rows.order])

    file = {"Content-Disposition": f'attachment; filename="{rows.name}.csv"'}
    return StreamingResponse(lines(), media_type="text/csv", headers={**head(context, position), **file})


def line(cells: Sequence[str]) -> str:
    """One line of CSV."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def cell(value: Any) -> str:
    """A value as text; what a spreadsheet would run is made to be shown."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(RUN_BY_SPREADSHEETS) else value
        case list():
            return " ".join(map(str, value))
        case Mapping():
            return " ".join(f"{name}={entry}" for name, entry in value.items())
        case _:
            return str(value)


def wants_csv(request: Request) -> bool:
    """Whether the caller prefers CSV to JSON (RFC 9110, section 12.5.1)."""
    weights: dict[str, float] = {}
    for part in ",".join(request.headers.getlist("accept") or ["*/*"]).split(","):
        weight = WEIGHT.search(part)
        weights[part.partition(";")[0].strip().lower()] = float(weight[1]) if weight else 1.0
    as_json = max(weights.get(name, 0) for name in ("application/json", "application/*", "*/*"))
    as_csv = max(weights.get(name, 0) for name in ("text/csv", "text/*"))
    return as_csv > 0 and as_csv >= as_json


def as_csv(figures: type[ReportHead]) -> dict[str, Any]:
    """The 200 answer of a report, for a route's `responses`: what it is in CSV beside JSON."""
    shown = given_example(figures)["items"]
    text = line(list(shown[0])) + "".join(line([cell(value) for value in entry.values()]) for entry in shown)
    schema = {"type": "string", "maxLength": 2**31 - 1, "pattern": "^[a-z_]+,", "description": "Names, then rows."}
    return {
        "description": "Successful Response",
        "headers": {"Change-Position": {"$ref": "#/components/headers/Change-Position"}},
        "content": {"text/csv": {"schema": schema, "example": text}},
    }
