"""Agreements as a kind of resource."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.access.roles import Role
from app.agreements.models import (
    Agreement,
    AgreementCreate,
    AgreementParty,
    AgreementPublic,
    AgreementSignatory,
    AgreementUpdate,
)
from app.agreements.rules import check
from app.changes.log import Transaction
from app.database import one_at_a_time
from app.http.problems import at
from app.language import Text
from app.resources.kind import ChildList, Kind, Write

CYCLE = Text(
    "Eine Vereinbarung kann nicht auf sich selbst folgen, auch nicht über andere.",
    "An agreement cannot follow itself, by whatever way.",
)


async def check_succession(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Refuse agreements that would come to follow themselves."""
    moved = {
        write.row.id: write for write in writes if write.row is not None and write.values["succeeds_id"] is not None
    }
    if not moved:
        return
    # Two changes at once could otherwise close a circle between them.
    await one_at_a_time(session, "succession")
    pairs = await session.execute(select(col(Agreement.id), col(Agreement.succeeds_id)))
    earlier: dict[UUID, UUID | None] = {each.id: each.succeeds_id for each in pairs}
    for id, write in moved.items():
        if id in followed(write.values["succeeds_id"], earlier):
            write.errors.append(at("succeeds_id", code="cycle", detail=CYCLE))


def followed(id: UUID | None, earlier: Mapping[UUID, UUID | None]) -> set[UUID]:
    """An agreement and all that it follows, by whatever way."""
    passed: set[UUID] = set()
    while id is not None and id not in passed:
        passed.add(id)
        id = earlier.get(id)
    return passed


AGREEMENTS = Kind(
    path="agreements",
    table=Agreement,
    create=AgreementCreate,
    public=AgreementPublic,
    update=AgreementUpdate,
    writer=Role.admin,
    lists={
        "signatories": ChildList(AgreementSignatory, parent="agreement_id"),
        "parties": ChildList(AgreementParty, parent="agreement_id"),
    },
    process=check_succession,
    check=check,
)
