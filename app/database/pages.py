"""Pages that end where their entries become too many or too large, whichever is first."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

PAGE_BYTES = 4 * 1024 * 1024


def read_page(
    connection: Connection,
    statement: Select[Any],
    order: Sequence[ColumnElement[Any]],
    limit: int,
    text: str,
    most_bytes: int,
) -> tuple[Sequence[Row[Any]], bool]:
    """The rows of one page in this order, and whether more follow.

    A page ends at `limit` rows, or when the column named `text` has come to so many bytes; it has one row at least where
    there is one. The database gives out no more than that, in one statement: SQLite is asked row by row, PostgreSQL, whose
    driver takes all there is, adds up lengths, for which it need not read what is kept apart because it is long.
    """
    is_weighed = connection.dialect.name == "postgresql"
    page = cut(statement, order, limit, text, most_bytes, is_weighed=is_weighed)
    with connection.execute(page) as found:
        return take(found, limit, text, most_bytes, is_weighed=is_weighed)


def cut(
    statement: Select[Any],
    order: Sequence[ColumnElement[Any]],
    limit: int,
    text: str,
    most_bytes: int,
    *,
    is_weighed: bool,
) -> Select[Any]:
    """The statement for one page; `is_weighed` where the database itself leaves out what is behind the page."""
    if not is_weighed:
        return statement.order_by(*order).limit(limit + 1)
    numbered = statement.add_columns(func.row_number().over(order_by=order).label("place"))
    page = numbered.order_by(*order).limit(limit + 1).subquery("page")
    length = func.coalesce(func.octet_length(page.c[text]), 0)
    before = func.sum(length).over(order_by=page.c.place) - length
    weighed = select(page, before.label("before"), func.count().over().label("there")).subquery("weighed")
    return select(weighed).where(weighed.c.place <= limit, weighed.c.before < most_bytes).order_by(weighed.c.place)


def take(
    found: Iterable[Any], limit: int, text: str, most_bytes: int, *, is_weighed: bool
) -> tuple[Sequence[Any], bool]:
    """The rows of a page that was cut, and whether more follow."""
    rows: list[Any] = []
    size = 0
    for row in found:
        if len(rows) == limit or size >= most_bytes:
            return rows, True
        rows.append(row)
        size += len(getattr(row, text) or "")
    return rows, is_weighed and bool(rows) and rows[0].there > len(rows)
