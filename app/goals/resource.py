"""Goals as a kind of resource."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from app.changes.log import Transaction
from app.goals.models import Goal, GoalCreate, GoalPublic, GoalUpdate
from app.http.problems import at
from app.language import Text
from app.resources.kind import Kind, Write
from app.topics.models import Topic

ELSEWHERE = Text("Das Themenfeld gehört zu einer anderen Vereinbarung.", "The topic belongs to another agreement.")


async def check_topics(session: Transaction, writes: Sequence[Write[Any]]) -> None:
    """Refuse topics of other agreements; that there is one at all is checked with all references."""
    wanted = {write.values["topic_id"] for write in writes}
    found = await session.execute(select(col(Topic.id), col(Topic.agreement_id)).where(col(Topic.id).in_(wanted)))
    agreements = {row.id: row.agreement_id for row in found}
    for write in writes:
        own = write.values["agreement_id"]
        if agreements.get(write.values["topic_id"], own) != own:
            write.errors.append(at("topic_id", code="other_agreement", detail=ELSEWHERE))


GOALS = Kind(
    path="goals",
    table=Goal,
    create=GoalCreate,
    public=GoalPublic,
    update=GoalUpdate,
    process=check_topics,
)
