"""What a caller may see: the one place that every list, reference, count and change goes through."""

from sqlalchemy import ColumnElement, FromClause, literal_column, true

from app.access.caller import Caller
from app.vocabularies.term import Term


class Visibility(Term):
    """Who may read a resource."""

    public = (
        "public",
        "öffentlich",
        "everyone",
        "Alle lesen es, auch ohne Schlüssel.",
        "Everyone reads it, without a key too.",
    )
    partners = (
        "partners",
        "nur Partner",
        "partners only",
        "Es lesen nur, die einen Schlüssel haben; für andere ist es nicht da.",
        "Only callers with a key read it; for others it is not there.",
    )


def visible(table: FromClause, caller: Caller) -> ColumnElement[bool]:
    """The condition under which a row of a resource's table is there for the caller."""
    if caller.sees_partners:
        return true()
    condition: ColumnElement[bool] = table.c.visibility == Visibility.public
    return condition


def is_for_partners(table: FromClause) -> ColumnElement[bool]:
    """The condition under which a row of a resource's table is there for partners only, as the index of those says it."""
    # In words: neither database knows of a value that is given to a statement whether such an index has it.
    condition: ColumnElement[bool] = table.c.visibility == literal_column(f"'{Visibility.partners.value}'")
    return condition
