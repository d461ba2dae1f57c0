"""Observations: the values of an indicator, one a day at most."""

from typing import Literal

from pydantic import MISSING
from pydantic import Field as Bound
from sqlalchemy import Index
from sqlmodel import Field

from app.access.visibility import Visibility
from app.database.tables import closed
from app.observations.terms import ObservationState
from app.resources.external_ids import IdentifiedAsBefore
from app.resources.ids import shown_id
from app.resources.lists import ListQuery
from app.resources.schema import Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, Schema, example
from app.schema.fields import Day, Id, Paragraphs, Quantity


class ObservationValue(Schema):
    value: Quantity = Field(description="The value, in the unit of the indicator.")
    state: ObservationState = Field(
        default=ObservationState.provisional,
        sa_type=closed(ObservationState),
        description=f"Whether it can still change: {ObservationState.explained()}.",
    )
    comment: Paragraphs | None = Field(default=None, description="What must be known about the value.")
    source: Paragraphs | None = Field(default=None, description="Where the value comes from.")


class ObservationPlace(Schema):
    indicator_id: Id = Field(foreign_key="indicator.id", description="Indicator that it is a value of.")
    on: Day = Field(description="Day of the value.")


class Observation(ObservationValue, ObservationPlace, Stored, table=True):
    __tablename__ = "observation"
    __table_args__ = (Index(None, "indicator_id", "on", unique=True), *sorted_by("on"))


class ObservationCreate(Visible, ObservationValue, ObservationPlace):
    """Everything that callers say about an observation, by its body or its address."""

    model_config = example(
        {"indicator_id": str(shown_id("indicators")), "on": "2025-03-31", "value": 46, "state": "final"}
    )


class ObservationPut(IdentifiedAsBefore, ObservationValue):
    """The value of an indicator on a day."""

    model_config = example({"value": 46, "state": "final"})

    visibility: Visibility | MISSING = Field(
        default=MISSING, description="Who may read it; not given: as before, at first who may read the indicator."
    )


class ObservationCorrection(Visible, ObservationValue, Patch):
    """What a proposal can change of a value."""


class ObservationPublic(Visible, ObservationValue, ObservationPlace, Stamped):
    """The value of an indicator on a day."""


class ObservationList(ListQuery):
    sort: Literal["on", "-on", "created_at", "-created_at", "updated_at", "-updated_at"] = Field(
        default="on", description="Order of the list; `-` for descending."
    )
    state: list[ObservationState] | None = Bound(default=None, max_length=2, description="Whether it can still change.")
    on_from: Day | None = Bound(default=None, description="On this day or later.")
    on_before: Day | None = Bound(default=None, description="Before this day.")
