"""What must hold between the fields of needs, and what can follow what."""

from collections.abc import Iterator

from app.access.voices import Voice
from app.http.problems import FieldError, at
from app.language import Text
from app.needs.models import NeedCreate
from app.needs.terms import NeedStatus
from app.resources.words import Rights, Words
from app.schema.text import is_visible

AUTHORITY = frozenset({Voice.authority})
RIGHTS = Rights(
    frozenset({Voice.partner}),
    (
        Words(
            AUTHORITY,
            ("response",),
            states=frozenset({NeedStatus.acknowledged, NeedStatus.in_discussion, NeedStatus.answered}),
        ),
        Words(
            frozenset({Voice.partner, Voice.authority}), ("consultation_event_ids", "sub_measure_ids", "decision_ids")
        ),
    ),
)
"""Who raised a need says what it is, opens and closes it; the authority answers; both say what it has to do with."""

WORDS = ("title", "description", "raised_by_id", "topic_id", "urgency", "districts")
"""What a partner raised: it stays as it is once it is answered."""

RESPONSE = Text("Wer antwortet, sagt was.", "An answer says something.")


def check(need: NeedCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a need."""
    if need.status is NeedStatus.answered and not is_visible(need.response):
        yield at("response", code="response_required", detail=RESPONSE)
