"""What must hold of observations."""

from collections.abc import Iterator
from datetime import date

from app.observations.models import ObservationCreate
from app.resources.kind import FieldPath


def happened(observation: ObservationCreate) -> Iterator[tuple[FieldPath, date]]:
    """When the value was."""
    yield ("on",), observation.on
