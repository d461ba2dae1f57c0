"""What lists of observations are asked for."""

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.observations.models import Observation, ObservationList
from app.resources.lists import matching


def filters(wanted: ObservationList, indicator_id: UUID) -> list[ColumnElement[bool]]:
    """The conditions of a list of the observations of an indicator."""
    return [col(Observation.indicator_id) == indicator_id, *matching(Observation, wanted, {})]
