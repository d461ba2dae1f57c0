"""Needs as a kind of resource."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import col

from app.changes.log import Transaction
from app.needs.models import (
    Need,
    NeedCreate,
    NeedDecision,
    NeedDistrict,
    NeedEvent,
    NeedPublic,
    NeedSubMeasure,
    NeedUpdate,
)
from app.needs.rules import RIGHTS, WORDS, check
from app.needs.terms import TRANSITIONS, NeedStatus
from app.resources.kind import Kind, Write
from app.resources.parts import ChildList, Freeze


async def note_answer(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Note when a need was answered, and that it no longer is when it is open again."""
    for write in writes:
        status = write.values["status"]
        if status is NeedStatus.answered and write.changes("status"):
            write.values["answered_at"] = session.now
        if status in {NeedStatus.open, NeedStatus.in_discussion}:
            write.values["answered_at"] = None


NEEDS = Kind(
    path="needs",
    table=Need,
    create=NeedCreate,
    public=NeedPublic,
    update=NeedUpdate,
    belongs_by=("agreement_id",),
    searched=("title", "description", "response"),
    found_through={
        "partner_id": ("raised_by_id",),
        "consultation_event_id": ("consultation_event_ids",),
        "sub_measure_id": ("sub_measure_ids",),
        "decision_id": ("decision_ids",),
        "district": ("districts",),
    },
    listed_by=("created_at",),
    owner="raised_by_id",
    rights=RIGHTS,
    lists={
        "consultation_event_ids": ChildList(NeedEvent, parent="need_id", value="consultation_event_id"),
        "sub_measure_ids": ChildList(NeedSubMeasure, parent="need_id", value="sub_measure_id"),
        "decision_ids": ChildList(NeedDecision, parent="need_id", value="decision_id"),
        "districts": ChildList(NeedDistrict, parent="need_id", value="district"),
    },
    # Also when it is open again: an answer that is there was given to these words.
    frozen=Freeze(func.coalesce(col(Need.response), "") != "", WORDS),
    transitions=TRANSITIONS,
    process=note_answer,
    check=check,
)
