"""A register as large as one is planned for: Dresden's agreement and many events with their participants."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

import app.catalogue  # noqa: F401 (whatever events refer to must be known)
from app import migrating
from app.access.caller import COMMAND
from app.changes.log import transaction
from app.cli.seed import load_content, read_agreement
from app.consultation_events.models import ConsultationEventCreate
from app.consultation_events.resource import CONSULTATION_EVENTS
from app.database.engines import Database
from app.goals.models import Goal
from app.partners.models import Partner
from app.resources.ids import named_id
from app.resources.kind import Write
from app.resources.writing import store_many
from app.settings import Settings
from app.sub_measures.models import SubMeasure
from app.topics.models import Topic

EVENTS = 20_000
PARTICIPANTS = 5
BATCH = 1_000
AGREEMENT = named_id("agreements", "dresden-liga-2024")
FIRST = datetime(2024, 9, 2, 8, 0, tzinfo=UTC)


async def fill(settings: Settings, events: int = EVENTS) -> None:
    """Migrate, load the agreement and add so many events; always the same ones."""
    await migrating.upgrade(settings)
    await load_content(settings, read_agreement(None))
    database = Database(settings.database, pool_size=1, pool_timeout=30)
    try:
        for start in range(0, events, BATCH):
            await add_events(database, range(start, start + BATCH))
    finally:
        await database.close()


async def add_events(database: Database, numbers: range) -> None:
    """Add one batch of events in one transaction."""
    async with transaction(database, COMMAND, UTC, FIRST) as session:
        known = {
            table: list((await session.execute(select(col(table.id)).order_by(col(table.id)))).scalars())
            for table in (Partner, Topic, Goal, SubMeasure)
        }
        writes = [Write(CONSULTATION_EVENTS, event(number, known)) for number in numbers]
        ids = [named_id("benchmark", number) for number in numbers]
        await store_many(session, CONSULTATION_EVENTS, writes, ids=ids)


def event(number: int, known: dict[Any, list[UUID]]) -> ConsultationEventCreate:
    """One event as a partner's system would send it."""
    choice = random.Random(number)  # noqa: S311 (the same events in every run)
    starts_at = FIRST + timedelta(hours=number)
    partners = choice.sample(known[Partner], PARTICIPANTS)
    return ConsultationEventCreate.model_validate(
        {
            "agreement_id": AGREEMENT,
            "title": f"Fachgespräch {number}",
            "description": "Austausch über den Stand der Teilmaßnahmen und die nächsten Schritte.",
            "format": choice.choice(["talk", "conference", "expert_day"]),
            "level": choice.choice(["strategic", "operational"]),
            "status": "planned",
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=2),
            "location": "Dresden",
            "organiser_id": partners[0],
            "topic_ids": choice.sample(known[Topic], 1),
            "goal_ids": choice.sample(known[Goal], 1),
            "sub_measure_ids": choice.sample(known[SubMeasure], 2),
            "participants": [{"partner_id": partner, "attendance": "accepted", "delegates": 2} for partner in partners],
            "agenda_items": [{"title": "Stand der Umsetzung", "duration_minutes": 45}],
        }
    )
