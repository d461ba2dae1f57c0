"""Read one and read a page: the stored texts, selected and joined, never built anew."""

from collections.abc import Sequence
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Request
from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, func, select
from starlette.responses import Response

from app.access.caller import ANONYMOUS, COMMAND, Caller
from app.access.visibility import visible
from app.database import Database, table_of
from app.http.caching import cache_headers
from app.http.conditional import etag, is_known
from app.http.problems import Gone, NotFound
from app.resources.lists import ListQuery
from app.resources.pages import Order, decode, encode, fingerprint
from app.resources.resource import Resource
from app.resources.schema import Stored
from app.resources.writing import remains


async def read_one(
    database: Database, caller: Caller, resource: Resource[Any], id: UUID, if_none_match: str | None = None
) -> Response:
    """Answer with one resource, or with 304 when the caller has this version already; raises NotFound or Gone."""

    def work(connection: Connection) -> Row[tuple[int, str]]:
        return there(connection, caller, resource, id)

    row = await database.read(work, is_quick=True)
    headers = {"ETag": etag(row.version), **cache_headers(is_private=caller.sees_partners)}
    if is_known(if_none_match, row.version):
        return Response(status_code=304, headers=headers)
    return json_text(row.representation, headers)


def there(connection: Connection, caller: Caller, resource: Resource[Any], id: UUID) -> Row[tuple[int, str]]:
    """The version and the text of a resource; raises NotFound or Gone for what is not there for the caller."""
    row = connection.execute(statement_of_one(table_of(resource.table), caller.sees_partners), {"id": id}).first()
    if row is None:
        raise NotFound if connection.execute(remains(caller, resource, id)).first() is None else Gone
    return row


@cache
def statement_of_one(table: Table, sees_partners: bool) -> Select[tuple[int, str]]:  # noqa: FBT001 (a cache's key)
    """Selects one resource; made once for each kind and each circle of callers, as it is what is asked for most."""
    caller = COMMAND if sees_partners else ANONYMOUS
    return select(table.c.version, table.c.representation).where(table.c.id == bindparam("id"), visible(table, caller))


async def read_page(
    request: Request,
    database: Database,
    caller: Caller,
    resource: Resource[Any],
    wanted: ListQuery,
    conditions: Sequence[ColumnElement[bool]],
    above: tuple[Resource[Any], UUID] | None = None,
) -> Response:
    """Answer with one page of what matches, in one statement, and one more for the total when it is asked for.

    `above` is the resource that the list belongs to: an empty list is NotFound or Gone where that is not there.
    """
    table = table_of(resource.table)
    order = Order(resource, getattr(wanted, "sort"))  # noqa: B009 (each list has its own sort keys)
    mark = fingerprint(resource.kind, wanted)
    matching = [visible(table, caller), *conditions]
    statement = select(table.c.representation, *order.marks()).where(*matching).order_by(*order.clauses())
    if wanted.cursor is not None:
        statement = statement.where(order.after(decode(wanted.cursor, mark, order.columns)))
    counting = select(func.count()).select_from(table).where(*matching)

    def work(connection: Connection) -> tuple[Sequence[Row[Any]], int | None]:
        rows = connection.execute(statement.limit(wanted.limit + 1)).all()
        if above is not None and not rows:
            there(connection, caller, *above)
        return rows, connection.execute(counting).scalar_one() if wanted.include_total else None

    # Text is searched and totals are counted row by row; all else follows an index until the page is full.
    is_quick = wanted.q is None and not wanted.include_total
    rows, total = await database.read(work, is_quick=is_quick)
    shown = rows[: wanted.limit]
    cursor = encode(mark, shown[-1][1:]) if len(rows) > wanted.limit else None
    return page_response(request, caller, [row[0] for row in shown], cursor, total)


def page_response(
    request: Request, caller: Caller, texts: Sequence[str], cursor: str | None, total: int | None
) -> Response:
    """A page around texts that are JSON already."""
    counted = "" if total is None else f',"total":{total}'
    following = "null" if cursor is None else f'"{cursor}"'
    headers = cache_headers(is_private=caller.sees_partners)
    if cursor is not None:
        headers["Link"] = next_link(request, cursor)
    return json_text(f'{{"items":[{",".join(texts)}],"next_cursor":{following}{counted}}}', headers)


def next_link(request: Request, cursor: str) -> str:
    """The Link header of a page that another one follows (RFC 8288)."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return f'<{request.url.path}?{urlencode([*asked, ("cursor", cursor)])}>; rel="next"'


def written(request: Request, row: Stored, status_code: int = 200) -> Response:
    """The answer to a write: the resource as it now is."""
    headers = {"ETag": etag(row.version), "Cache-Control": "no-store"}
    if status_code == HTTPStatus.CREATED:
        headers["Location"] = f"{request.url.path}/{row.id}"
    return json_text(row.representation, headers, status_code)


def put_answer(request: Request, row: Stored, *, is_new: bool) -> Response:
    """The answer to a PUT: the resource as it now is, at the address that was asked for."""
    headers = {"ETag": etag(row.version), "Cache-Control": "no-store"}
    if is_new:
        headers["Location"] = request.url.path
    return json_text(row.representation, headers, HTTPStatus.CREATED if is_new else HTTPStatus.OK)


def json_text(text: str, headers: dict[str, Any], status_code: int = 200) -> Response:
    """An answer whose JSON text is ready."""
    return Response(text, status_code=status_code, headers=headers, media_type="application/json")
