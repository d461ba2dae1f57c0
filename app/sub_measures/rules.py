"""What must hold between the fields of sub-measures, and what can follow what."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from app.http.problems import FieldError
from app.resources.kind import FieldPath
from app.resources.rules import in_order, with_reason
from app.sub_measures.models import SubMeasureCreate
from app.sub_measures.terms import AGREED, SubMeasureStatus

NEEDS_REASON = frozenset({SubMeasureStatus.suspended, SubMeasureStatus.cancelled})

AS_AGREED = ("goal_id", "number", "title")
"""What a sub-measure is known by in the agreement: it stays as it is once it was agreed."""


def check(measure: SubMeasureCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a sub-measure."""
    yield from in_order("ends_on", measure.starts_on, measure.ends_on, may_be_equal=True)
    yield from with_reason(measure.status, measure.status_reason, NEEDS_REASON)


def remembered(before: Mapping[str, Any], measure: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whether it was ever agreed, and the number of its goal, which its code begins with."""
    was_agreed = before.get("was_agreed", False) or measure["status"] in AGREED
    return {"was_agreed": was_agreed, "goal_number": int(measure["code"].partition(".")[0])}


def happened(measure: SubMeasureCreate) -> Iterator[tuple[FieldPath, date]]:
    """When milestones were reached."""
    for position, milestone in enumerate(measure.milestones):
        if milestone.reached_on is not None:
            yield ("milestones", position, "reached_on"), milestone.reached_on
