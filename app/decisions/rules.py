"""What must hold between the fields of decisions, and what can follow what."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from app.http.problems import FieldError, at
from app.language import Text
from app.resources.rules import in_order
from app.vocabularies.term import Term


class DecisionStatus(Term):
    """How far a decision is."""

    announced = "announced", "angekündigt", "announced"
    in_consultation = "in_consultation", "in Beteiligung", "in consultation"
    decided = "decided", "beschlossen", "decided"
    withdrawn = "withdrawn", "zurückgezogen", "withdrawn"


STEPS: Mapping[DecisionStatus, frozenset[DecisionStatus]] = {
    DecisionStatus.announced: frozenset(
        {DecisionStatus.in_consultation, DecisionStatus.decided, DecisionStatus.withdrawn}
    ),
    DecisionStatus.in_consultation: frozenset({DecisionStatus.decided, DecisionStatus.withdrawn}),
    # What was decided stays decided: whether the partners were heard before is judged by it.
    DecisionStatus.decided: frozenset(),
    DecisionStatus.withdrawn: frozenset({DecisionStatus.announced}),
}

EVIDENCE = (
    "announced_on",
    "decides_on",
    "decided_on",
    "involvement_required",
    "involved_partner_ids",
    "consultation_event_ids",
)
"""What tells whether the partners were heard before: it stays as it is once a decision is made."""

DAY_NEEDED = Text("Ein Beschluss braucht seinen Tag.", "A decision that was made needs its day.")
NOT_YET = Text("Einen Tag hat erst, was beschlossen ist.", "Only what is decided has a day.")


class Scheduled(Protocol):
    status: DecisionStatus
    announced_on: date | None
    statements_due_on: date | None
    decides_on: date | None
    decided_on: date | None


def check(decision: Scheduled) -> Iterator[FieldError]:
    """What is wrong between the fields of a decision."""
    announced_on = decision.announced_on
    yield from in_order("statements_due_on", announced_on, decision.statements_due_on, may_be_equal=True)
    yield from in_order(
        "decides_on", decision.statements_due_on or announced_on, decision.decides_on, may_be_equal=True
    )
    yield from in_order("decided_on", announced_on, decision.decided_on, may_be_equal=True)
    is_decided = decision.status is DecisionStatus.decided
    if is_decided and decision.decided_on is None:
        yield at("decided_on", code="day_required", detail=DAY_NEEDED)
    if not is_decided and decision.decided_on is not None:
        yield at("decided_on", code="not_decided", detail=NOT_YET)
