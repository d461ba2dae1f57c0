"""What lists of needs are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.needs.models import Need, NeedList
from app.resources.lists import matching


def filters(wanted: NeedList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of needs."""
    return matching(Need, wanted, caller, {})
