"""What lists of statements are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.resources.lists import matching
from app.statements.models import Statement, StatementList


def filters(wanted: StatementList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of statements."""
    return matching(Statement, wanted, caller, {})
