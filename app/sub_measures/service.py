"""Writes of sub-measures that need more than their own row."""

from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal
from app.http.problems import Invalid, at
from app.language import Text
from app.resources import writing
from app.resources.schema import Stored
from app.schema.fields import LAST_ORDINAL
from app.sub_measures.models import SubMeasure, SubMeasureCreate, SubMeasureUpdate
from app.sub_measures.resource import SUB_MEASURES

NONE_FOLLOWS = Text(
    "Auf die höchste Nummer des Ziels folgt keine mehr; bitte eine freie Nummer angeben.",
    "No number follows the highest one of the goal; please give one that is free.",
)


async def create(session: AsyncSession, caller: Caller, content: SubMeasureCreate, id: UUID | None = None) -> Stored:
    """Add a sub-measure; without a number it gets the next one of its goal."""
    goal_number = await lock_goal(session, content.goal_id)
    number = content.number or await next_number(session, content.goal_id)
    return await writing.create(
        session, caller, SUB_MEASURES, content, id=id, computed={"number": number, **place(goal_number, number)}
    )


async def update(session: AsyncSession, caller: Caller, row: SubMeasure, changes: SubMeasureUpdate) -> Stored:
    """Change a sub-measure; its code follows its goal and its number."""
    asked = changes.model_dump()
    goal_number = await lock_goal(session, asked["goal_id"]) if "goal_id" in asked else row.goal_number
    computed = place(goal_number, asked.get("number", row.number))
    return await writing.change(session, caller, SUB_MEASURES, row, changes, computed=computed)


async def lock_goal(session: AsyncSession, goal_id: UUID) -> int:
    """The number of a goal, whose row is held so that two new sub-measures cannot get one number.

    0 when there is no such goal: the check of references refuses it then.
    """
    statement = select(col(Goal.number)).where(col(Goal.id) == goal_id).with_for_update()
    return (await session.execute(statement)).scalar_one_or_none() or 0


async def next_number(session: AsyncSession, goal_id: UUID) -> int:
    """The number after the highest one in a goal; raises Invalid when that is the last one that there can be."""
    statement = select(func.max(col(SubMeasure.number))).where(col(SubMeasure.goal_id) == goal_id)
    highest = (await session.execute(statement)).scalar_one() or 0
    if highest >= LAST_ORDINAL:
        raise Invalid(errors=[at("number", code="number_required", detail=NONE_FOLLOWS)])
    return highest + 1


def place(goal_number: int, number: int) -> dict[str, Any]:
    """The columns that are computed from where a sub-measure stands."""
    return {"goal_number": goal_number, "code": f"{goal_number}.{number}"}
