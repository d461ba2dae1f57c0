"""Verifying that tables of resources have no rows that the log does not know."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Table, literal, select, true, tuple_

from app.changes.findings import FINDING
from app.changes.keys import KEYS
from app.changes.models import KEY, Change, Subject, SubjectAbout
from app.database.tables import table_of
from app.resources.kind import Kind

CHANGE, SUBJECT, ABOUT = table_of(Change), table_of(Subject), table_of(SubjectAbout)
BATCH = 20_000
"""How many rows are looked through at once: all of a million take longer than a statement may."""
MOST_NAMED = 1_000
"""How many of those are named."""


class Known(NamedTuple):
    """How the rows of a table are known: `id` is whose they are, `held` that it is there; others of the table are not meant."""

    name: str
    table: Table
    id: Column[Any]
    held: ColumnElement[bool]
    meant: ColumnElement[bool] = true()


class Strangers:
    """Looks for rows that the log does not know."""

    def __init__(self, kinds: Sequence[Kind[Any]]) -> None:
        self.left = list(known_rows(kinds))
        self.last: Sequence[Any] | None = None

    def step(self, connection: Connection) -> list[str] | None:
        """What is in the next rows of a table and not in the log; None behind the last table."""
        if not self.left:
            return None
        known, key = self.left[0], tuple_(*self.left[0].table.primary_key)
        behind = true() if self.last is None else key > self.at(self.last)
        ends = select(*key.clauses).where(behind).order_by(*key.clauses).offset(BATCH - 1).limit(1)
        self.last = connection.execute(ends).first()
        inside = true() if self.last is None else key <= self.at(self.last)
        wanted = select(known.id).where(behind, inside, known.meant, ~known.held).limit(MOST_NAMED)
        found = connection.execute(wanted).scalars().all()
        if self.last is None:
            self.left.pop(0)
        return [f"in a table and not in the log: {known.name} {id}" for id in found]

    def at(self, last: Sequence[Any]) -> ColumnElement[Any]:
        """The key of a row of the table."""
        columns = self.left[0].table.primary_key
        return tuple_(*(literal(value, column.type) for value, column in zip(last, columns, strict=True)))


def known_rows(kinds: Sequence[Kind[Any]]) -> Iterator[Known]:
    """How the rows of each table are known."""
    for kind in kinds:
        table = table_of(kind.table)
        yield Known(kind.type, table, table.c.id, is_subject(table.c.id, SUBJECT.c.kind == kind.type))
        for child in kind.lists.values():
            rows = table_of(child.table)
            parent = rows.c[child.parent]
            of_kind = true() if child.of_kind is None else rows.c.kind == child.of_kind
            yield Known(str(rows.name), rows, parent, select(table.c.id).where(table.c.id == parent).exists(), of_kind)
    yield Known(KEY, KEYS, KEYS.c.id, is_subject(KEYS.c.id, SUBJECT.c.kind == KEY))
    told = select(CHANGE.c.position).where(CHANGE.c.resource_id == SUBJECT.c.id)
    yield Known("subject", SUBJECT, SUBJECT.c.id, told.exists())
    yield Known("finding", FINDING, FINDING.c.resource_id, is_subject(FINDING.c.resource_id))
    yield Known("subject_about", ABOUT, ABOUT.c.subject_id, is_subject(ABOUT.c.subject_id))


def is_subject(id: Column[Any], *of_kind: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an id is one of a subject."""
    return select(SUBJECT.c.id).where(SUBJECT.c.id == id, *of_kind).exists()
