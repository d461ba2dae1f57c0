"""How much a list has in all, as far as that is counted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, exists, func, or_, select

from app.access.visibility import is_for_partners
from app.changes.findings import FINDING
from app.database.tables import table_of
from app.resources.choosing import found_on, is_few, ways_to
from app.resources.kind import KINDS
from app.resources.paging import MOST_COUNTED, MOST_LOOKED_AT, Order
from app.resources.scope import GOAL, ids_about_goals
from app.resources.ways import Question, marks_of


def count_of(question: Question) -> Select[Any]:
    """How much there is of what is asked for, or the most that is counted."""
    asked = list(question.asked())
    if len(asked) == 1 and len(question.conditions) == 1:
        [(name, value)] = asked
        if name == "goal_id":
            return counted(about_goals(question, value))
        if name in question.kind.found_through and len(value) == 1:
            # Of one value there is one row of each resource.
            return counted(select(FINDING.c.resource_id).where(FINDING.c.mark.in_(marks_of(question, name, value))))
    default = type(question.wanted).model_fields["sort"].default
    wanted = question.wanted.model_copy(update={"limit": MOST_COUNTED})
    order = Order(question.kind, default)
    whole = question._replace(wanted=wanted, order=order, last=None, most_looked_at=MOST_LOOKED_AT)
    ways = ways_to(whole)
    total = counted(select(question.table.c.id).where(found_on(whole, ways)))
    if not ways:
        return total
    number = total.subquery().c[0]
    # Nothing is said where more would have to be looked at than is.
    is_known = or_(number >= MOST_COUNTED, *(is_few(whole, way) for way in ways))
    return select(case((is_known, number)))


def about_goals(question: Question, goals: Sequence[UUID]) -> Select[Any]:
    """What is about goals, from their end: what asks each resource for its goals looks into all its lists."""
    table = question.table
    about = ids_about_goals(question.kind.table, question.caller, table_of(KINDS[GOAL].table).c.id.in_(goals))
    ids = about.subquery().c[0]
    found = select(ids).distinct()
    if question.caller.sees_partners:
        return found
    # What others may not see has an index of its own, which SQLite leaves aside when it looks up one at a time.
    hidden = select(table.c.id).where(is_for_partners(table))
    is_hidden = exists(hidden.where(table.c.id == ids)) if question.is_postgresql else ids.in_(hidden)
    return found.where(~is_hidden)


def counted(found: Select[Any]) -> Select[Any]:
    """How many rows a query finds, or the most that is counted."""
    return select(func.count()).select_from(found.limit(MOST_COUNTED).subquery())
