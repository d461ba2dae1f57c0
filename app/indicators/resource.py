"""Indicators as a kind of resource."""

from app.indicators.models import Indicator, IndicatorCreate, IndicatorPublic, IndicatorUpdate
from app.indicators.queries import conditions
from app.indicators.rules import check
from app.resources.kind import Kind

INDICATORS = Kind(
    path="indicators",
    table=Indicator,
    create=IndicatorCreate,
    public=IndicatorPublic,
    update=IndicatorUpdate,
    conditions=conditions,
    belongs_by=("goal_id", "sub_measure_id"),
    named_by="name",
    searched=("name", "description"),
    check=check,
)
