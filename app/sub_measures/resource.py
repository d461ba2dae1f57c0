"""Sub-measures as a kind of resource."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from app.agreements.models import Agreement
from app.changes.log import Transaction
from app.goals.models import Goal
from app.http.problems import at
from app.language import Text
from app.resources.kind import Kind, Write
from app.resources.parts import ChildList, Freeze
from app.resources.rules import led_to
from app.resources.words import BY_OWNER_TOO
from app.schema.fields import LAST_ORDINAL
from app.sub_measures.models import (
    SubMeasure,
    SubMeasureCreate,
    SubMeasureDistrict,
    SubMeasureMilestone,
    SubMeasurePublic,
    SubMeasureSdg,
    SubMeasureSupporter,
    SubMeasureUpdate,
)
from app.sub_measures.queries import conditions
from app.sub_measures.rules import AS_AGREED, check, happened, remembered
from app.sub_measures.terms import TRANSITIONS

NONE_FOLLOWS = Text(
    "Auf die höchste Nummer des Ziels folgt keine mehr; bitte eine freie Nummer angeben.",
    "No number follows the highest one of the goal; please give one that is free.",
)

NOT_EARLIER = Text(
    "Fortsetzen lässt sich nur eine Teilmaßnahme einer früheren Vereinbarung, auf die diese folgt.",
    "Only a sub-measure of an earlier agreement, which this one's follows, can be continued.",
)


async def place(session: Transaction, writes: Sequence[Write[SubMeasure]]) -> None:
    """Give each its place: the next number of its goal where it has none, and the code that follows from both."""
    numbers = await lock_goals(session, {write.values["goal_id"] for write in writes if write.changes("goal_id")})
    unnumbered = {write.values["goal_id"] for write in writes if write.values["number"] is None}
    highest = await highest_numbers(session, unnumbered)
    for write in writes:
        goal_id, number = write.values["goal_id"], write.values["number"]
        if number is None:
            number = highest.get(goal_id, 0) + 1
            if number > LAST_ORDINAL:
                write.errors.append(at("number", code="number_required", detail=NONE_FOLLOWS))
        highest[goal_id] = max(highest.get(goal_id, 0), number)
        unmoved = write.row.goal_number if write.row is not None else 0
        goal_number = numbers.get(goal_id, unmoved)
        write.values |= {"number": number, "goal_number": goal_number, "code": f"{goal_number}.{number}"}


async def check_forerunners(session: Transaction, writes: Sequence[Write[SubMeasure]]) -> None:
    """Refuse to continue what is no sub-measure of an earlier agreement."""
    continuing = [write for write in writes if write.values["continues_id"] is not None]
    moved = [write for write in continuing if write.changes("continues_id") or write.changes("goal_id")]
    if not moved:
        return
    goals = {write.values["goal_id"] for write in moved}
    forerunners = {write.values["continues_id"] for write in moved}
    homes: dict[UUID, UUID] = {
        row.id: row.agreement_id
        for row in await session.execute(select(col(Goal.id), col(Goal.agreement_id)).where(col(Goal.id).in_(goals)))
    }
    earlier = select(col(SubMeasure.id), col(Goal.agreement_id)).join(Goal, col(Goal.id) == col(SubMeasure.goal_id))
    for row in await session.execute(earlier.where(col(SubMeasure.id).in_(forerunners))):
        homes[row.id] = row.agreement_id
    pairs = await session.execute(select(col(Agreement.id), col(Agreement.succeeds_id)))
    succeeds: dict[UUID, UUID | None] = {each.id: each.succeeds_id for each in pairs}
    for write in moved:
        own, other = (homes.get(write.values[name]) for name in ("goal_id", "continues_id"))
        # What is not there is said by the check of references.
        if own is not None and other is not None and other not in led_to(succeeds.get(own), succeeds):
            write.errors.append(at("continues_id", code="not_earlier", detail=NOT_EARLIER))


async def complete(session: Transaction, writes: Sequence[Write[SubMeasure]]) -> None:
    """Give each its place, look at what it continues, and note which ones were ever agreed."""
    await place(session, writes)
    await check_forerunners(session, writes)
    for write in writes:
        write.values |= remembered({"was_agreed": write.row is not None and write.row.was_agreed}, write.values)


async def lock_goals(session: Transaction, ids: Collection[UUID]) -> dict[UUID, int]:
    """The numbers of goals, whose rows are held so that two new sub-measures cannot get one number.

    What is no goal is not among them: the check of references refuses it then.
    """
    if not ids:
        return {}
    wanted = select(col(Goal.id), col(Goal.number)).where(col(Goal.id).in_(ids)).order_by(col(Goal.id))
    return {row.id: row.number for row in await session.execute(wanted.with_for_update())}


async def highest_numbers(session: Transaction, goal_ids: Collection[UUID]) -> dict[UUID, int]:
    """The highest number in each of these goals that has any."""
    if not goal_ids:
        return {}
    highest = func.max(col(SubMeasure.number)).label("highest")
    wanted = select(col(SubMeasure.goal_id), highest).where(col(SubMeasure.goal_id).in_(goal_ids))
    return {row.goal_id: row.highest for row in await session.execute(wanted.group_by(col(SubMeasure.goal_id)))}


SUB_MEASURES = Kind(
    path="sub-measures",
    table=SubMeasure,
    create=SubMeasureCreate,
    public=SubMeasurePublic,
    update=SubMeasureUpdate,
    conditions=conditions,
    belongs_by=("goal_id",),
    leads_out=("continues_id",),
    owner="lead_partner_id",
    rights=BY_OWNER_TOO,
    searched=("title", "summary", "description"),
    sorts={"code": ("goal_number", "number")},
    found_through={
        "partner_id": ("lead_partner_id", "supporting_partner_ids"),
        "supporting_partner_id": ("supporting_partner_ids",),
        "district": ("districts",),
        "sdg": ("sdgs",),
    },
    listed_by=("goal_number", "number"),
    lists={
        "milestones": ChildList(SubMeasureMilestone, parent="sub_measure_id"),
        "supporting_partner_ids": ChildList(SubMeasureSupporter, parent="sub_measure_id", value="partner_id"),
        "districts": ChildList(SubMeasureDistrict, parent="sub_measure_id", value="district"),
        "sdgs": ChildList(SubMeasureSdg, parent="sub_measure_id", value="sdg"),
    },
    frozen=Freeze(col(SubMeasure.was_agreed).is_(True), AS_AGREED),
    transitions=TRANSITIONS,
    remembered=remembered,
    process=complete,
    check=check,
    happened=happened,
)
