"""What the register knows of indicators: the declaration of the kind."""

from app.indicators.models import Indicator, IndicatorCreate, IndicatorPublic
from app.indicators.rules import check
from app.resources.kind import Kind

INDICATORS = Kind(
    path="indicators",
    table=Indicator,
    create=IndicatorCreate,
    public=IndicatorPublic,
    named_by="name",
    searched=("name", "description"),
    check=check,
)
