"""Writes of needs that need more than their own row."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.access.caller import Caller
from app.access.errors import role_needed
from app.access.roles import Role
from app.needs.models import Need, NeedCreate, NeedUpdate
from app.needs.resource import NEEDS
from app.needs.rules import BY_WHO_RAISES
from app.needs.terms import NeedStatus
from app.resources import writing


async def create(session: AsyncSession, caller: Caller, content: NeedCreate, id: UUID | None = None) -> Need:
    """Raise a need; raises Forbidden when a contributor answers it, too."""
    if content.response is not None or content.status not in BY_WHO_RAISES:
        require_answering(caller)
    answered_at = datetime.now(UTC) if content.status is NeedStatus.answered else None
    return await writing.create(session, caller, NEEDS, content, id=id, computed={"answered_at": answered_at})


async def update(
    session: AsyncSession, caller: Caller, row: Need, changes: NeedUpdate, *, answered_at: datetime | None = None
) -> Need:
    """Change a need; raises Forbidden when a contributor changes what is the city's to say.

    It is answered now, unless a command knows when it was: `answered_at` is nothing that callers of the API can say.
    """
    asked: dict[str, Any] = changes.model_dump()
    status = asked.get("status", row.status)
    if asked.get("response", row.response) != row.response or (
        status is not row.status and status not in BY_WHO_RAISES
    ):
        require_answering(caller)
    computed: dict[str, Any] = {}
    if status is NeedStatus.answered and row.status is not NeedStatus.answered:
        computed["answered_at"] = answered_at or datetime.now(UTC)
    if status in {NeedStatus.open, NeedStatus.in_discussion}:
        computed["answered_at"] = None
    return await writing.change(session, caller, NEEDS, row, changes, computed=computed)


def require_answering(caller: Caller) -> None:
    """Refuse whoever may raise needs only; raises Forbidden."""
    if not caller.has(Role.coordinator):
        raise role_needed(Role.coordinator)
