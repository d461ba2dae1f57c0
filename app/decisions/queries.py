"""What lists of decisions are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.decisions.models import Decision, DecisionList
from app.resources.lists import matching


def filters(wanted: DecisionList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of decisions."""
    return matching(Decision, wanted, caller, {})
