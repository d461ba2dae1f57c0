"""Proposals as a kind of resource: made by one party, carried out when another side confirms them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlmodel import col

from app.access.caller import Caller
from app.access.errors import Forbidden
from app.access.roles import Role
from app.changes.log import Correction, Transaction
from app.changes.models import Action, Change
from app.database.tables import table_of
from app.http.errors import Invalid
from app.http.messages import errors_in
from app.http.problems import FieldError, at
from app.language import Text
from app.objections.models import Objection, ObjectionUpdate
from app.objections.resource import OBJECTIONS
from app.objections.terms import ObjectionState
from app.proposals.errors import StaleProposal
from app.proposals.models import (
    Proposal,
    ProposalAnswer,
    ProposalCreate,
    ProposalObjection,
    ProposalPublic,
    ProposalText,
    ProposalUpdate,
    ProposedRedaction,
)
from app.proposals.queries import able_to_answer, conditions
from app.proposals.rules import NO_CHANGE, NOBODY, OTHER_SUBJECT, REDACTED, check, in_changes
from app.proposals.terms import ANSWERS, TRANSITIONS, ProposalState
from app.resources.kind import KINDS, Kind, Write
from app.resources.parts import ChildList, Freeze
from app.resources.redacting import authorise_redaction, check_redaction, redact
from app.resources.subjects import (
    check_other_side,
    check_party,
    locked_subject,
    settle_visibility,
    sides_on,
    subject_or_remains,
)
from app.resources.words import BY_PARTIES
from app.resources.writing import authorise_change, change, locked, rehearse
from app.schema.base import Patch

NOT_PROPOSED = Text(
    "Einen Vorschlag zieht nur zurück, wer ihn gemacht hat.", "A proposal is withdrawn only by who made it."
)


async def prepare(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note who proposes and who answers, and refuse whom that is not left to."""
    await settle_visibility(session, writes)
    for write in writes:
        if write.row is None:
            await begin(session, write)
        elif write.changes("state"):
            await go_on(session, write, write.row)


async def begin(session: Transaction, write: Write[Proposal]) -> None:
    """Make a proposal for what its subject is now; that is held, so that it stays so until the proposal is there."""
    is_redaction = write.values["redaction"] is not None
    subject = await (subject_or_remains if is_redaction else locked_subject)(session, write)
    if subject is None:
        return
    write.values["proposed_by_id"] = await check_party(session, write.values["agreement_id"])
    write.values["based_on_version"] = subject.version
    if not is_redaction:
        write.errors += changes_settled(write)
    write.errors += await foreign_objections(session, write)


def changes_settled(write: Write[Proposal]) -> list[FieldError]:
    """Put changes into the form in which they are kept; the errors of those that the subject's kind does not take."""
    try:
        changes = changes_in(write.values["subject_type"], write.values["changes"])
    except Invalid as invalid:
        return list(invalid.errors)
    write.values["changes"] = changes.model_dump(mode="json")
    return []


async def foreign_objections(session: Transaction, write: Write[Proposal]) -> list[FieldError]:
    """The errors of objections that are not open or not to the subject."""
    ids = write.values["objection_ids"]
    wanted = select(col(Objection.id)).where(
        col(Objection.id).in_(ids),
        col(Objection.subject_id) == write.values["subject_id"],
        col(Objection.state) == ObjectionState.open,
    )
    known = set((await session.execute(wanted)).scalars()) if ids else set()
    return [
        at("objection_ids", position, code="other_subject", detail=OTHER_SUBJECT)
        for position, id in enumerate(ids)
        if id not in known
    ]


async def go_on(session: Transaction, write: Write[Proposal], row: Proposal) -> None:
    """Say what becomes of a proposal."""
    if write.values["state"] in ANSWERS:
        write.values["answered_by_id"] = await check_other_side(session, row, row.proposed_by_id)
        write.values["answered_at"] = session.now
    elif session.by.partner_id != row.proposed_by_id:
        raise Forbidden("ownership", NOT_PROPOSED)


async def follow(session: Transaction, writes: Sequence[Write[Proposal]]) -> None:
    """Try what is proposed, without doing it, and carry out what was confirmed."""
    for write in writes:
        if write.row is not None and write.is_new:
            await try_out(session, write.row)
        elif write.row is not None and write.changes("state") and write.row.state is ProposalState.confirmed:
            await carry_out(session, write.row, write.values["objection_ids"])


async def try_out(session: Transaction, proposal: Proposal) -> None:
    """Refuse a proposal that changes nothing, that nobody could confirm, or that the rules of its subject would refuse then."""
    answering = await able_partners(session, proposal)
    kind = KINDS[proposal.subject_type]
    if proposal.redaction is not None:
        await try_out_redaction(session, kind, proposal, answering)
        return
    subject = await locked(session, kind, proposal.subject_id)
    changes = changes_in(proposal.subject_type, proposal.changes)
    try:
        with session.corrected_by(correction_of(proposal)):
            has_effect = await rehearse(session, kind, subject, changes)
    except Invalid as invalid:
        raise Invalid(errors=in_changes(invalid.errors)) from None
    if not has_effect:
        raise Invalid(errors=[at("changes", code="no_change", detail=NO_CHANGE)])
    with session.corrected_by(correction_of(proposal)):
        await check_confirmable(answering, lambda by: authorise_change(session, kind, subject, changes, by))


async def try_out_redaction(
    session: Transaction, kind: Kind[Any], proposal: Proposal, answering: Sequence[UUID]
) -> None:
    """Refuse a proposal to erase what has no words, or what nobody could confirm."""
    wanted = redaction_in(proposal)
    known = await check_redaction(session, kind, proposal.subject_id, wanted.fields, wanted.positions, "redaction")
    with session.corrected_by(correction_of(proposal)):
        await check_confirmable(answering, lambda by: authorise_redaction(session, by, kind, known, wanted.fields))


async def able_partners(session: Transaction, proposal: Proposal) -> Sequence[UUID]:
    """Who could answer a proposal; raises Invalid rather than wait for nobody."""
    sides = await sides_on(session, proposal.agreement_id, proposal.proposed_by_id, session.today)
    wanted = able_to_answer(proposal.agreement_id, sides, session.today)
    found = (await session.execute(wanted)).scalars().all()
    if not found:
        raise Invalid(errors=[at("agreement_id", code="nobody_answers", detail=NOBODY)])
    return found


async def check_confirmable(answering: Sequence[UUID], authorise: Callable[[Caller], Awaitable[None]]) -> None:
    """Refuse with Forbidden what none of those who could answer may say with who proposes it: a third partner's words."""
    refused = None
    for partner_id in answering:
        try:
            await authorise(Caller(Role.contributor, partner_id))
        except Forbidden as error:
            refused = error
        else:
            return
    if refused is not None:
        raise refused


async def carry_out(session: Transaction, proposal: Proposal, objection_ids: Sequence[Any]) -> None:
    """Correct what a confirmed proposal is about, and settle the objections that it names.

    Raises StaleProposal, Forbidden for the words of a third partner, and what the change raises.
    """
    await check_said(session, proposal)
    with session.corrected_by(correction_of(proposal)):
        try:
            await (correct if proposal.redaction is None else erase)(session, proposal)
        except Invalid as invalid:
            raise Invalid(errors=in_changes(invalid.errors)) from None
        for id in objection_ids:
            objection = await locked(session, OBJECTIONS, id)
            if objection.state is ObjectionState.open:
                await change(session, OBJECTIONS, objection, ObjectionUpdate(state=ObjectionState.settled))


async def check_said(session: Transaction, proposal: Proposal) -> None:
    """Refuse to carry out what is no longer there to be read: what was erased of a proposal is not what was proposed."""
    told = table_of(Change).c
    erased = select(told.changed_fields).where(told.resource_id == proposal.id, told.action == Action.redacted)
    if any({"changes", "redaction"} & {*fields} for fields in (await session.execute(erased)).scalars()):
        raise Invalid(errors=[at("state", code="redacted_proposal", detail=REDACTED)])


async def correct(session: Transaction, proposal: Proposal) -> None:
    """Change what a proposal is about as it says."""
    kind = KINDS[proposal.subject_type]
    subject = await locked(session, kind, proposal.subject_id)
    if subject.version != proposal.based_on_version:
        raise StaleProposal(current_version=subject.version)
    await change(session, kind, subject, changes_in(proposal.subject_type, proposal.changes))


async def erase(session: Transaction, proposal: Proposal) -> None:
    """Erase what a proposal says, also of what is deleted."""
    wanted = redaction_in(proposal)
    kind = KINDS[proposal.subject_type]
    await redact(session, kind, proposal.subject_id, wanted.fields, wanted.legal_basis, wanted.positions)


def redaction_in(proposal: Proposal) -> ProposedRedaction:
    """What a proposal would erase."""
    return ProposedRedaction.model_validate(proposal.redaction)


def correction_of(proposal: Proposal) -> Correction:
    """What is written while a proposal is tried or carried out."""
    return Correction(proposal.id, proposal.proposed_by_id)


def changes_in(subject_type: str, changes: dict[str, Any]) -> Patch:
    """The merge patch of a subject; raises Invalid for what its kind does not know or take."""
    kind = KINDS[subject_type]
    schema = kind.correction or kind.update
    if schema is None:
        raise TypeError(f"{kind.type} cannot be corrected")
    try:
        return schema.model_validate(changes)
    except ValidationError as error:
        raise Invalid(errors=errors_in(error, "body", "changes")) from None


PROPOSALS = Kind(
    path="proposals",
    table=Proposal,
    create=ProposalCreate,
    public=ProposalPublic,
    update=ProposalUpdate,
    conditions=conditions,
    named_by="reason",
    searched=("reason", "answer"),
    lists={"objection_ids": ChildList(ProposalObjection, parent="proposal_id", value="objection_id")},
    belongs_by=("agreement_id",),
    has_subject=True,
    authors={**dict.fromkeys(ProposalText.model_fields, "proposed_by_id"), "answer": "answered_by_id"},
    kept=True,
    rights=BY_PARTIES,
    frozen=Freeze(col(Proposal.state) != ProposalState.open, tuple(ProposalAnswer.model_fields)),
    state="state",
    transitions=TRANSITIONS,
    first_states=frozenset({ProposalState.open}),
    process=prepare,
    check=check,
    follow=follow,
    refuses=(StaleProposal.slug,),
)
