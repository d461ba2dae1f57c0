"""Decisions as a kind of resource."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

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
from app.decisions.rules import EVIDENCE, check
from app.decisions.terms import TRANSITIONS, DecisionStatus
from app.partners.models import Partner
from app.partners.terms import PartnerKind
from app.resources.kind import ChildList, Freeze, Kind, Write


async def ask_associations(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Ask the umbrella associations and their members where it is not said whom."""
    open_to_all = [write for write in writes if write.values["involved_partner_ids"] is None]
    asked = await associations(session) if open_to_all else []
    for write in open_to_all:
        write.values["involved_partner_ids"] = asked


async def associations(session: Transaction) -> list[UUID]:
    """The umbrella associations and their members, without those that ended."""
    umbrellas = select(col(Partner.id)).where(col(Partner.kind) == PartnerKind.umbrella_association)
    statement = select(col(Partner.id)).where(
        col(Partner.id).in_(umbrellas) | col(Partner.member_of_id).in_(umbrellas), col(Partner.dissolved_on).is_(None)
    )
    return list((await session.execute(statement.order_by(col(Partner.sort_name), col(Partner.id)))).scalars())


def is_made(decision: Decision, _above: None) -> bool:
    """Whether a decision is made."""
    return decision.status is DecisionStatus.decided


DECISIONS = Kind(
    path="decisions",
    table=Decision,
    create=DecisionCreate,
    public=DecisionPublic,
    update=DecisionUpdate,
    lists={
        "topic_ids": ChildList(DecisionTopic, parent="decision_id", value="topic_id"),
        "goal_ids": ChildList(DecisionGoal, parent="decision_id", value="goal_id"),
        "sub_measure_ids": ChildList(DecisionSubMeasure, parent="decision_id", value="sub_measure_id"),
        "consultation_event_ids": ChildList(DecisionEvent, parent="decision_id", value="consultation_event_id"),
        "involved_partner_ids": ChildList(DecisionPartner, parent="decision_id", value="partner_id"),
    },
    frozen=Freeze(is_made, EVIDENCE),
    transitions=TRANSITIONS,
    process=ask_associations,
    check=check,
)
