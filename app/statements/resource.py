"""Statements as a kind of resource."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.access.errors import Forbidden
from app.access.voices import Voice
from app.changes.log import Transaction
from app.database.tables import table_of
from app.decisions.models import Decision, DecisionPartner
from app.decisions.terms import DecisionStatus
from app.http.problems import at
from app.language import Text
from app.partners.models import Partner
from app.partners.queries import is_member
from app.resources.errors import Frozen
from app.resources.ids import named_id
from app.resources.kind import Kind, Write
from app.resources.parts import ChildList, Freeze
from app.statements.models import (
    Statement,
    StatementContent,
    StatementCreate,
    StatementOnBehalf,
    StatementPublic,
    StatementReceipt,
    StatementUpdate,
)
from app.statements.rules import RIGHTS, check, entered_on, remembered

NO_MEMBER = Text(
    "Das ist kein heutiges Mitglied des Partners, das zu dieser Entscheidung gefragt ist.",
    "This is no member of the partner today that is asked about this decision.",
)

NOT_OWN_DAY = Text(
    "Wann eine Stellungnahme ankam, sagt nicht ihr Partner selbst.",
    "On which day a statement came is not for its own partner to say.",
)
NOT_BETWEEN = Text(
    "Dieser Tag liegt nicht vor dem, an dem sie eingetragen wurde, oder vor der Ankündigung der Entscheidung.",
    "This day is not before the one on which it was entered, or is before the announcement of the decision.",
)


def statement_id(decision_id: UUID, partner_id: UUID) -> UUID:
    """The id of the one statement of a partner to a decision."""
    return named_id("decisions", decision_id, "statements", partner_id)


async def prepare(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note when and by whom it was said and answered, and see for whom it can speak."""
    for write in writes:
        is_own = write.values["partner_id"] == session.by.partner_id
        if write.is_new:
            entered_by_id = None if is_own or session.by.is_command else session.by.partner_id
            write.values |= {"submitted_at": session.now, "entered_by_id": entered_by_id}
        elif is_own:
            write.values["entered_by_id"] = None
        if write.changes("taken_up"):
            write.values["answered_on"] = session.today if write.values["taken_up"] else None
        await settle_day(session, write)
        await check_members(session, write)


async def settle_day(session: Transaction, write: Write[Any]) -> None:
    """Note from which day on it counts; refuse a day on which it cannot have come, or that is not the caller's to say."""
    received_on = write.values["received_on"]
    entered = entered_on(session.now if write.is_new or write.row is None else write.row.submitted_at)
    write.values["submitted_on"] = received_on or entered
    if write.after["received_on"] == write.before.get("received_on"):
        return
    if session.correcting is None and write.values["partner_id"] == session.by.partner_id:
        raise Forbidden("ownership", NOT_OWN_DAY, writers=[Voice.operator])
    asked = select(col(Decision.status), col(Decision.announced_on)).where(
        col(Decision.id) == write.values["decision_id"]
    )
    decision = (await session.execute(asked)).one()
    if write.is_new and decision.status is DecisionStatus.decided:
        raise Frozen(fields=["received_on"])
    if received_on is not None and not (decision.announced_on or received_on) <= received_on < entered:
        write.errors.append(at("received_on", code="not_between", detail=NOT_BETWEEN))


async def check_members(session: Transaction, write: Write[Any]) -> None:
    """Refuse to speak for others than members of today that are asked; for whom it spoke before, it still does."""
    before = set(write.before.get("on_behalf_of_ids", ()))
    new = [id for id in write.values["on_behalf_of_ids"] if str(id) not in before]
    if not new:
        return
    asked = select(col(DecisionPartner.partner_id)).where(
        col(DecisionPartner.decision_id) == write.values["decision_id"]
    )
    members = select(col(Partner.id)).where(
        col(Partner.id).in_(asked), is_member([write.values["partner_id"]], session.today)
    )
    known = set((await session.execute(members)).scalars())
    for position, id in enumerate(write.values["on_behalf_of_ids"]):
        if id in new and id not in known:
            write.errors.append(at("on_behalf_of_ids", position, code="not_an_asked_member", detail=NO_MEMBER))


# What was said before a decision stays as it is; the city's answer can still be added.
IS_TOO_LATE = (
    select(col(Decision.id))
    .where(col(Decision.id) == col(Statement.decision_id), col(Decision.status) == DecisionStatus.decided)
    .correlate(table_of(Statement))
    .exists()
)

STATEMENTS = Kind(
    path="decisions/{id}/statements",
    table=Statement,
    create=StatementCreate,
    public=StatementPublic,
    update=StatementUpdate,
    belongs_by=("decision_id",),
    named_by="position",
    searched=("text", "reason"),
    lists={"on_behalf_of_ids": ChildList(StatementOnBehalf, parent="statement_id", value="partner_id")},
    within="decision_id",
    key="partner_id",
    id_of=lambda content: statement_id(content.decision_id, content.partner_id),
    owner="partner_id",
    rights=RIGHTS,
    frozen=Freeze(IS_TOO_LATE, (*StatementContent.model_fields, *StatementReceipt.model_fields)),
    remembered=remembered,
    process=prepare,
    check=check,
)
