"""Read one and read a page: the stored texts, selected and joined, never built anew."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Select, Table, bindparam, select
from starlette.requests import Request
from starlette.responses import Response

from app.access.caller import ANONYMOUS, COMMAND, Caller
from app.access.visibility import visible
from app.database import pages
from app.database.engines import Database
from app.database.kept import Kept
from app.database.tables import table_of
from app.http.caching import cache_headers
from app.http.conditional import Preconditions, etag
from app.http.errors import Gone, NotFound
from app.resources.answers import alone, json_text, page_response
from app.resources.choosing import found_on, ways_to
from app.resources.findings import place_of
from app.resources.forms import wanted_form
from app.resources.kind import KINDS, Kind
from app.resources.lists import ListQuery, matching
from app.resources.paging import Order, decode, encode, fingerprint
from app.resources.remains import remains
from app.resources.totals import count_of, counted
from app.resources.ways import Question


async def read_one(
    database: Database, caller: Caller, kind: Kind[Any], id: UUID, preconditions: Preconditions
) -> Response:
    """Answer with one resource, or with 304 when the caller has this version already.

    Raises NotFound, Gone or PreconditionFailed.
    """

    def work(connection: Connection) -> Any:
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


def there(connection: Connection, caller: Caller, kind: Kind[Any], id: UUID) -> Any:
    """The `version` and the text (`representation`) of a resource; raises NotFound or Gone for what is not there for the caller."""
    row = statement_of_one(table_of(kind.table), caller.sees_partners).first(connection, {"id": id})
    if row is None:
        raise NotFound if connection.execute(remains(caller, kind, id)).first() is None else Gone
    return row


@cache
def statement_of_one(table: Table, sees_partners: bool) -> Kept:  # noqa: FBT001 (a cache's key)
    """Selects one resource; made once for each kind and each circle of callers, as it is what is asked for most."""
    seen = visible(table, COMMAND if sees_partners else ANONYMOUS)
    return Kept(select(table.c.version, table.c.representation).where(table.c.id == bindparam("id"), seen))


class TextPage(NamedTuple):
    """One page of a list: the texts, the cursor of the next page where one follows, the total where it was asked for."""

    texts: list[str]
    cursor: str | None
    total: int | None


class Prepared(NamedTuple):
    """The statements of a page and of a total."""

    page: Kept
    counting: Select[Any]


def find_page(
    connection: Connection,
    caller: Caller,
    kind: Kind[Any],
    wanted: ListQuery,
    above: tuple[Kind[Any], UUID] | None = None,
    today: date | None = None,
) -> TextPage:
    """One page of what matches, in one statement, and one more for the total when it is asked for and not on the page.

    `above` is the resource that the list belongs to: an empty list is NotFound or Gone where that is not there. `today` is
    the day that is meant where lists ask for one and none is said.
    """
    order = Order(kind, getattr(wanted, "sort"))  # noqa: B009 (each list has its own sort keys)
    mark = fingerprint(kind.type, wanted)
    last = None if wanted.cursor is None else decode(wanted.cursor, mark, order.columns)
    meant = wanted if today is None else wanted.on_day(today)
    is_postgresql = connection.dialect.name == "postgresql"
    statements = prepared(
        kind.type,
        replace(caller, key_id=None),
        type(wanted),
        meant.model_dump_json(exclude=NO_SHAPE, exclude_defaults=True),
        None if last is None else tuple(value is None for value in last),
        is_below=above is not None,
        is_postgresql=is_postgresql,
        most_bytes=pages.PAGE_BYTES,
    )
    values = values_of(kind, last, above)
    with statements.page.rows(connection, values) as found:
        rows, more = pages.take(found, wanted.limit, "representation", pages.PAGE_BYTES, is_weighed=is_postgresql)
    if above is not None and not rows:
        there(connection, caller, *above)
    total: int | None = None
    if wanted.include_total:
        is_all = wanted.cursor is None and not more
        total = len(rows) if is_all else connection.execute(statements.counting, values).scalar_one()
    cursor = encode(mark, rows[-1][1 : 1 + len(order.columns)]) if more else None
    return TextPage([row[0] for row in rows], cursor, total)


NO_SHAPE = {"cursor", "include_total"}
"""What a page is asked for that does not change its statement."""
MOST_KEPT = 200


@lru_cache(MOST_KEPT)
def prepared(
    type: str,
    caller: Caller,
    query: type[ListQuery],
    asked: str,
    unknown: tuple[bool, ...] | None,
    *,
    is_below: bool,
    is_postgresql: bool,
    most_bytes: int,
) -> Prepared:
    """The statements of what is asked most are kept: to put one together takes longer than to run it.

    They hold what was asked and nothing that was answered; behind what a page begins is given to them. `unknown` says of
    what it begins behind which values are not known.
    """
    kind, wanted = KINDS[type], query.model_validate_json(asked)
    table = table_of(kind.table)
    order = Order(kind, getattr(wanted, "sort"))  # noqa: B009 (as above)
    last = None if unknown is None else order.parameters(unknown)
    conditions = matching(kind, wanted, caller)
    question = Question(kind, caller, wanted, order, conditions, last, is_postgresql)
    page = select(table.c.representation, *order.marks())
    if is_below:
        here = table.c[str(kind.within)] == bindparam("above")
        inside = [visible(table, caller), *conditions, here]
        page = page.where(*inside, *([] if last is None else [order.after(last)]))
        counting = counted(select(table.c.id).where(*inside))
    else:
        page, counting = page.where(found_on(question, ways_to(question))), count_of(question)
    clauses = order.clauses()
    cut = pages.cut(page, clauses, wanted.limit, "representation", most_bytes, is_weighed=is_postgresql)
    return Prepared(Kept(cut), counting)


def values_of(kind: Kind[Any], last: Sequence[Any] | None, above: tuple[Kind[Any], UUID] | None) -> dict[str, Any]:
    """What is given to the statement of a page: behind what it begins, and what it belongs to."""
    values: dict[str, Any] = {} if above is None else {"above": above[1]}
    if last is not None:
        values |= {f"after_{number}": value for number, value in enumerate(last) if value is not None}
        if kind.found_through:
            values["after_place"] = place_of(last[:-1])
    return values


async def read_page(
    request: Request,
    database: Database,
    caller: Caller,
    kind: Kind[Any],
    wanted: ListQuery,
    above: tuple[Kind[Any], UUID] | None = None,
    today: date | None = None,
) -> Response:
    """Answer with one page of what matches; see `find_page`."""

    def work(connection: Connection) -> TextPage:
        return find_page(connection, caller, kind, wanted, above, today)

    # A filter can match nothing, and a total counts row by row; all else follows an index until the page is full.
    is_quick = not wanted.has_filters and above is None and not wanted.include_total
    return page_response(request, caller, kind, *await database.read_anywhere(work, is_quick=is_quick))
