"""What must hold between the fields of indicators."""

from collections.abc import Iterator

from app.http.problems import FieldError, at
from app.indicators.models import IndicatorCreate
from app.language import Text
from app.resources.rules import in_order

ONE_OF = Text(
    "Eine Kennzahl gehört zu einem Ziel oder zu einer Teilmaßnahme: bitte genau eines angeben.",
    "An indicator belongs to a goal or to a sub-measure: please give exactly one.",
)


def check(indicator: IndicatorCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of an indicator."""
    if (indicator.goal_id is None) == (indicator.sub_measure_id is None):
        yield at("goal_id", code="one_of", detail=ONE_OF)
        yield at("sub_measure_id", code="one_of", detail=ONE_OF)
    yield from in_order("target_on", indicator.baseline_on, indicator.target_on, may_be_equal=False)
