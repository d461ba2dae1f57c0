"""Read one and read a page: the stored texts, selected and joined, never built anew."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, func, select
from starlette.requests import Request
from starlette.responses import Response

from app import pages
from app.access.caller import ANONYMOUS, COMMAND, Caller
from app.access.visibility import visible
from app.database import Database, table_of
from app.http.caching import cache_headers
from app.http.conditional import Preconditions, etag
from app.http.problems import Gone, NotFound
from app.resources.answers import alone, json_text, page_response
from app.resources.forms import wanted_form
from app.resources.kind import Kind
from app.resources.lists import ListQuery
from app.resources.paging import Order, decode, encode, fingerprint
from app.resources.remains import remains
from app.resources.ways import Question, found_on


async def read_one(
    database: Database, caller: Caller, kind: Kind[Any], id: UUID, preconditions: Preconditions
) -> Response:
    """Answer with one resource, or with 304 when the caller has this version already.

    Raises NotFound, Gone or PreconditionFailed.
    """

    def work(connection: Connection) -> Row[tuple[int, str]]:
        return there(connection, caller, kind, id)

    form = wanted_form.get()
    mark = "" if form is None else form.mark
    if preconditions.if_match is not None:
        row = await database.read(work, is_quick=True)
    else:
        # Who has a version that a standby has not followed to must not be given the one before it.
        row = await database.read_anywhere(
            work,
            is_quick=True,
            suffices=lambda found: preconditions.if_none_match is None or preconditions.is_known(found.version, mark),
        )
    headers = {"ETag": etag(row.version, mark), "Vary": "Accept", **cache_headers(is_private=caller.sees_partners)}
    if preconditions.is_known(row.version, mark):
        return Response(status_code=304, headers=headers)
    return json_text(row.representation, headers) if form is None else alone(form, kind, row.representation, headers)


def there(connection: Connection, caller: Caller, kind: Kind[Any], id: UUID) -> Row[tuple[int, str]]:
    """The version and the text of a resource; raises NotFound or Gone for what is not there for the caller."""
    row = connection.execute(statement_of_one(table_of(kind.table), caller.sees_partners), {"id": id}).first()
    if row is None:
        raise NotFound if connection.execute(remains(caller, kind, id)).first() is None else Gone
    return row


@cache
def statement_of_one(table: Table, sees_partners: bool) -> Select[tuple[int, str]]:  # noqa: FBT001 (a cache's key)
    """Selects one resource; made once for each kind and each circle of callers, as it is what is asked for most."""
    caller = COMMAND if sees_partners else ANONYMOUS
    return select(table.c.version, table.c.representation).where(table.c.id == bindparam("id"), visible(table, caller))


class Found(NamedTuple):
    """One page of a list: the texts, the cursor of the next page where one follows, the total where it was asked for."""

    texts: list[str]
    cursor: str | None
    total: int | None


def find_page(
    connection: Connection,
    caller: Caller,
    kind: Kind[Any],
    wanted: ListQuery,
    conditions: Sequence[ColumnElement[bool]],
    above: tuple[Kind[Any], UUID] | None = None,
) -> Found:
    """One page of what matches, in one statement, and one more for the total when it is asked for.

    `above` is the resource that the list belongs to: an empty list is NotFound or Gone where that is not there.
    """
    table = table_of(kind.table)
    order = Order(kind, getattr(wanted, "sort"))  # noqa: B009 (each list has its own sort keys)
    mark = fingerprint(kind.type, wanted)
    matching = [visible(table, caller), *conditions]
    last = None if wanted.cursor is None else decode(wanted.cursor, mark, order.columns)
    statement = select(table.c.representation, *order.marks())
    if above is None:
        statement = statement.where(found_on(Question(kind, caller, wanted, order, conditions, last)))
    else:
        matching.append(table.c[str(kind.within)] == above[1])
        statement = statement.where(*matching, *([] if last is None else [order.after(last)]))
    rows, more = pages.read_page(
        connection, statement, order.clauses(), wanted.limit, "representation", pages.PAGE_BYTES
    )
    if above is not None and not rows:
        there(connection, caller, *above)
    counting = select(func.count()).select_from(table).where(*matching)
    total = connection.execute(counting).scalar_one() if wanted.include_total else None
    cursor = encode(mark, rows[-1][1 : 1 + len(order.columns)]) if more else None
    return Found([row[0] for row in rows], cursor, total)


async def read_page(
    request: Request,
    database: Database,
    caller: Caller,
    kind: Kind[Any],
    wanted: ListQuery,
    conditions: Sequence[ColumnElement[bool]],
    above: tuple[Kind[Any], UUID] | None = None,
) -> Response:
    """Answer with one page of what matches; see `find_page`."""

    def work(connection: Connection) -> Found:
        return find_page(connection, caller, kind, wanted, conditions, above)

    # A filter can match nothing, and a total counts row by row; all else follows an index until the page is full.
    is_quick = not conditions and above is None and not wanted.include_total
    return page_response(request, caller, kind, *await database.read_anywhere(work, is_quick=is_quick))
