"""Whose turn it is to deliver to an endpoint: claimed, held while it delivers, given back.

Rows are locked for a moment only: nobody holds a transaction while a receiver is waited for.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database.engines import Database
from app.resources.ids import new_id
from app.webhooks.messages import Message
from app.webhooks.models import MOST_KEPT
from app.webhooks.queries import DELIVERY, ENDPOINT, due
from app.webhooks.rules import LEASE, Outcome

REACHED = ("position", "replay_after", "replay_until", "ping_id")


class LeaseLost(Exception):
    """Another worker has the endpoint now, or it is gone."""


class Attempted(NamedTuple):
    """A message, the number of the attempt, and what became of it."""

    message: Message
    attempt: int
    outcome: Outcome


async def claim(database: Database, ids: Collection[UUID], now: datetime, today: date) -> Sequence[RowMapping]:
    """Take those of these endpoints that are still due and that no other worker is just taking."""
    async with database.transaction() as session:
        found = select(ENDPOINT.c.id).where(ENDPOINT.c.id.in_(ids), due(now, today))
        free = (await session.execute(found.with_for_update(skip_locked=True))).scalars().all()
        lease = {"lease": uuid4(), "lease_until": now + LEASE}
        taken = update(ENDPOINT).where(ENDPOINT.c.id.in_(free)).values(lease).returning(*ENDPOINT.c)
        return (await session.execute(taken)).mappings().all() if free else []


async def record(
    database: Database,
    endpoint: RowMapping,
    tried: Sequence[Attempted],
    held_until: datetime | None,
    values: Mapping[str, Any],
) -> bool:
    """Keep what was tried and how far the endpoint is, and hold it on or let it go; whether it is what it was.

    What follows from a failure is for the endpoint as it was claimed: one that was changed meanwhile has a new try. Raises
    LeaseLost, and then keeps nothing.
    """
    async with database.transaction() as session:
        held = select(ENDPOINT.c.version).where(ENDPOINT.c.id == endpoint["id"], ENDPOINT.c.lease == endpoint["lease"])
        version = (await session.execute(held.with_for_update())).scalar_one_or_none()
        if version is None:
            raise LeaseLost
        is_same = bool(version == endpoint["version"])
        kept = {name: value for name, value in values.items() if is_same or name in REACHED}
        if "disabled_because" in kept:
            kept["version"] = version + 1
        kept |= {"lease_until": held_until} if held_until else {"lease": None, "lease_until": None}
        await session.execute(update(ENDPOINT).where(ENDPOINT.c.id == endpoint["id"]).values(kept))
        await keep(session, endpoint["id"], tried)
    return is_same


async def keep(session: AsyncSession, endpoint_id: UUID, tried: Sequence[Attempted]) -> None:
    """Keep the latest attempts of an endpoint, and no more than so many."""
    if not tried:
        return
    rows = [
        {
            "id": new_id(),
            "endpoint_id": endpoint_id,
            "message_id": each.message.id,
            "event_type": each.message.type,
            "position": each.message.position,
            "attempt": each.attempt,
            "at": each.outcome.at,
            "milliseconds": each.outcome.milliseconds,
            "status": each.outcome.status,
            "failure": each.outcome.failure,
        }
        for each in tried
    ]
    await session.execute(insert(DELIVERY), rows)
    of_it = DELIVERY.c.endpoint_id == endpoint_id
    oldest = select(DELIVERY.c.id).where(of_it).order_by(DELIVERY.c.id.desc()).offset(MOST_KEPT - 1).limit(1)
    await session.execute(delete(DELIVERY).where(of_it, DELIVERY.c.id < oldest.scalar_subquery()))


async def give_all_back(database: Database) -> None:
    """Let every endpoint be had: for the only process of a database, which an earlier one may have left behind."""
    async with database.transaction() as session:
        await session.execute(
            update(ENDPOINT).where(ENDPOINT.c.lease.is_not(None)).values(lease=None, lease_until=None)
        )


async def give_back(database: Database, endpoint: RowMapping) -> None:
    """Let others have an endpoint."""
    async with database.transaction() as session:
        held = ENDPOINT.c.id == endpoint["id"], ENDPOINT.c.lease == endpoint["lease"]
        await session.execute(update(ENDPOINT).where(*held).values(lease=None, lease_until=None))
