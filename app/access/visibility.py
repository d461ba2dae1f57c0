"""What a caller may see: the one place that every list, reference and count goes through."""

from sqlalchemy import ColumnElement, Table, true

from app.access.caller import Caller


def visible(table: Table, caller: Caller) -> ColumnElement[bool]:
    """The condition under which a row of a resource's table is there for the caller."""
    if caller.sees_partners:
        return true()
    condition: ColumnElement[bool] = table.c.visibility == "public"
    return condition
