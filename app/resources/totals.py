"""How much a list has in all, counted by what leads to least."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, func, or_, select, true

from app.access.visibility import is_for_partners, visible
from app.changes.tallies import TALLY
from app.resources.choosing import is_few, is_gathered
from app.resources.findings import FINDING
from app.resources.kind import KINDS
from app.resources.lists import any_of
from app.resources.scope import GOAL, ids_about_goals
from app.resources.ways import Question, by_text, marks_of, way_of
from app.tables import table_of


def count_of(question: Question) -> Select[Any]:
    """How much there is of what is asked for."""
    asked = list(question.asked())
    if len(asked) == 1 and len(question.conditions) == 1 and asked[0][0] in question.kind.found_through:
        # A resource that several values find is one; of one value there is one row of it.
        [(name, values)] = asked
        found = select(FINDING.c.resource_id).where(FINDING.c.mark.in_(marks_of(question, name, values)))
        return select(func.count()).select_from((found if len(values) == 1 else found.distinct()).subquery())
    if [name for name, _ in asked] == ["goal_id"] and len(question.conditions) == 1:
        return counted_from_goals(question)
    tallied = by_tallies(question, dict(asked))
    if tallied is not None:
        return tallied
    text = None if question.wanted.q is None else by_text(question, question.wanted.q)
    if text is None:
        return select(counted_past_few(question, [name for name, _ in asked]))
    among_few = counted(question, [*question.conditions, is_gathered(question, text)])
    return select(case((is_few(text), among_few), else_=counted(question, question.conditions)))


def counted_from_goals(question: Question) -> Select[Any]:
    """How much is about goals, counted from their end: what asks each resource for its goals looks into all its lists."""
    table = question.table
    goal = table_of(KINDS[GOAL].table).c.id.in_(question.wanted.goal_id or [])
    ids = ids_about_goals(question.kind.table, question.caller, goal).subquery().c[0]
    counting = select(func.count(ids.distinct()))
    if question.caller.sees_partners:
        return counting
    return counting.where(ids.not_in(select(table.c.id).where(is_for_partners(table))))


def by_tallies(question: Question, asked: Mapping[str, Any]) -> Select[Any] | None:
    """What reports count by, where nothing else is asked for: it costs what its days cost, however many each day has."""
    kind, t = question.kind, TALLY.c
    if kind.tallied is None or len(asked) != len(question.conditions):
        return None
    columns = {kind.state: t.state, "agreement_id": t.agreement_id, "visibility": t.visibility}
    others = asked.keys() - columns.keys()
    if len(others) > 1 or not others <= {*kind.tallied.columns}:
        return None
    name = next(iter(others), "")
    met = [any_of(columns.get(each, t.value), values) for each, values in asked.items()]
    counted = select(func.coalesce(func.sum(t.amount), 0))
    return counted.where(visible(TALLY, question.caller), t.kind == kind.type, t.name == name, *met)


def counted_past_few(question: Question, names: Sequence[str]) -> ColumnElement[int]:
    """How much meets filters: where none of several matches little, read from one index that has the columns of all."""
    straight = counted(question, question.conditions)
    indexes = (set(index.columns.keys()) for index in question.table.indexes)
    if len(names) == 1 or not any({*names} <= columns for columns in indexes):
        return straight
    ways = (way_of(question, name, value) for name, value in question.asked())
    # Hidden from planners, which else follow the index of one filter and look into the table for the others.
    walking = counted(question, [each.is_(true()) for each in question.conditions])
    return case((or_(false(), *(is_few(way) for way in ways if way is not None)), straight), else_=walking)


def counted(question: Question, conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[int]:
    """How much meets the conditions and is there for the caller."""
    counting = select(func.count()).select_from(question.table)
    met = counting.where(*conditions).scalar_subquery()
    if question.caller.sees_partners:
        return met
    # What a caller may not see is counted by an index of its own: so the index of a filter alone counts the others.
    unseen = counting.where(is_for_partners(question.table), *(each.is_(true()) for each in conditions))
    return met - unseen.scalar_subquery()
