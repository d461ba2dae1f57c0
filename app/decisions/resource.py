"""Decisions as a kind of resource."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from app.access.parties import Side, parties_of
from app.changes.log import Transaction
from app.decisions.models import (
    Decision,
    DecisionCreate,
    DecisionEvent,
    DecisionGoal,
    DecisionPartner,
    DecisionPublic,
    DecisionSubMeasure,
    DecisionTopic,
    DecisionUpdate,
)
from app.decisions.rules import EVIDENCE, RIGHTS, check, happened
from app.decisions.terms import TRANSITIONS, DecisionStatus
from app.partners.models import Partner
from app.resources.kind import Kind, Write
from app.resources.parts import ChildList, Freeze, HeldEntries, Hold
from app.schema.period import goes_on


async def ask_associations(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Ask the associations that are parties on the day of the announcement, where it is not said whom."""
    for write in (write for write in writes if write.values["involved_partner_ids"] is None):
        day = write.values["announced_on"] or session.today
        write.values["involved_partner_ids"] = await associations(session, write.values["agreement_id"], day)


async def prepare(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note who reports what the authority had not announced, and ask whom it concerns."""
    for write in writes:
        if write.is_new and write.values["status"] is DecisionStatus.reported:
            write.values["reported_by_id"] = session.by.partner_id
    await ask_associations(session, writes)


async def associations(session: Transaction, agreement_id: UUID, day: date) -> list[UUID]:
    """The parties of an agreement on the side of the associations on a day, without those that ended before."""
    parties = parties_of(agreement_id, Side.associations, day)
    statement = select(col(Partner.id)).where(col(Partner.id).in_(parties), goes_on(col(Partner.dissolved_on), day))
    return list((await session.execute(statement.order_by(col(Partner.sort_name), col(Partner.id)))).scalars())


HEARD_AT = Hold(
    "consultation_event_ids",
    fields=("starts_at", "timezone", "status"),
    entries=(
        HeldEntries("participants", "partner_id", "involved_partner_ids", ("attendance",)),
        HeldEntries("agenda_items", "decision_id", "id", ()),
    ),
)
"""What tells of an event whether the partners were heard at it."""


MEASURED_BY = Hold("agreement_id", fields=("hearing",))
"""By what it is told whether they were heard in time: nobody moves the yardstick behind a decision."""

DECISIONS = Kind(
    path="decisions",
    table=Decision,
    create=DecisionCreate,
    public=DecisionPublic,
    update=DecisionUpdate,
    belongs_by=("agreement_id",),
    found_through={
        "partner_id": ("involved_partner_ids",),
        "topic_id": ("topic_ids",),
        "sub_measure_id": ("sub_measure_ids",),
        "consultation_event_id": ("consultation_event_ids",),
    },
    listed_by=("decides_on",),
    owner="reported_by_id",
    rights=RIGHTS,
    lists={
        "topic_ids": ChildList(DecisionTopic, parent="decision_id", value="topic_id"),
        "goal_ids": ChildList(DecisionGoal, parent="decision_id", value="goal_id"),
        "sub_measure_ids": ChildList(DecisionSubMeasure, parent="decision_id", value="sub_measure_id"),
        "consultation_event_ids": ChildList(DecisionEvent, parent="decision_id", value="consultation_event_id"),
        "involved_partner_ids": ChildList(DecisionPartner, parent="decision_id", value="partner_id"),
    },
    frozen=Freeze(col(Decision.status) == DecisionStatus.decided, EVIDENCE, holds=(HEARD_AT, MEASURED_BY)),
    transitions=TRANSITIONS,
    process=prepare,
    check=check,
    happened=happened,
)
