"""What must hold between the fields of sub-measures, and what can follow what."""

from collections.abc import Iterator

from app.http.problems import FieldError
from app.resources.rules import in_order, with_reason
from app.sub_measures.models import SubMeasureCreate
from app.sub_measures.terms import SubMeasureStatus

NEEDS_REASON = frozenset({SubMeasureStatus.suspended, SubMeasureStatus.cancelled})


def check(measure: SubMeasureCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a sub-measure."""
    yield from in_order("ends_on", measure.starts_on, measure.ends_on, may_be_equal=True)
    yield from with_reason(measure.status, measure.status_reason, NEEDS_REASON)
