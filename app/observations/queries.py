"""What lists of observations are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.observations.models import Observation, ObservationList
from app.resources.lists import matching


def filters(wanted: ObservationList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of observations."""
    return matching(Observation, wanted, caller, {})
