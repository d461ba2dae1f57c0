"""Indicators: where they are between their baseline and their target."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, ValidationInfo, field_validator
from sqlalchemy import Date, and_, func, null, select

from app.access.caller import Caller
from app.access.visibility import visible
from app.database.tables import table_of
from app.goals.models import Goal
from app.indicators.models import Indicator, IndicatorList
from app.indicators.resource import INDICATORS
from app.indicators.terms import Direction
from app.language import Text
from app.observations.models import Observation
from app.observations.terms import ObservationState
from app.reports.names import name_of
from app.reports.report import AgreementQuery, Report, ReportPage, RowQuery, kept
from app.resources.ids import named_id, shown_id
from app.resources.lists import MAX_LIMIT, matching
from app.schema.base import example
from app.schema.fields import Day, Id, Name, Quantity, Title
from app.sub_measures.models import SubMeasure

INDICATOR, OBSERVATION = table_of(Indicator), table_of(Observation)
MOST_PERCENT = 1e15


class IndicatorFiguresQuery(AgreementQuery, RowQuery):
    """Which indicators a report is about, and which of their values count."""

    sub_measure_id: list[Id] | None = Field(default=None, max_length=50, description="Sub-measure that it belongs to.")
    partner_id: list[Id] | None = Field(default=None, max_length=50, description="Partner that leads its sub-measure.")
    period_from: Day | None = Field(default=None, description="Only values of this day or later.")
    period_before: Day | None = Field(default=None, description="Only values of days before this one.")


class IndicatorStanding(BaseModel):
    """Where one indicator is."""

    indicator_id: UUID = Field(description="The indicator.")
    name: Title = Field(description="What is counted.")
    unit: Name = Field(description="Unit of the values.")
    direction: Direction = Field(description=f"Which way it gets better: {Direction.explained()}.")
    goal_id: UUID | None = Field(description="Goal that it belongs to.")
    goal_title: Title | None = Field(description="The goal's title; null where the caller may not see it.")
    sub_measure_id: UUID | None = Field(description="Sub-measure that it belongs to.")
    sub_measure_title: Title | None = Field(
        description="The sub-measure's title; null where the caller may not see it."
    )
    baseline_value: Quantity | None = Field(description="Value at the beginning.")
    baseline_on: date | None = Field(description="Day of that value.")
    target_value: Quantity | None = Field(description="Value that is aimed at.")
    target_on: date | None = Field(description="Day by which it is aimed at.")
    latest_value: Quantity | None = Field(description="The latest value that the caller may see; null for none.")
    latest_on: date | None = Field(description="Day of that value.")
    latest_state: ObservationState | None = Field(
        description=f"Whether it can still change: {ObservationState.explained()}."
    )
    achievement_percent: Annotated[float, Field(ge=-MOST_PERCENT, le=MOST_PERCENT)] | None = Field(
        description="How much of the way from the baseline to the target is gone, in percent to one decimal: below 0 it went "
        "the other way, above 100 further than aimed at. Null where a value is not known or the way has no length."
    )

    @field_validator("achievement_percent", mode="before")
    @classmethod
    def compute(cls, value: Any, others: ValidationInfo) -> Any:
        """Computed here: a database stops at a way that is all but nothing."""
        baseline, target, latest = (others.data[name] for name in ("baseline_value", "target_value", "latest_value"))
        if value is not None or None in (baseline, target, latest) or target == baseline:
            return value
        return round(min(max((latest - baseline) / (target - baseline) * 100, -MOST_PERCENT), MOST_PERCENT), 1)


class IndicatorFigures(ReportPage):
    """Where the indicators are."""

    model_config = example(
        {
            "position": 42,
            "as_of": "2025-06-30",
            "items": [
                {
                    "indicator_id": str(shown_id("indicators")),
                    "name": "Schulen mit einem Angebot der Suchtprävention",
                    "unit": "Schulen",
                    "direction": "higher_is_better",
                    "goal_id": None,
                    "goal_title": None,
                    "sub_measure_id": str(named_id("sub-measures", "dresden-liga-2024", 2, 3)),
                    "sub_measure_title": "Suchtprävention",
                    "baseline_value": 40.0,
                    "baseline_on": "2024-08-31",
                    "target_value": 60.0,
                    "target_on": "2026-08-31",
                    "latest_value": 46.0,
                    "latest_on": "2025-03-31",
                    "latest_state": "final",
                    "achievement_percent": 30.0,
                }
            ],
            "next_cursor": None,
        }
    )

    items: list[IndicatorStanding] = Field(max_length=MAX_LIMIT, description="A row for each indicator, by name.")


@kept
def indicator_rows(caller: Caller, wanted: IndicatorFiguresQuery) -> Report[IndicatorStanding]:
    """A row for each indicator that is asked for."""
    names = ("agreement_id", "topic_id", "goal_id", "sub_measure_id", "partner_id")
    asked = IndicatorList.model_validate({name: getattr(wanted, name) for name in names if getattr(wanted, name)})
    counts = [visible(OBSERVATION, caller)]
    if wanted.period_from is not None:
        counts.append(OBSERVATION.c.on >= wanted.period_from)
    if wanted.period_before is not None:
        counts.append(OBSERVATION.c.on < wanted.period_before)
    latest_on = (
        select(func.max(OBSERVATION.c.on, type_=Date()))
        .where(OBSERVATION.c.indicator_id == INDICATOR.c.id, *counts)
        .correlate(INDICATOR)
        .scalar_subquery()
    )
    latest = and_(OBSERVATION.c.indicator_id == INDICATOR.c.id, OBSERVATION.c.on == latest_on, *counts)
    rows = (
        select(
            INDICATOR.c.id.label("indicator_id"),
            *(
                INDICATOR.c[name]
                for name in (
                    "name",
                    "sort_name",
                    "unit",
                    "direction",
                    "goal_id",
                    "sub_measure_id",
                    "baseline_value",
                    "baseline_on",
                    "target_value",
                    "target_on",
                )
            ),
            name_of(Goal, INDICATOR.c.goal_id, caller).label("goal_title"),
            name_of(SubMeasure, INDICATOR.c.sub_measure_id, caller).label("sub_measure_title"),
            OBSERVATION.c.value.label("latest_value"),
            OBSERVATION.c.on.label("latest_on"),
            OBSERVATION.c.state.label("latest_state"),
            null().label("achievement_percent"),
        )
        .outerjoin(OBSERVATION, latest)
        .where(visible(INDICATOR, caller), *matching(INDICATORS, asked, caller))
        .cte("indicators")
    )
    return Report(
        "indicators",
        Text("Stand der Kennzahlen", "Standing of indicators"),
        IndicatorStanding,
        rows,
        ("sort_name", "indicator_id"),
    )
