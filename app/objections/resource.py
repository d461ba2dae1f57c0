"""Objections as a kind of resource: raised by one party, answered by another side, never deleted."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import col

from app.access.errors import Forbidden
from app.changes.log import Transaction
from app.language import Text
from app.objections.models import Objection, ObjectionAnswer, ObjectionCreate, ObjectionPublic, ObjectionUpdate
from app.objections.queries import conditions
from app.objections.rules import check_new
from app.objections.terms import TRANSITIONS, ObjectionState
from app.resources.kind import KINDS, Kind, Write
from app.resources.parts import Freeze
from app.resources.subjects import check_other_side, check_party, locked_subject, settle_visibility
from app.resources.words import BY_PARTIES

NOT_RAISED = Text(
    "Einen Widerspruch nimmt nur zurück oder erklärt für erledigt, wer ihn erhoben hat.",
    "An objection is withdrawn or called settled only by who raised it.",
)
NOT_ANSWERED = Text(
    "Die Antwort ändert nur, wer geantwortet hat.", "The answer is changed only by the partner that gave it."
)


async def prepare(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note who raises and who answers, and refuse whom that is not left to."""
    await settle_visibility(session, writes)
    for write in writes:
        if write.row is None:
            await begin(session, write)
        elif session.correcting is None:
            await go_on(session, write, write.row)


async def begin(session: Transaction, write: Write[Objection]) -> None:
    """Raise an objection; what it is about is held, so that it is not deleted meanwhile."""
    if await locked_subject(session, write) is None:
        return
    write.values["raised_by_id"] = await check_party(session, write.values["agreement_id"])
    fields = KINDS[write.values["subject_type"]].public.model_fields
    write.errors += check_new(ObjectionCreate.model_validate(write.content), fields)


async def go_on(session: Transaction, write: Write[Objection], row: Objection) -> None:
    """Say what becomes of an objection."""
    if write.changes("state") and session.by.partner_id != row.raised_by_id:
        raise Forbidden("ownership", NOT_RAISED)
    if write.changes("answer"):
        partner_id = await check_other_side(session, row, row.raised_by_id)
        if row.answered_by_id not in (None, partner_id):
            raise Forbidden("ownership", NOT_ANSWERED)
        write.values["answered_by_id"] = None if write.values["answer"] is None else partner_id


OBJECTIONS = Kind(
    path="objections",
    table=Objection,
    create=ObjectionCreate,
    public=ObjectionPublic,
    update=ObjectionUpdate,
    conditions=conditions,
    named_by="text",
    searched=("text", "answer"),
    belongs_by=("agreement_id",),
    has_subject=True,
    kept=True,
    rights=BY_PARTIES,
    authors={"text": "raised_by_id", "answer": "answered_by_id"},
    frozen=Freeze(col(Objection.state) != ObjectionState.open, tuple(ObjectionAnswer.model_fields)),
    state="state",
    transitions=TRANSITIONS,
    first_states=frozenset({ObjectionState.open}),
    process=prepare,
)
