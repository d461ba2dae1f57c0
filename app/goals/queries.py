"""What lists of goals are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.goals.models import Goal, GoalList
from app.resources.lists import matching


def filters(wanted: GoalList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of goals."""
    return matching(Goal, wanted, caller, {})
