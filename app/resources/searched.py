"""Verifying what `q` is looked up in: it must be what is stored."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select

from app.database import table_of
from app.resources.kind import Kind
from app.searching import SEARCHED, TERMS, ending, trigrams

BATCH = 500
"""How many rows are looked at at a time."""


class Searched:
    """Looks whether the index that `q` is looked up in has the texts that are stored; PostgreSQL's is part of their tables."""

    def __init__(self, kinds: Sequence[Kind[Any]]) -> None:
        self.left = [table_of(kind.table) for kind in kinds]
        self.last = UUID(int=0)
        self.known = 0
        self.stands_in: Counter[str] = Counter()

    def step(self, connection: Connection) -> list[str] | None:
        """Which of the next rows it does not know, and at the end how it differs from all; None behind the end."""
        if not self.left or connection.dialect.name != "sqlite":
            return None
        table = self.left[0]
        wanted = select(table.c.id, table.c.search_text, SEARCHED.c.number).outerjoin(
            SEARCHED, SEARCHED.c.resource_id == table.c.id
        )
        rows = connection.execute(wanted.where(table.c.id > self.last).order_by(table.c.id).limit(BATCH)).all()
        for row in rows:
            self.last, self.known = row.id, self.known + (row.number is not None)
            self.stands_in.update(trigrams(row.search_text + ending(table.name)))
        faults = [f"not searched: {table.name} {row.id}" for row in rows if row.number is None]
        if not rows:
            self.left, self.last = self.left[1:], UUID(int=0)
        return faults if self.left else [*faults, *self.differences(connection)]

    def differences(self, connection: Connection) -> Iterator[str]:
        """In what the index differs from all the rows."""
        if connection.execute(select(func.count()).select_from(SEARCHED)).scalar_one() != self.known:
            yield "searched and in no table: the index of texts has other resources"
        if {row.term: row.doc for row in connection.execute(select(TERMS.c.term, TERMS.c.doc))} != self.stands_in:
            yield "searched is something else than what the tables hold"
