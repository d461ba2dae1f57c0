"""Which way the database goes to a page of a list.

A filter that matches little is best followed itself, one that matches nearly everything best looked at on the way through
the list's order, and neither database knows beforehand which one it has. So a page is asked for with all ways to it, each
behind a gate: the database counts a little of every filter and goes the way of the one that matches least.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    SelectBase,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from app.access.visibility import visible
from app.database.postgresql import PLANNED_ANEW
from app.resources.ways import MOST_BY_TEXT, Question, Way, walked, way_of

MOST_GATHERED = 2_000
"""How much a filter may match for all of it to be looked at for a page; what matches more is met often enough on any other way."""
MOST_AHEAD = 1_000
"""How much of a way is looked at before PostgreSQL's index of texts is asked; it makes what is in many texts anew from each."""
WALK = -1
"""The way through the list's own order."""

# What all this leads to: the first 50 events of a partner that were held, for who has no key, on SQLite. A partner is among the
# filters that findings are stored for, a status has an index with the order of the list; so both ways are in order, and each is
# one branch. Aliases, casts and what does not matter are left out.
#
#   WITH counted AS MATERIALIZED (SELECT                            -- how much each way leads to, as far as it is few
#          (SELECT count(*) FROM (SELECT 1 FROM finding WHERE mark IN (:mark) LIMIT 2000)) AS counted_0,
#          (SELECT count(*) FROM (SELECT 1 FROM consultation_event WHERE status IN ('held') LIMIT 2000)) AS counted_1),
#        begun AS MATERIALIZED (SELECT                              -- where each way begins
#          (SELECT starts_at FROM finding JOIN consultation_event ON id = resource_id
#             WHERE mark = :mark ORDER BY place, resource_id LIMIT 1) AS begun_0,
#          (SELECT starts_at FROM consultation_event
#             WHERE status = 'held' AND version > 0 ORDER BY starts_at, id LIMIT 1) AS begun_1),
#        choice AS MATERIALIZED (SELECT CASE
#          WHEN counted_0 <= counted_1 AND counted_0 < 2000 THEN 0
#          WHEN counted_1 <= counted_0 AND counted_1 < 2000 THEN 1
#          ELSE (SELECT CASE WHEN begun_0 IS NULL OR begun_0 >= begun_1 THEN 0 ELSE 1 END FROM begun) END AS way FROM counted)
#   SELECT representation, starts_at, id FROM consultation_event WHERE id IN (
#     SELECT resource_id FROM (SELECT resource_id FROM finding JOIN consultation_event ON id = resource_id
#         WHERE mark = :mark AND (visibility = 'public') IS 1 AND (EXISTS (...)) IS 1 AND (status = 'held') IS 1
#         ORDER BY place, resource_id LIMIT 51)
#       LIMIT CASE WHEN (SELECT way FROM choice) = 0 THEN 51 ELSE 0 END      -- the gate: a branch behind a closed one is not begun
#     UNION ALL
#     SELECT id FROM (SELECT id FROM consultation_event
#         WHERE status = 'held' AND version > 0 AND (visibility = 'public') IS 1 AND (EXISTS (...)) IS 1 AND (status = 'held') IS 1
#         ORDER BY starts_at, id LIMIT 51)
#       LIMIT CASE WHEN (SELECT way FROM choice) = 1 THEN 51 ELSE 0 END)
#   ORDER BY starts_at, id LIMIT 51
#
# `IS 1` keeps the planner from taking an index for what is only to be looked at. EXISTS (...) is the filter by partner.


class Listed(FunctionElement[Any]):
    """What a query finds, found once: PostgreSQL would read the whole table beside it where it expects much."""

    inherit_cache = True
    type = NullType()


@compiles(Listed, "postgresql")
def array_of(element: Any, compiler: Any, **options: Any) -> str:
    """An array of a query's rows."""
    [query] = element.clauses
    return f"ARRAY{compiler.process(query, **options)}"


def found_on(question: Question, ways: Sequence[Way]) -> ColumnElement[bool]:
    """The condition for what stands on a page, as a query that finds it; the page may have some too many at its end."""
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


def ways_to(question: Question) -> list[Way]:
    """The ways that the filters lead, those in order before others."""
    ways = [way for name, value in question.asked() if (way := way_of(question, name, value)) is not None]
    return sorted(ways, key=lambda way: not way.streams)


def first(question: Question, branch: Select[Any]) -> Select[Any]:
    """The first of a branch, as far as it is what is asked for."""
    # Hidden from planners: each branch has the index that it is there for, and no statistics to be misled by.
    conditions = map(looked_up, question.conditions) if question.is_postgresql else question.conditions
    right = [condition.is_(true()) for condition in (visible(question.table, question.caller), *conditions)]
    if question.most_looked_at is None:
        return branch.where(*right).limit(question.wanted.limit + 1)
    looked_at = branch.add_columns(and_(*right).label("is_right")).limit(question.most_looked_at).subquery()
    return select(looked_at.c[0]).where(looked_at.c.is_right).limit(question.wanted.limit + 1)


def looked_up(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that is looked up for each row: PostgreSQL would read all that any row could meet where it expects many rows.

    It does so with every EXISTS that says no OFFSET.
    """

    def replace(element: Any, **_options: Any) -> Any:
        return exists(element.element.element.offset(0)) if isinstance(element, Exists) else None

    return visitors.replacement_traverse(condition, {}, replace)


def behind(question: Question, branch: Select[Any], gate: ColumnElement[bool]) -> Select[Any]:
    """The first of a branch whose gate is open; a condition would not do, as SQLite would look at it row by row."""
    open_to = case((gate, question.wanted.limit + 1), else_=0)
    return select(first(question, branch).subquery().c[0]).limit(open_to)


def among(question: Question, branches: Sequence[Select[Any]]) -> ColumnElement[bool]:
    """Whether a row is in one of these branches."""
    is_there = question.table.c.id.in_(union_all(*(select(branch.subquery().c[0]) for branch in branches)))
    return and_(PLANNED_ANEW, is_there) if question.is_postgresql else is_there


def chosen(question: Question, ways: Sequence[Way]) -> ColumnElement[int]:
    """The number of the way that leads to least; where all lead to much, of one that is in order, or of none."""
    numbers = [number for number, way in enumerate(ways) if not way.is_by_text]
    columns = known_once("counted", [counted_few(question, ways[number]) for number in numbers])
    least = [
        (and_(true(), *(own <= other for other in columns if other is not own)), own, number)
        for own, number in zip(columns, numbers, strict=True)
    ]
    in_order = [each for each in ways if each.streams]
    otherwise = latest(question, in_order) if in_order else literal(WALK)
    cases: list[tuple[ColumnElement[bool], Any]] = [
        (and_(is_least, own < most_gathered(question, ways[number])), number) for is_least, own, number in least
    ]
    for number in (each for each in range(len(ways)) if ways[each].is_by_text):
        # The index of texts tells how much holds one by looking for all of it, PostgreSQL's in no order.
        on_the_way = (is_soon_done(question, ways[0]), literal(0 if ways[0].streams else WALK))
        by_text = (is_few(question, ways[number]), literal(number))
        cases = [*cases, on_the_way, by_text] if question.is_postgresql else [*cases, by_text]
    choice = select(case(*cases, else_=otherwise).label("way")).cte("choice").prefix_with("MATERIALIZED")
    return select(choice.c.way).scalar_subquery()


def known_once(name: str, values: Sequence[ColumnElement[Any]]) -> Sequence[ColumnElement[Any]]:
    """Values of which each is found once, however often it is compared."""
    if not values:
        return []
    known = select(*(value.label(f"{name}_{number}") for number, value in enumerate(values))).cte(name)
    return list(known.prefix_with("MATERIALIZED").c)


def latest(question: Question, ways: Sequence[Way]) -> ColumnElement[int]:
    """The number of the way in order that begins last: nothing before is on the page, however much the others have there."""
    is_last = question.order.descending
    firsts = []
    for way in ways:
        stands = (each.with_only_columns(question.order.columns[0], maintain_column_froms=True) for each in way.streams)
        each_first = union_all(*(select(each.limit(1).subquery().c[0].label("at")) for each in stands)).subquery()
        firsts.append(select((func.max if is_last else func.min)(each_first.c.at)).scalar_subquery())
    columns = known_once("begun", firsts)
    # Of a way without a first nothing is left.
    begins_last = (
        or_(
            own.is_(None),
            and_(true(), *((own <= other if is_last else own >= other) for other in columns if other is not own)),
        )
        for own in columns
    )
    numbered = [(begins, number) for number, begins in enumerate(begins_last)]
    return select(case(*numbered, else_=0)).scalar_subquery() if len(ways) > 1 else literal(0)


def counted_few(question: Question, way: Way) -> ColumnElement[int]:
    """How much a way leads to, as far as it is few."""
    # An index alone counts them: what it leads to stands in the table.
    return number_of(few(question, way).with_only_columns(literal(1).label("one"), maintain_column_froms=True))


def is_few(question: Question, way: Way) -> ColumnElement[bool]:
    """Whether all that a way leads to may be looked at."""
    return counted_few(question, way) < most_gathered(question, way)


def few(question: Question, way: Way) -> Select[Any]:
    """What a way leads to, as far as it is few."""
    return way.ids.limit(most_gathered(question, way))


def most_gathered(question: Question, way: Way) -> int:
    """How much a way may lead to for all of it to be looked at."""
    return question.most_looked_at or (MOST_BY_TEXT if way.is_by_text else MOST_GATHERED)


def is_soon_done(question: Question, way: Way) -> ColumnElement[bool]:
    """Whether a little of the way that is in order has the whole page, or is all of that way."""
    branches = way.streams or [walked(question)]
    is_right = and_(visible(question.table, question.caller), *map(looked_up, question.conditions)).label("is_right")
    looked_at = [ahead(branch, is_right).subquery() for branch in branches]
    met = union_all(*(select(literal(1).label("one")).where(each.c.is_right) for each in looked_at)).subquery()
    page = select(met.c.one).limit(question.wanted.limit + 1)
    there = union_all(*(select(ahead(branch, literal(1).label("one")).subquery().c.one) for branch in branches))
    return or_(number_of(page) > question.wanted.limit, number_of(there) < MOST_AHEAD)


def ahead(branch: Select[Any], column: ColumnElement[Any]) -> Select[Any]:
    """A little of a way that is in order."""
    return branch.with_only_columns(column, maintain_column_froms=True).limit(MOST_AHEAD)


def number_of(rows: SelectBase) -> ColumnElement[int]:
    """How many rows a query finds."""
    return select(func.count()).select_from(rows.subquery()).scalar_subquery()


def gathered(question: Question, way: Way) -> Select[Any]:
    """The page among all that a filter leads to."""
    inside = [bound.is_(true()) for bound in question.bounds]
    found = select(question.table.c.id).where(is_gathered(question, way), question.is_a_row, *inside)
    return found.order_by(*question.order.clauses())


def is_gathered(question: Question, way: Way) -> ColumnElement[bool]:
    """Whether a row is among the few that a way leads to."""
    ids, id = select(few(question, way).subquery().c[0]), question.table.c.id
    return id == func.any(Listed(ids.scalar_subquery())) if question.is_postgresql else id.in_(ids)
