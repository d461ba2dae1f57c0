"""What must hold between the fields of needs, and what can follow what."""

from collections.abc import Iterator

from app.http.problems import FieldError, at
from app.language import Text
from app.needs.models import NeedCreate
from app.needs.terms import NeedStatus
from app.schema.text import is_visible

BY_WHO_RAISES = frozenset({NeedStatus.open, NeedStatus.closed})
"""What a contributor can make of a need of its own; the rest is the city's to say."""

WORDS = ("title", "description", "raised_by_id", "topic_id", "urgency", "districts")
"""What a partner raised: it stays as it is once it is answered."""

RESPONSE = Text("Wer antwortet, sagt was.", "An answer says something.")


def check(need: NeedCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a need."""
    if need.status is NeedStatus.answered and not is_visible(need.response):
        yield at("response", code="response_required", detail=RESPONSE)
