"""Ways to a page of a list: by which index the database comes to what is asked for, whatever it matches.

Conditions say what is right, ways only how to come there.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    UniqueConstraint,
    bindparam,
    select,
    tuple_,
)

from app.access.caller import Caller
from app.access.visibility import Visibility, is_for_partners
from app.changes.findings import FINDING
from app.database.searching import may_hold
from app.database.tables import table_of
from app.resources.findings import mark_of, text_of
from app.resources.kind import KINDS, Kind
from app.resources.lists import PAGING, ListQuery
from app.resources.paging import Order
from app.resources.scope import GOAL, ids_about_goals, in_agreements
from app.resources.text import searchable

MOST_BY_TEXT = 5_000
"""How much may hold a text for all of it to be looked at."""
AFTER_PLACE = bindparam("after_place", type_=FINDING.c.place.type)
"""The place behind which a page begins, of what stands in its list's own order."""


class Way(NamedTuple):
    """What one filter leads to: ids, and the same in parts that stand in the order of the list, where an index has it."""

    ids: Select[Any]
    streams: Sequence[Select[Any]] = ()
    is_by_text: bool = False


class Question(NamedTuple):
    """A page that is asked for; where it is not the first, behind what stands for some values in the order of the list."""

    kind: Kind[Any]
    caller: Caller
    wanted: ListQuery
    order: Order
    conditions: Sequence[ColumnElement[bool]]
    last: Sequence[Any] | None
    is_postgresql: bool
    most_looked_at: int | None = None
    """How much is looked at in all, where it is for a total; a page is looked for until it is full."""

    @property
    def table(self) -> Table:
        """The table of what is listed."""
        return table_of(self.kind.table)

    @property
    def key(self) -> str:
        """The column that the list is ordered by first."""
        return self.order.columns[0].name

    @property
    def bounds(self) -> list[ColumnElement[bool]]:
        """The part of the list's order that is asked for."""
        column, wanted = self.order.columns[0], self.wanted.model_fields_set
        least = [column >= getattr(self.wanted, f"{self.key}_from")] if f"{self.key}_from" in wanted else []
        most = [column < getattr(self.wanted, f"{self.key}_before")] if f"{self.key}_before" in wanted else []
        behind = [] if self.last is None else [self.order.after(self.last)]
        return [*least, *most, *behind]

    @property
    def is_a_row(self) -> ColumnElement[bool]:
        """What holds of every row, and stands in no index.

        SQLite would else go through all of an index that has the whole order and every filter, whatever else leads to less.
        """
        column: ColumnElement[int] = self.table.c.version
        return column > 0

    def asked(self) -> Iterator[tuple[str, Any]]:
        """The filters that are asked for, with their values."""
        for name in sorted(self.wanted.model_fields_set - PAGING):
            value = getattr(self.wanted, name)
            if value is not None:
                yield name, value


def marks_of(question: Question, name: str, values: Sequence[Any]) -> list[UUID]:
    """What stands for values of a filter, as far as the caller sees."""
    circles = list(Visibility) if question.caller.sees_partners else [Visibility.public]
    return [mark_of(question.kind, name, value, circle) for value in values for circle in circles]


def walked(question: Question) -> Select[Any]:
    """The page on the way through the list's own order."""
    return select(question.table.c.id).where(*question.bounds).order_by(*question.order.clauses())


def way_of(question: Question, name: str, value: Any) -> Way | None:
    """The way that a filter leads, where it has an index."""
    kind, table, values = question.kind, question.table, value if isinstance(value, list) else [value]
    if name == "q":
        return by_text(question, value)
    if name in kind.found_through:
        return by_findings(question, name, values)
    if name == "goal_id":
        goal = table_of(KINDS[GOAL].table)
        return Way(ids_about_goals(kind.table, question.caller, goal.c.id.in_(values)))
    if name in table.c and leads(table, name):
        return by_column(question, name, values)
    if name == "agreement_id":
        return Way(select(table.c.id).where(in_agreements(kind.table, question.caller, values)))
    return by_bound(question, name, value)


def by_bound(question: Question, name: str, value: Any) -> Way | None:
    """The way by the index of a column that a filter bounds."""
    table, (column, _, bound) = question.table, name.rpartition("_")
    if bound not in ("from", "before") or column == question.key or column not in table.c or not leads(table, column):
        return None
    return Way(select(table.c.id).where(table.c[column] >= value if bound == "from" else table.c[column] < value))


def by_column(question: Question, name: str, values: Sequence[Any]) -> Way | None:
    """The way by the index of a column; that of who may read has only what is for partners."""
    if name == "visibility":
        only = values == [Visibility.partners]
        return Way(select(question.table.c.id).where(is_for_partners(question.table))) if only else None
    column = question.table.c[name]
    ids = select(question.table.c.id).where(column.in_(values))
    if not leads(question.table, name, *(each.name for each in question.order.columns[:-1])):
        return Way(ids)
    return Way(ids, [walked(question).where(column == value, question.is_a_row) for value in values])


def by_text(question: Question, text: str) -> Way | None:
    """The way by the index of what stands in texts, where the text is long enough for it."""
    ids = may_hold(question.table, searchable(text), is_postgresql=question.is_postgresql)
    if ids is None:
        return None
    # Found once, to be counted and to be looked at: the index is as slow each time.
    known = ids.limit(question.most_looked_at or MOST_BY_TEXT).cte("by_text").prefix_with("MATERIALIZED")
    return Way(select(known.c[0]), is_by_text=True)


def by_findings(question: Question, name: str, values: Sequence[Any]) -> Way:
    """The way by what is stored of each resource for its lists."""
    kind, order, last = question.kind, question.order, question.last
    marks = marks_of(question, name, values)
    ids = select(FINDING.c.resource_id).where(FINDING.c.mark.in_(marks))
    is_ordered = tuple(column.name for column in order.columns[:-1]) == kind.listed_by
    # What is not known stands last in both directions, and its place behind all others in one.
    if not is_ordered or (order.descending and any(column.nullable for column in order.columns)):
        return Way(ids)
    inside = list(bounds_of_place(question))
    if last is not None:
        at, edge = tuple_(FINDING.c.place, FINDING.c.resource_id), tuple_(AFTER_PLACE, last[-1])
        inside.append(at < edge if order.descending else at > edge)
    columns = (FINDING.c.place, FINDING.c.resource_id)
    clauses = [column.desc() if order.descending else column for column in columns]
    table = question.table
    stream = select(FINDING.c.resource_id).join(table, table.c.id == FINDING.c.resource_id).where(*inside)
    return Way(ids, [stream.where(FINDING.c.mark == mark).order_by(*clauses) for mark in marks])


def bounds_of_place(question: Question) -> Iterator[ColumnElement[bool]]:
    """The part of the list's order that is asked for, by what is stored of resources for their lists."""
    for name, value in question.asked():
        if name == f"{question.key}_from":
            yield FINDING.c.place >= text_of(value)
        elif name == f"{question.key}_before":
            yield FINDING.c.place < text_of(value)


@cache
def leads(table: Table, *columns: str) -> bool:
    """Whether an index, or the key, begins with these columns."""
    unique = (each.columns for each in table.constraints if isinstance(each, UniqueConstraint))
    known = (table.primary_key.columns, *unique, *(index.columns for index in table.indexes))
    return any(tuple(each.keys()[: len(columns)]) == columns for each in known)
