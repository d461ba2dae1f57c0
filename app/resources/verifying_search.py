"""Verifying what `q` is looked up in: it must be what is stored."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, func, select

from app.database.searching import SEARCHED, TERMS, ending, trigrams
from app.database.tables import table_of
from app.resources.kind import Kind

BATCH = 500
"""How many rows are looked at at a time."""
BATCH_OF_TERMS = 50
"""How many terms: each is read with all the texts that it stands in."""


class SearchWalk:
    """Looks whether the index that `q` is looked up in has the texts that are stored; PostgreSQL's is part of their tables."""

    def __init__(self, kinds: Sequence[Kind[Any]]) -> None:
        self.left = [table_of(kind.table) for kind in kinds]
        self.last = UUID(int=0)
        self.known = 0
        self.stands_in: Counter[str] = Counter()
        """In how many texts each term stands that was not found in the index yet."""
        self.last_term: str | None = ""
        self.is_other = False

    def step(self, connection: Connection) -> list[str] | None:
        """Which of the next rows it does not know, and behind them how it differs from all; None behind the end."""
        if connection.dialect.name != "sqlite":
            return None
        if self.left:
            return self.unknown(connection, self.left[0])
        if self.last_term is None:
            return None
        self.last_term = self.compare(connection, self.last_term)
        return list(self.differences(connection)) if self.last_term is None else []

    def unknown(self, connection: Connection, table: Table) -> list[str]:
        """Which of the next rows of a table it does not know."""
        wanted = select(table.c.id, table.c.search_text, SEARCHED.c.number).outerjoin(
            SEARCHED, SEARCHED.c.resource_id == table.c.id
        )
        rows = connection.execute(wanted.where(table.c.id > self.last).order_by(table.c.id).limit(BATCH)).all()
        for row in rows:
            self.last, self.known = row.id, self.known + (row.number is not None)
            self.stands_in.update(trigrams(row.search_text + ending(table.name)))
        if not rows:
            self.left, self.last = self.left[1:], UUID(int=0)
        return [f"not searched: {table.name} {row.id}" for row in rows if row.number is None]

    def compare(self, connection: Connection, last: str) -> str | None:
        """Look up the next terms; gives the last of them, None where there are no more."""
        wanted = (
            select(TERMS.c.term, TERMS.c.doc).where(TERMS.c.term > last).order_by(TERMS.c.term).limit(BATCH_OF_TERMS)
        )
        rows = connection.execute(wanted).all()
        for row in rows:
            self.is_other |= self.stands_in.pop(row.term, 0) != row.doc
            last = row.term
        return last if rows else None

    def differences(self, connection: Connection) -> Iterator[str]:
        """In what the index differs from all the rows."""
        if connection.execute(select(func.count()).select_from(SEARCHED)).scalar_one() != self.known:
            yield "searched and in no table: the index of texts has other resources"
        if self.is_other or self.stands_in:
            yield "searched is something else than what the tables hold"
