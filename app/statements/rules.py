"""What must hold between the fields of statements."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.access.voices import Voice
from app.http.problems import FieldError, at
from app.language import Text
from app.resources.words import Rights, Words
from app.schema.fields import city_timezone
from app.schema.text import is_visible
from app.statements.models import StatementAnswer, StatementCreate, StatementReceipt
from app.statements.terms import TakenUp

NOT_OWN = (*StatementAnswer.model_fields, *StatementReceipt.model_fields)
"""What others say of a statement."""
NEEDS_REASON = frozenset({TakenUp.partly, TakenUp.not_adopted})
REASON = Text("Wer nicht alles übernimmt, sagt warum.", "Who does not adopt all of it says why.")

RIGHTS = Rights(
    frozenset({Voice.partner}),
    (
        Words(frozenset({Voice.authority}), tuple(StatementAnswer.model_fields)),
        Words(frozenset({Voice.operator}), tuple(StatementReceipt.model_fields)),
        # A letter on paper is entered by whoever got it; from then on it is the partner's.
        Words(
            frozenset({Voice.partner}),
            tuple(name for name in StatementCreate.model_fields if name not in NOT_OWN),
            at_first=frozenset({Voice.coordinator}),
        ),
    ),
)
"""What a partner says is its own, the answer is the authority's; when it came, who keeps the register says."""


def remembered(_before: Mapping[str, Any], statement: Mapping[str, Any]) -> Mapping[str, Any]:
    """The day from which it counts: whether that was in time depends on it."""
    received_on = statement.get("received_on")
    return {
        "submitted_on": date.fromisoformat(received_on)
        if received_on
        else entered_on(datetime.fromisoformat(statement["submitted_at"]))
    }


def entered_on(submitted_at: datetime) -> date:
    """The day in the city on which it was said, or entered."""
    return submitted_at.astimezone(ZoneInfo(city_timezone.get())).date()


def check(statement: StatementCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a statement."""
    if statement.taken_up in NEEDS_REASON and not is_visible(statement.reason):
        yield at("reason", code="reason_required", detail=REASON)
