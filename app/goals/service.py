"""Writes of goals that need more than their own row."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.access.caller import Caller
from app.goals.models import Goal, GoalCreate, GoalUpdate
from app.goals.resource import GOALS
from app.http.problems import Invalid, at
from app.language import Text
from app.resources import writing
from app.resources.schema import Stored
from app.topics.models import Topic

ELSEWHERE = Text("Das Themenfeld gehört zu einer anderen Vereinbarung.", "The topic belongs to another agreement.")


async def create(session: AsyncSession, caller: Caller, content: GoalCreate, id: UUID | None = None) -> Stored:
    """Add a goal; raises Invalid when its topic is not of its agreement."""
    await check_topic(session, content.topic_id, content.agreement_id)
    return await writing.create(session, caller, GOALS, content, id=id)


async def update(session: AsyncSession, caller: Caller, row: Goal, changes: GoalUpdate) -> Stored:
    """Change a goal; raises Invalid when its topic is not of its agreement."""
    await check_topic(session, changes.model_dump().get("topic_id", row.topic_id), row.agreement_id)
    return await writing.change(session, caller, GOALS, row, changes)


async def check_topic(session: AsyncSession, topic_id: UUID, agreement_id: UUID) -> None:
    """Refuse a topic of another agreement; that there is one at all is checked with all references."""
    statement = select(col(Topic.agreement_id)).where(col(Topic.id) == topic_id)
    found = (await session.execute(statement)).scalar_one_or_none()
    if found not in (None, agreement_id):
        raise Invalid(errors=[at("topic_id", code="other_agreement", detail=ELSEWHERE)])
