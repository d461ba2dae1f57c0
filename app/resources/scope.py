"""What belongs to an agreement, and what is about a goal: the one definition of both, for rights, lists, reports and the feed.

Both follow the references between the tables of kinds, whatever kinds there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    Table,
    Uuid,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app.access.caller import Caller
from app.access.parties import PARTY
from app.access.visibility import visible
from app.database.tables import table_of
from app.resources.kind import KINDS, Kind

AGREEMENT, GOAL, MEASURE, PARTNER = "agreement", "goal", "sub_measure", "partner"


def kind_at(column: Column[Any]) -> Kind[Any]:
    """The kind that a column refers to."""
    [key] = column.foreign_keys
    return KINDS[key.column.table.name]


def home(kind: Kind[Any], row: FromClause | None = None) -> ColumnElement[UUID]:
    """The agreement of a row of a kind that belongs to one."""
    columns = (table_of(kind.table) if row is None else row).c
    ways = [
        columns[name] if at.type == AGREEMENT else home_at(at, columns[name])
        for name, at in ((name, kind_at(table_of(kind.table).c[name])) for name in kind.belongs_by)
    ]
    return ways[0] if len(ways) == 1 else func.coalesce(*ways, type_=Uuid())


def home_at(kind: Kind[Any], id: ColumnElement[UUID]) -> ColumnElement[UUID]:
    """The agreement of what a column refers to, or of one with an id."""
    table = table_of(kind.table)
    return select(home(kind)).where(table.c.id == id).correlate_except(table).scalar_subquery()


def home_of(kind: Kind[Any], id: ColumnElement[UUID]) -> ColumnElement[UUID]:
    """The agreement of what has an id."""
    return id if kind.type == AGREEMENT else home_at(kind, id)


def homes_of(kind: Kind[Any], *holders: Any) -> Iterator[tuple[str, UUID]]:
    """By what rows, or contents that are to be one, belong to agreements: the columns, and what they refer to."""
    for holder in holders:
        yield from ((name, id) for name in kind.belongs_by if (id := getattr(holder, name)) is not None)


def in_agreements(model: type[SQLModel], caller: Caller, ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Whether a row belongs to one of these agreements; what the caller may not see leads nowhere."""
    kind, table = KINDS[str(model.__tablename__)], table_of(model)
    if kind.type == AGREEMENT:
        return table.c.id.in_(ids)
    if kind.type == PARTNER:
        agreement = table_of(KINDS[AGREEMENT].table)
        parties = select(PARTY.c.partner_id).join(agreement, agreement.c.id == PARTY.c.agreement_id)
        return table.c.id.in_(parties.where(agreement.c.id.in_(ids), visible(agreement, caller)))
    ways: list[ColumnElement[bool]] = []
    for name in kind.belongs_by:
        at = kind_at(table.c[name])
        if at.type == AGREEMENT:
            ways.append(table.c[name] == ids[0] if len(ids) == 1 else table.c[name].in_(ids))
        else:
            above = table_of(at.table)
            wanted = select(above.c.id).where(in_agreements(at.table, caller, ids), visible(above, caller))
            ways.append(table.c[name].in_(wanted))
    return or_(false(), *ways)


class Reached(NamedTuple):
    """Goals that are asked for and their sub-measures, as far as a caller sees them, each as a query for ids."""

    caller: Caller
    goals: Select[Any]
    measures: Select[Any]


def reached(caller: Caller, conditions: Sequence[ColumnElement[bool]]) -> Reached:
    """What goals that meet the conditions lead to; what the caller may not see leads nowhere."""
    goal, measure = table_of(KINDS[GOAL].table), table_of(KINDS[MEASURE].table)
    # Named once each: SQLite reads no query that is nested much deeper.
    goals = select(goal.c.id).where(*conditions, visible(goal, caller)).cte()
    measures = select(measure.c.id).where(measure.c.goal_id.in_(select(goals.c.id)), visible(measure, caller)).cte()
    return Reached(caller, select(goals.c.id), select(measures.c.id))


def about_goals(model: type[SQLModel], caller: Caller, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row is about goals that meet the conditions, or about sub-measures of those.

    That is a goal or a sub-measure itself, and whatever refers to one or stands below what does; of agreements, topics and
    partners, those that such a goal or sub-measure refers to. What the caller may not see leads nowhere.
    """
    return is_about(KINDS[str(model.__tablename__)], reached(caller, conditions))


def ids_about_goals(model: type[SQLModel], caller: Caller, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The ids of what is about such goals, some more than once: what `about_goals` says of a row, from the other end."""
    kind, id = KINDS[str(model.__tablename__)], table_of(model).c.id
    ways = (
        select(id).where(condition) if ids is None else ids
        for condition, ids in ways_to_goals(kind, reached(caller, conditions))
    )
    return select(union_all(select(id).where(false()), *ways).subquery().c[0])


def is_about(kind: Kind[Any], wanted: Reached) -> ColumnElement[bool]:
    """Whether a row of a kind is about what is reached."""
    return or_(false(), *(condition for condition, _ in ways_to_goals(kind, wanted)))


def ways_to_goals(kind: Kind[Any], wanted: Reached) -> Iterator[tuple[ColumnElement[bool], Select[Any] | None]]:
    """The ways by which a row is about what is reached, each as a condition.

    Those through its lists also as what selects the ids for which they are met.
    """
    table = table_of(kind.table)
    if kind.has_subject:
        yield table.c.id.in_(those_said_about(wanted)), None
        return
    if kind.type == GOAL:
        yield table.c.id.in_(wanted.goals), None
        return
    ends = {table_of(KINDS[GOAL].table): wanted.goals, table_of(KINDS[MEASURE].table): wanted.measures}
    leading = [(column, parent, ends[at]) for column, parent, at in references(kind) if at in ends]
    for column, parent, ids in leading:
        if parent is None:
            yield column.in_(ids), None
        else:
            # EXISTS on the way through a list, which ends when the page is full; the ids where they are all looked at.
            yield exists().where(parent == table.c.id, column.in_(ids)), select(parent).where(column.in_(ids))
    if kind.within is not None:
        above = kind_at(table.c[kind.within])
        yield table.c[kind.within].in_(those_about(above, wanted)), None
    elif not leading:
        yield from ((each, None) for each in worked_on(table, wanted))


def those_about(kind: Kind[Any], wanted: Reached) -> Select[Any]:
    """The ids of the rows of a kind that are about what is reached, as far as the caller sees them."""
    table = table_of(kind.table)
    return select(table.c.id).where(is_about(kind, wanted), visible(table, wanted.caller))


def subjects() -> list[Kind[Any]]:
    """The kinds that belong to agreements, those agreements included, but for those that are about one of them."""
    return [each for each in in_an_agreement() if not each.has_subject]


def in_an_agreement() -> list[Kind[Any]]:
    """The kinds that belong to agreements, those agreements included."""
    return [each for each in KINDS.values() if each.belongs_by or each.type == AGREEMENT]


def those_said_about(wanted: Reached) -> Select[Any]:
    """The ids of what is said of something that is about what is reached, and of what is said of that in turn."""
    tables = [table_of(each.table) for each in in_an_agreement() if each.has_subject]
    columns = ("id", "subject_type", "subject_id")
    said = union_all(
        *(select(*(each.c[name] for name in columns)).where(visible(each, wanted.caller)) for each in tables)
    )
    told = said.cte()
    first = select(told.c.id).where(or_(*(is_about_one_of(told, each, wanted) for each in subjects())))
    found = first.cte(recursive=True)
    return select(found.union(select(told.c.id).where(told.c.subject_id == found.c.id)).c.id)


def is_about_one_of(told: FromClause, kind: Kind[Any], wanted: Reached) -> ColumnElement[bool]:
    """Whether a row is about something of a kind that is about what is reached."""
    return and_(told.c.subject_type == kind.type, told.c.subject_id.in_(those_about(kind, wanted)))


def worked_on(table: Table, wanted: Reached) -> Iterator[ColumnElement[bool]]:
    """Whether one of what is reached refers to a row."""
    for kind, ids in ((KINDS[GOAL], wanted.goals), (KINDS[MEASURE], wanted.measures)):
        for column, parent, at in references(kind):
            if at is table:
                id = table_of(kind.table).c.id if parent is None else parent
                yield table.c.id.in_(select(column).where(id.in_(ids)))


@cache
def references(kind: Kind[Any]) -> Sequence[tuple[Column[Any], Column[Any] | None, Table]]:
    """The columns by which a kind refers to something, those of its lists with the one that leads back, and their target.

    What leads out of its agreement is not among them.
    """
    return tuple(found_references(kind))


def found_references(kind: Kind[Any]) -> Iterator[tuple[Column[Any], Column[Any] | None, Table]]:
    """The references of a kind, found in its tables: asked once for each."""
    for model, parent in ((kind.table, None), *((child.table, child.parent) for child in kind.lists.values())):
        table = table_of(model)
        for column in table.c:
            for key in column.foreign_keys:
                if column.name != parent and (parent is not None or column.name not in kind.leads_out):
                    yield column, None if parent is None else table.c[parent], key.column.table


async def led_out(session: AsyncSession) -> set[tuple[UUID, UUID]]:
    """The pairs of agreements of which something in the one refers to something in the other."""
    found: set[tuple[UUID, UUID]] = set()
    for kind in KINDS.values():
        for column in (table_of(kind.table).c[name] for name in kind.leads_out):
            # A kind that refers to its own is two tables here.
            at = kind_at(column)
            target = table_of(at.table).alias()
            joined = table_of(kind.table).join(target, target.c.id == column)
            pairs = select(home(kind), home(at, target)).select_from(joined).distinct()
            found |= {(own, other) for own, other in await session.execute(pairs)}
    return found


def about_of(kind: Kind[Any], values: Mapping[str, Any]) -> set[UUID]:
    """The goals, the sub-measures and the resource above it that the content of a resource names."""
    own, of_lists = about_fields(kind.type)
    found: set[Any] = {values.get(name) for name in own}
    if kind.has_subject:
        found.add(values["subject_id"])
    for name, column in of_lists:
        found |= {entry if column is None else entry[column] for entry in values[name]}
    return found - {None}


@cache
def about_fields(type: str) -> tuple[tuple[str, ...], tuple[tuple[str, str | None], ...]]:
    """The fields of a kind that say what it is about, and the lists, each with the field of its entries that does."""
    kind = KINDS[type]
    said = [(column, parent) for column, parent, at in references(kind) if says_about(kind, column, at)]
    lists = {table_of(child.table): (name, child.value) for name, child in kind.lists.items()}
    of_lists = ((*lists[column.table], column.name) for column, parent in said if parent is not None)
    return (
        tuple(column.name for column, parent in said if parent is None),
        tuple((name, None if value else column) for name, value, column in of_lists),
    )


def says_about(kind: Kind[Any], column: Column[Any], at: Table) -> bool:
    """Whether a reference says what something is about: one to a goal or a sub-measure, or to what stands above it."""
    return at.name in (GOAL, MEASURE) or (column.table is table_of(kind.table) and column.name == kind.within)


def scoped(
    model: type[SQLModel], caller: Caller, agreement_ids: Iterable[UUID] | None, goal_ids: Iterable[UUID] | None
) -> list[ColumnElement[bool]]:
    """The conditions of the two filters that all lists and reports share."""
    conditions: list[ColumnElement[bool]] = []
    if agreement_ids:
        conditions.append(in_agreements(model, caller, list(agreement_ids)))
    if goal_ids:
        goal = table_of(KINDS[GOAL].table)
        conditions.append(about_goals(model, caller, goal.c.id.in_(list(goal_ids))))
    return conditions
