"""kill -9 of what delivers to webhook endpoints: nothing is lost, and what comes twice has one id."""

import asyncio
import os
import random
import signal
from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import update

from app.database.tables import table_of
from app.settings import Settings
from app.webhooks.models import WebhookEndpoint
from tests.conftest import Templates, client_of, running
from tests.factories import changes_after, make
from tests.faults.service import Service
from tests.processes import Forked
from tests.webhooks.conftest import LOOPBACK
from tests.webhooks.receiver import OK, Answer, receiving

ROUNDS = int(os.environ.get("REGISTER_SOAK_ROUNDS", "1"))
CHANGES = 20


async def delivering(service: Service, templates: Templates) -> Forked:
    """What delivers: on SQLite the register itself, on PostgreSQL a process of its own."""
    if templates.engine == "sqlite":
        await service.start()
        assert service.process is not None
        return service.process
    return service.begun("deliver")


@pytest.mark.thorough
async def test_loses_nothing_and_doubles_under_one_id(settings: Settings, templates: Templates, tmp_path: Path) -> None:
    choice = random.Random(templates.engine)  # noqa: S311 (where the kills fall)
    told = settings.model_copy(update={"webhook_allow": LOOPBACK})
    assert told.webhook_key is not None
    service = Service(
        told,
        templates.keys["admin"],
        tmp_path,
        REGISTER_WEBHOOK_ALLOW=LOOPBACK,
        REGISTER_WEBHOOK_KEY=told.webhook_key.get_secret_value(),
    )
    async with receiving() as receiver, running(told) as app, client_of(app, templates.keys["operator"]) as client:
        made = await client.post("/v1/webhook-endpoints", json={"url": receiver.url})
        assert made.status_code == 201
        first, _ = await changes_after(client, None)
        for _ in range(ROUNDS):
            for number in range(CHANGES):
                await make(client, "goals", title=f"Ziel {number}")
            process = await delivering(service, templates)

            async def kill(process: Forked = process) -> str:
                process.kill()
                await process.wait()
                return OK

            taken: list[Answer] = [OK] * choice.randint(1, CHANGES)
            receiver.plan = [*taken, kill]
            await asyncio.wait_for(process.wait(), 60)
            if templates.engine == "postgresql":
                # In a minute, the turn of a process that was killed has ended.
                lapsed = update(table_of(WebhookEndpoint)).values(lease_until=None)
                async with app.state.runtime.database.transaction() as session:
                    await session.execute(lapsed)
        process = await delivering(service, templates)
        await receiver.has(CHANGES * ROUNDS)
        process.terminate()
        # The server lets the signal have its way when it has shut down.
        assert await asyncio.wait_for(process.wait(), 30) in (0, -signal.SIGTERM)
        changes, _ = await changes_after(client, None)
    positions = receiver.positions
    assert list(dict.fromkeys(positions)) == [each["position"] for each in changes[len(first) :]]
    assert len(positions) > len(set(positions)), "what was not written down came again"
    texts = defaultdict(set)
    for each in receiver.received:
        texts[each.id].add(each.body)
    assert len(texts) == len(set(positions)) + 1
    assert all(len(each) == 1 for id, each in texts.items() if "ping" not in id)
