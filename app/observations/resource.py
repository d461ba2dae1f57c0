"""What the register knows of observations: the declaration of the kind."""

from datetime import date
from uuid import UUID

from app.observations.models import Observation, ObservationCreate, ObservationPublic
from app.resources.ids import named_id
from app.resources.kind import Kind

OBSERVATIONS = Kind(
    path="indicators/{id}/observations",
    table=Observation,
    create=ObservationCreate,
    public=ObservationPublic,
    named_by="on",
    searched=("comment", "source"),
    owner="lead_partner_id",
    within="indicator_id",
)


def observation_id(indicator_id: UUID, on: date) -> UUID:
    """The id of the one observation of an indicator on a day."""
    return named_id("indicators", indicator_id, "observations", on)
