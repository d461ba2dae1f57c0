"""Statements as a kind of resource."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.changes.log import Transaction
from app.decisions.models import Decision, DecisionPartner
from app.decisions.terms import DecisionStatus
from app.http.problems import at
from app.language import Text
from app.partners.models import Partner
from app.partners.queries import is_member
from app.resources.ids import named_id
from app.resources.kind import Kind, Write
from app.resources.parts import ChildList, Freeze
from app.statements.models import (
    Statement,
    StatementContent,
    StatementCreate,
    StatementOnBehalf,
    StatementPublic,
    StatementUpdate,
)
from app.statements.rules import RIGHTS, check, remembered
from app.tables import table_of

NO_MEMBER = Text(
    "Das ist kein heutiges Mitglied des Partners, das zu dieser Entscheidung gefragt ist.",
    "This is no member of the partner today that is asked about this decision.",
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
            write.values |= {
                "submitted_at": session.now,
                "submitted_on": session.today,
                "entered_by_id": entered_by_id,
            }
        elif is_own:
            write.values["entered_by_id"] = None
        if write.changes("taken_up"):
            write.values["answered_on"] = session.today if write.values["taken_up"] else None
        await check_members(session, write)


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
    frozen=Freeze(IS_TOO_LATE, tuple(StatementContent.model_fields)),
    remembered=remembered,
    process=prepare,
    check=check,
)
