"""Indicators: what is counted to see whether a goal or a sub-measure gets anywhere."""

from typing import Literal

from sqlalchemy import Index
from sqlmodel import Field

from app.database.tables import closed
from app.indicators.terms import Direction
from app.resources.ids import named_id
from app.resources.lists import ListQuery
from app.resources.schema import Stamped, Stored, Visible, sorted_by
from app.schema.base import Patch, example
from app.schema.fields import Day, Id, Months, Name, Paragraphs, Quantity, Title
from app.vocabularies.level import Level


class IndicatorBase(Visible):
    name: Title = Field(description="What is counted.")
    description: Paragraphs | None = Field(default=None, description="How it is counted.")
    unit: Name = Field(description="Unit of the values, such as `places` or `percent`.")
    direction: Direction = Field(
        default=Direction.higher_is_better,
        sa_type=closed(Direction),
        description=f"Which way it gets better: {Direction.explained()}.",
    )
    level: Level | None = Field(
        default=None, sa_type=closed(Level), description=f"Level that it is watched on: {Level.explained()}."
    )
    goal_id: Id | None = Field(
        default=None, foreign_key="goal.id", index=True, description="Goal that it belongs to; or a sub-measure."
    )
    sub_measure_id: Id | None = Field(
        default=None, foreign_key="sub_measure.id", index=True, description="Sub-measure that it belongs to; or a goal."
    )
    baseline_value: Quantity | None = Field(default=None, description="Value at the beginning.")
    baseline_on: Day | None = Field(default=None, description="Day of that value.")
    target_value: Quantity | None = Field(default=None, description="Value that is aimed at.")
    target_on: Day | None = Field(default=None, description="Day by which it is aimed at; after `baseline_on`.")
    interval_months: Months | None = Field(
        default=None, description="Months between observations; without it the next one is due at `target_on`."
    )
    source: Paragraphs | None = Field(default=None, description="Where the values come from.")


class Indicator(IndicatorBase, Stored, table=True):
    __tablename__ = "indicator"
    __table_args__ = (Index(None, "level"), Index(None, "direction"), *sorted_by("target_on"))


class IndicatorCreate(IndicatorBase):
    """A new indicator."""

    model_config = example(
        {
            "name": "Schulen mit einem Angebot der Suchtprävention",
            "unit": "Schulen",
            "direction": "higher_is_better",
            "sub_measure_id": str(named_id("sub-measures", "dresden-liga-2024", 2, 3)),
            "baseline_value": 40,
            "baseline_on": "2024-08-31",
            "target_value": 60,
            "target_on": "2026-08-31",
            "interval_months": 6,
        }
    )


class IndicatorUpdate(IndicatorBase, Patch):
    """The fields to change; an absent field keeps its value."""

    model_config = example({"target_value": 70})


class IndicatorPublic(IndicatorBase, Stamped):
    """What is counted for a goal or a sub-measure."""


class IndicatorList(ListQuery):
    sort: Literal[
        "name",
        "-name",
        "target_on",
        "-target_on",
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
    ] = Field(default="name", description="Order of the list; `-` for descending; what is not known stands last.")
    topic_id: list[Id] | None = Field(
        default=None, max_length=50, description="Topic whose goals or sub-measures it belongs to."
    )
    sub_measure_id: list[Id] | None = Field(default=None, max_length=50, description="Sub-measure that it belongs to.")
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that leads its sub-measure.")
    level: list[Level] | None = Field(default=None, max_length=2, description="Level that it is watched on.")
    direction: list[Direction] | None = Field(default=None, max_length=3, description="Which way it gets better.")
    target_on_from: Day | None = Field(default=None, description="Aimed at on this day or later.")
    target_on_before: Day | None = Field(default=None, description="Aimed at before this day.")
