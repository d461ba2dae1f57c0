"""Agreements as a kind of resource."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.agreements.models import (
    Agreement,
    AgreementCreate,
    AgreementParty,
    AgreementPublic,
    AgreementSignatory,
    AgreementUpdate,
)
from app.agreements.queries import conditions
from app.agreements.rules import check, happened
from app.changes.log import Transaction
from app.database.engines import one_at_a_time
from app.http.problems import at
from app.language import Text
from app.resources.kind import Kind, Write
from app.resources.parts import ChildList
from app.resources.rules import led_to
from app.resources.scope import led_out
from app.resources.words import BY_OPERATORS

CYCLE = Text(
    "Eine Vereinbarung kann nicht auf sich selbst folgen, auch nicht über andere.",
    "An agreement cannot follow itself, by whatever way.",
)


CONTINUED = Text(
    "Teilmaßnahmen setzen welche einer Vereinbarung fort, auf die ihre dann nicht mehr folgte.",
    "Sub-measures continue those of an agreement that theirs would not follow any more.",
)


async def check_succession(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Refuse agreements that would come to follow themselves, or no longer what is continued in them."""
    moved = {write.row.id: write for write in writes if write.row is not None and write.changes("succeeds_id")}
    if not moved:
        return
    # Two changes at once could otherwise close a circle between them.
    await one_at_a_time(session, "succession")
    pairs = await session.execute(select(col(Agreement.id), col(Agreement.succeeds_id)))
    earlier: dict[UUID, UUID | None] = {each.id: each.succeeds_id for each in pairs}
    for id, write in moved.items():
        if id in led_to(write.values["succeeds_id"], earlier):
            write.errors.append(at("succeeds_id", code="cycle", detail=CYCLE))
            continue
        after = {**earlier, id: write.values["succeeds_id"]}
        if any(other not in led_to(after.get(own), after) for own, other in await led_out(session)):
            write.errors.append(at("succeeds_id", code="continued", detail=CONTINUED))


AGREEMENTS = Kind(
    path="agreements",
    table=Agreement,
    create=AgreementCreate,
    public=AgreementPublic,
    update=AgreementUpdate,
    conditions=conditions,
    rights=BY_OPERATORS,
    lists={
        "signatories": ChildList(AgreementSignatory, parent="agreement_id"),
        "parties": ChildList(AgreementParty, parent="agreement_id"),
    },
    process=check_succession,
    check=check,
    happened=happened,
)
