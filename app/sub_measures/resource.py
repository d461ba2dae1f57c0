"""Sub-measures as a kind of resource."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from app.changes.log import Transaction
from app.goals.models import Goal
from app.http.problems import at
from app.language import Text
from app.resources.kind import ChildList, Kind, Write
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
from app.sub_measures.rules import check
from app.sub_measures.terms import TRANSITIONS

NONE_FOLLOWS = Text(
    "Auf die höchste Nummer des Ziels folgt keine mehr; bitte eine freie Nummer angeben.",
    "No number follows the highest one of the goal; please give one that is free.",
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
    belongs_by=("goal_id",),
    owner="lead_partner_id",
    searched=("title", "summary", "description"),
    sorts={"code": ("goal_number", "number")},
    lists={
        "milestones": ChildList(SubMeasureMilestone, parent="sub_measure_id"),
        "supporting_partner_ids": ChildList(SubMeasureSupporter, parent="sub_measure_id", value="partner_id"),
        "districts": ChildList(SubMeasureDistrict, parent="sub_measure_id", value="district"),
        "sdgs": ChildList(SubMeasureSdg, parent="sub_measure_id", value="sdg"),
    },
    transitions=TRANSITIONS,
    process=place,
    check=check,
)
