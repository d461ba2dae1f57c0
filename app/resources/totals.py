"""How much a list has in all, counted by what leads to least."""

from typing import Any

from sqlalchemy import Select, case, func, select

from app.access.visibility import visible
from app.resources.findings import FINDING
from app.resources.ways import Question, by_text, is_few, is_gathered, marks_of


def count_of(question: Question) -> Select[Any]:
    """How much there is of what is asked for."""
    asked = list(question.asked())
    if len(asked) == 1 and len(question.conditions) == 1 and asked[0][0] in question.kind.found_through:
        # A resource that several values find is one; of one value there is one row of it.
        [(name, values)] = asked
        found = select(FINDING.c.resource_id).where(FINDING.c.mark.in_(marks_of(question, name, values)))
        return select(func.count()).select_from((found if len(values) == 1 else found.distinct()).subquery())
    table = question.table
    counting = select(func.count()).select_from(table).where(visible(table, question.caller), *question.conditions)
    text = None if question.wanted.q is None else by_text(question, question.wanted.q)
    if text is None:
        return counting
    among_few = counting.where(is_gathered(question, text)).scalar_subquery()
    return select(case((is_few(text), among_few), else_=counting.scalar_subquery()))
