"""Whole lists, read from one state of the register."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.changes.feed import head_of
from app.database import pages
from app.database.engines import Database
from app.database.tables import table_of
from app.interchange.names import ids_in, names_of
from app.language import Language
from app.resources.kind import Kind
from app.resources.paging import Order
from app.sheets.files import File, kept

BATCH = 500
LONGEST_SECONDS = 300
"""How long one may take to be read: a million rows on a machine that has other work."""


class Batch(NamedTuple):
    """Some of the rows, what their ids stand for, and whether more follow."""

    rows: Sequence[Row[Any]]
    names: dict[str, str]
    more: bool


async def lines_of(
    database: Database,
    caller: Caller,
    kind: Kind[Any],
    sort: str,
    conditions: Sequence[ColumnElement[bool]],
    language: Language | None,
) -> tuple[int, File]:
    """The position of the log and every resource that matches, each as the line of JSON that its address answers.

    All of it is read before it is sent, so that no client, however slow, holds a connection. With a language, a line before
    each batch says what the ids in it are called.
    """
    table, order = table_of(kind.table), Order(kind, sort)
    statement = select(table.c.representation, *order.columns).where(visible(table, caller), *conditions)

    def batch_after(last: Sequence[Any] | None, connection: Connection) -> Batch:
        wanted = statement if last is None else statement.where(order.after(last))
        rows, more = pages.read_page(connection, wanted, order.clauses(), BATCH, "representation", pages.PAGE_BYTES)
        ids = ids_in(row.representation for row in rows) if language else ()
        return Batch(rows, names_of(connection, caller, ids, language or "en"), more)

    with kept() as file:
        async with database.snapshot(LONGEST_SECONDS) as snapshot:
            position = (await snapshot.read(head_of)).position
            last: Sequence[Any] | None = None
            more = True
            while more:
                batch = await snapshot.read(partial(batch_after, last))
                if batch.names:
                    file.write(f"{json.dumps(list(batch.names.items()))}\n".encode())
                file.write("".join(f"{row.representation}\n" for row in batch.rows).encode())
                more = batch.more
                last = batch.rows[-1][1 : 1 + len(order.columns)] if more else None
    return position, file
