"""What must hold between the fields of decisions, and what can follow what."""

from collections.abc import Iterator
from datetime import date

from app.access.voices import Voice
from app.decisions.models import DecisionCreate
from app.decisions.terms import DecisionStatus
from app.http.problems import FieldError, at
from app.language import Text
from app.resources.kind import FieldPath
from app.resources.rules import in_order
from app.resources.words import Rights, Words
from app.schema.text import is_visible

EVIDENCE = (
    "visibility",
    "title",
    "kind",
    "reference",
    "announced_on",
    "statements_due_on",
    "decides_on",
    "decided_on",
    "result",
    "involvement_required",
    "waiver_reason",
    "short_notice_reason",
    "topic_ids",
    "goal_ids",
    "sub_measure_ids",
    "consultation_event_ids",
    "involved_partner_ids",
)
"""What was decided, and what tells whether the partners were heard before: it stays as it is once a decision is made."""

REPORTED = frozenset({DecisionStatus.reported, DecisionStatus.refused})
"""What associations recorded, and the authority did not take on."""
MAY_HAVE_DAY = REPORTED | {DecisionStatus.decided}

RIGHTS = Rights(
    frozenset({Voice.authority}),
    (
        Words(frozenset({Voice.associations}), states=frozenset({DecisionStatus.reported})),
        Words(frozenset({Voice.partner}), ("reported_by_id",)),
        Words(
            frozenset({Voice.partner}),
            tuple(name for name in DecisionCreate.model_fields if name not in ("status", "refusal_reason")),
            during=REPORTED,
        ),
    ),
)
"""Decisions are the authority's; what associations reported is theirs until the authority takes it on."""

REFUSAL_REASON = Text("Wer eine Meldung bestreitet, sagt warum.", "Who denies what was reported says why.")
DAY_NEEDED = Text("Ein Beschluss braucht seinen Tag.", "A decision that was made needs its day.")
NOT_YET = Text("Einen Tag hat erst, was beschlossen ist.", "Only what is decided has a day.")
WAIVED = Text(
    "Warum die Partner vorher nicht gehört werden, braucht eine Begründung.",
    "That the partners are not to be heard before needs a reason.",
)


def check(decision: DecisionCreate) -> Iterator[FieldError]:
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
    if decision.status not in MAY_HAVE_DAY and decision.decided_on is not None:
        yield at("decided_on", code="not_decided", detail=NOT_YET)
    if decision.status is DecisionStatus.refused and not is_visible(decision.refusal_reason):
        yield at("refusal_reason", code="reason_required", detail=REFUSAL_REASON)
    if not decision.involvement_required and not is_visible(decision.waiver_reason):
        yield at("waiver_reason", code="reason_required", detail=WAIVED)


def happened(decision: DecisionCreate) -> Iterator[tuple[FieldPath, date]]:
    """When it was decided."""
    if decision.decided_on is not None:
        yield ("decided_on",), decision.decided_on
