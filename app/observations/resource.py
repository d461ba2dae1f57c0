"""Observations as a kind of resource: they belong to the partner that leads the indicator's sub-measure."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import col

from app.indicators.models import Indicator
from app.observations.models import (
    Observation,
    ObservationCorrection,
    ObservationCreate,
    ObservationPlace,
    ObservationPublic,
    ObservationValue,
)
from app.observations.rules import happened
from app.observations.terms import ObservationState
from app.resources.ids import named_id
from app.resources.kind import Kind
from app.resources.parts import Freeze
from app.resources.words import BY_OWNER_TOO
from app.sub_measures.models import SubMeasure


def observation_id(indicator_id: UUID, on: date) -> UUID:
    """The id of the one observation of an indicator on a day."""
    return named_id("indicators", indicator_id, "observations", on)


def lead_of(observation: ObservationPlace) -> Select[Any]:
    """Selects the partner that leads an indicator's sub-measure: none for indicators of goals."""
    wanted = select(col(SubMeasure.lead_partner_id)).join(
        Indicator, col(Indicator.sub_measure_id) == col(SubMeasure.id)
    )
    return wanted.where(col(Indicator.id) == observation.indicator_id)


OBSERVATIONS = Kind(
    path="indicators/{id}/observations",
    table=Observation,
    create=ObservationCreate,
    public=ObservationPublic,
    correction=ObservationCorrection,
    belongs_by=("indicator_id",),
    named_by="on",
    searched=("comment", "source"),
    within="indicator_id",
    key="on",
    id_of=lambda content: observation_id(content.indicator_id, content.on),
    owner="lead_partner_id",
    rights=BY_OWNER_TOO,
    find_owner=lead_of,
    frozen=Freeze(col(Observation.state) == ObservationState.final, tuple(ObservationValue.model_fields)),
    happened=happened,
)
