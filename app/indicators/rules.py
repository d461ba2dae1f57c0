"""What must hold between the fields of indicators."""

from collections.abc import Iterator
from datetime import date
from typing import Protocol
from uuid import UUID

from app.http.problems import FieldError, at
from app.language import Text
from app.resources.rules import in_order
from app.vocabularies.term import Term


class Direction(Term):
    """Which way an indicator gets better."""

    higher_is_better = "higher_is_better", "mehr ist besser", "higher is better"
    lower_is_better = "lower_is_better", "weniger ist besser", "lower is better"
    neither = "neither", "weder noch", "neither"


ONE_OF = Text(
    "Eine Kennzahl gehört zu einem Ziel oder zu einer Teilmaßnahme: bitte genau eines angeben.",
    "An indicator belongs to a goal or to a sub-measure: please give exactly one.",
)


class Placed(Protocol):
    goal_id: UUID | None
    sub_measure_id: UUID | None
    baseline_on: date | None
    target_on: date | None


def check(indicator: Placed) -> Iterator[FieldError]:
    """What is wrong between the fields of an indicator."""
    if (indicator.goal_id is None) == (indicator.sub_measure_id is None):
        yield at("goal_id", code="one_of", detail=ONE_OF)
        yield at("sub_measure_id", code="one_of", detail=ONE_OF)
    yield from in_order("target_on", indicator.baseline_on, indicator.target_on, may_be_equal=False)
