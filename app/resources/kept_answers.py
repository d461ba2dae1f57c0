"""Answers that are kept for a repeated request."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Field, SQLModel, col

from app.access.roles import Role
from app.changes.log import Transaction
from app.database.tables import Json, closed
from app.resources.blanking import blanked
from app.resources.kind import Kind


class KeptAnswer(SQLModel, table=True):
    """What a request with a key was answered."""

    __tablename__ = "idempotency_key"

    partner_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=255)
    role: Role = Field(sa_type=closed(Role))
    fingerprint: str = Field(max_length=64)
    created_at: datetime = Field(index=True)
    status: int | None = None
    headers: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    body: str | None = None


async def blank_answers(
    session: Transaction, kind: Kind[Any], fields: Sequence[str], versions: Collection[tuple[str, int]]
) -> None:
    """Erase the same from the answers that are kept in case a request is repeated; each is still the one for its request."""
    for id in {id for id, _ in versions}:
        about = col(KeptAnswer.body).contains(id)
        for kept in (await session.execute(select(KeptAnswer).where(about))).scalars().all():
            content = json.loads(kept.body or "null")
            if isinstance(content, dict) and (content.get("id"), content.get("version")) in versions:
                body = json.dumps(
                    {**content, **blanked(kind, fields, content)}, ensure_ascii=False, separators=(",", ":")
                )
                own = col(KeptAnswer.partner_id) == kept.partner_id, col(KeptAnswer.key) == kept.key
                await session.execute(update(KeptAnswer).where(*own).values(body=body))
