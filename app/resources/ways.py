"""Ways to a page of a list: by which index the database comes to what is asked for, whatever it matches.

A filter that matches little is best followed itself, one that matches nearly everything best looked at on the way through
the list's order, and neither database knows beforehand which one it has. So a page is asked for with all ways to it, each
behind a gate: the database counts a little of every filter and goes the way of the one that matches least. Conditions say
what is right, ways only how to come there.
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
    and_,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from app.access.caller import Caller
from app.access.visibility import Visibility, is_for_partners, visible
from app.database import table_of
from app.resources.findings import FINDING, mark_of, text_of
from app.resources.kind import KINDS, Kind
from app.resources.lists import NOT_FILTERS, ListQuery
from app.resources.paging import Order
from app.resources.scope import GOAL, ids_about_goals, in_agreements
from app.resources.text import searchable
from app.searching import may_hold

MOST_GATHERED = 2_000
"""How much a filter may match for all of it to be looked at; what matches more is met often enough on any other way."""

AFTER_PLACE = bindparam("after_place", type_=FINDING.c.place.type)
"""The place behind which a page begins, of what stands in its list's own order."""

WALK = -1
"""The way through the list's own order."""


class Listed(FunctionElement[Any]):
    """What a query finds, found once: PostgreSQL would read the whole table beside it where it expects much."""

    inherit_cache = True
    type = NullType()


@compiles(Listed, "postgresql")
def array_of(element: Any, compiler: Any, **options: Any) -> str:
    """An array of a query's rows."""
    [query] = element.clauses
    return f"ARRAY{compiler.process(query, **options)}"


class Way(NamedTuple):
    """What one filter leads to: ids, and the same in parts that stand in the order of the list, where an index has it."""

    ids: Select[Any]
    streams: Sequence[Select[Any]] = ()


class Question(NamedTuple):
    """A page that is asked for; where it is not the first, behind what stands for some values in the order of the list."""

    kind: Kind[Any]
    caller: Caller
    wanted: ListQuery
    order: Order
    conditions: Sequence[ColumnElement[bool]]
    last: Sequence[Any] | None
    is_postgresql: bool

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

    def asked(self) -> Iterator[tuple[str, Any]]:
        """The filters that are asked for, with their values."""
        for name in sorted(self.wanted.model_fields_set - (NOT_FILTERS - {"q", "agreement_id", "goal_id"})):
            value = getattr(self.wanted, name)
            if value is not None:
                yield name, value


def found_on(question: Question) -> ColumnElement[bool]:
    """The condition for what stands on a page, as a query that finds it; the page may have some too many at its end."""
    ways = [way for name, value in question.asked() if (way := way_of(question, name, value)) is not None]
    ways.sort(key=lambda way: not way.streams)
    if not ways:
        bounds = [question.order.after(question.last)] if question.last is not None else []
        return and_(visible(question.table, question.caller), *question.conditions, *bounds)
    if len(ways) == 1 and ways[0].streams:
        return among(question, [first(question, stream) for stream in ways[0].streams])
    choice = chosen(question, ways)
    branches = [
        behind(question, branch, choice == number)
        for number, each in enumerate(ways)
        for branch in each.streams or [gathered(question, each)]
    ]
    if not ways[0].streams:
        branches.append(behind(question, walked(question), choice == WALK))
    return among(question, branches)


def marks_of(question: Question, name: str, values: Sequence[Any]) -> list[UUID]:
    """What stands for values of a filter, as far as the caller sees."""
    circles = list(Visibility) if question.caller.sees_partners else [Visibility.public]
    return [mark_of(question.kind, name, value, circle) for value in values for circle in circles]


def first(question: Question, branch: Select[Any]) -> Select[Any]:
    """The first of a branch, as far as it is what is asked for."""
    # Hidden from planners: each branch has the index that it is there for, and no statistics to be misled by.
    right = [condition.is_(true()) for condition in (visible(question.table, question.caller), *question.conditions)]
    return branch.where(*right).limit(question.wanted.limit + 1)


def behind(question: Question, branch: Select[Any], gate: ColumnElement[bool]) -> Select[Any]:
    """The first of a branch whose gate is open; a condition would not do, as SQLite would look at it row by row."""
    open_to = case((gate, question.wanted.limit + 1), else_=0)
    return select(first(question, branch).subquery().c[0]).limit(open_to)


def among(question: Question, branches: Sequence[Select[Any]]) -> ColumnElement[bool]:
    """Whether a row is in one of these branches."""
    return question.table.c.id.in_(union_all(*(select(branch.subquery().c[0]) for branch in branches)))


def chosen(question: Question, ways: Sequence[Way]) -> ColumnElement[int]:
    """The number of the way that leads to least; where all lead to much, of one that is in order, or of none."""
    counts = (counted_few(way) for way in ways)
    counted = select(*(count.label(f"of_{number}") for number, count in enumerate(counts))).cte("counted")
    columns = list(counted.prefix_with("MATERIALIZED").c)
    least = [
        (and_(own < MOST_GATHERED, *(own <= other for other in columns if other is not own)), number)
        for number, own in enumerate(columns)
    ]
    otherwise = 0 if ways[0].streams else WALK
    choosing = select(case(*least, else_=otherwise).label("way"))
    if question.is_postgresql and question.wanted.q is not None:
        # Its index of texts has always all that matches, and in no order.
        choosing = select(
            case((met_ahead(question, ways[0]), otherwise), else_=choosing.scalar_subquery()).label("way")
        )
    choice = choosing.cte("choice").prefix_with("MATERIALIZED")
    return select(choice.c.way).scalar_subquery()


def counted_few(way: Way) -> ColumnElement[int]:
    """How much a way leads to, as far as it is few."""
    # An index alone counts them: what it leads to stands in the table.
    few = way.ids.with_only_columns(literal(1).label("one"), maintain_column_froms=True).limit(MOST_GATHERED)
    return select(func.count()).select_from(few.subquery()).scalar_subquery()


def is_few(way: Way) -> ColumnElement[bool]:
    """Whether all that a way leads to can be looked at."""
    return counted_few(way) < MOST_GATHERED


def met_ahead(question: Question, way: Way) -> ColumnElement[bool]:
    """Whether a little of the way that is in order already has the whole page."""
    is_right = and_(visible(question.table, question.caller), *question.conditions).label("is_right")
    looked_at = [
        branch.with_only_columns(is_right, maintain_column_froms=True).limit(MOST_GATHERED).subquery()
        for branch in way.streams or [walked(question)]
    ]
    met = union_all(*(select(literal(1).label("one")).where(each.c.is_right) for each in looked_at))
    page = select(met.subquery().c.one).limit(question.wanted.limit + 1).subquery()
    return select(func.count()).select_from(page).scalar_subquery() > question.wanted.limit


def gathered(question: Question, way: Way) -> Select[Any]:
    """The page among all that a filter leads to."""
    inside = [bound.is_(true()) for bound in question.bounds]
    return select(question.table.c.id).where(is_gathered(question, way), *inside).order_by(*question.order.clauses())


def is_gathered(question: Question, way: Way) -> ColumnElement[bool]:
    """Whether a row is among the few that a way leads to."""
    few, id = select(way.ids.limit(MOST_GATHERED).subquery().c[0]), question.table.c.id
    return id == func.any(Listed(few.scalar_subquery())) if question.is_postgresql else id.in_(few)


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
    return Way(ids, [walked(question).where(column == value) for value in values])


def by_text(question: Question, text: str) -> Way | None:
    """The way by the index of what stands in texts, where the text is long enough for it."""
    ids = may_hold(question.table, searchable(text), is_postgresql=question.is_postgresql)
    return None if ids is None else Way(ids)


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
