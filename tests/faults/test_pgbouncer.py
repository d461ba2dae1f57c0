"""The register behind PgBouncer, in both of the modes that it is used in."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.cli.migrate import migrate_and_render
from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import only_postgresql
from tests.factories import body_of, goal_id, items_of, make, patch
from tests.faults.conftest import DurableCluster
from tests.poolers import MODES, PGBOUNCER, pooler

POOL_SIZE = 4
CLIENTS = 12
LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "jit": "off",
}

pytestmark = [
    only_postgresql,
    pytest.mark.thorough,
    pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed"),
]


@pytest.fixture(params=MODES)
async def pooled(request: pytest.FixtureRequest, settings: Settings, templates: Templates) -> AsyncIterator[Settings]:
    """Settings for a database behind a pooler."""
    with behind(templates, settings, request.param) as url:
        yield settings.model_copy(update={"database_url": url, "database_pooling": request.param})


@contextmanager
def behind(templates: Templates, settings: Settings, mode: str) -> Iterator[str]:
    """The URL of a database behind a pooler."""
    assert isinstance(templates.cluster, DurableCluster)
    cluster, size = templates.cluster, POOL_SIZE if mode == "transaction" else 3 * CLIENTS
    with pooler(cluster.url, cluster.system_user, mode, size) as port:
        yield f"postgresql://postgres@127.0.0.1:{port}/{settings.database.database}"


async def work(client: httpx.AsyncClient, number: int) -> None:
    """What a system of a partner does: it writes, repeats, reads back, filters and follows."""
    path, key = "/v1/consultation-events", {"Idempotency-Key": f"pooled-{number}"}
    body = body_of("consultation-events", title=f"Fachtag {number}")
    made = await client.post(path, json=body, headers=key)
    assert made.status_code == 201, made.text
    assert (await client.post(path, json=body, headers=key)).headers["idempotent-replayed"] == "true"
    changed = await patch(client, path.removeprefix("/v1/"), made.json(), title=f"Fachtag {number} neu")
    assert changed.status_code == 200
    assert (await patch(client, path.removeprefix("/v1/"), made.json(), title="Zu spät")).status_code == 412
    assert (await client.get(f"{path}/{made.json()['id']}")).json() == changed.json()
    found = (await client.get(path, params={"q": f"Fachtag {number} neu", "include_total": "true"})).json()
    assert made.json()["id"] in {item["id"] for item in found["items"]}
    for read in ("/v1/changes?limit=5", "/v1/reports/progress", "/v1/exports/goals.jsonl", "/"):
        assert (await client.get(read)).status_code == 200


async def shown(app: Any, name: str) -> tuple[str, str]:
    """How long a write and a read may wait for something."""
    async with app.state.runtime.database.transaction() as session:
        writing = (await session.execute(text(f"SHOW {name}"))).scalar_one()
    question = text(f"SHOW {name}")
    return writing, await app.state.runtime.database.read(lambda asked: asked.execute(question).scalar_one())


async def test_the_register_works_behind_it(pooled: Settings, templates: Templates) -> None:
    assert await migrate_and_render(pooled) == 0
    async with running(pooled) as app, client_of(app, templates.keys["operator"]) as client:
        await make(client, "partners")
        await asyncio.gather(*(work(client, number) for number in range(CLIENTS)))
        assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
        assert len(await items_of(client, "consultation-events")) == CLIENTS
        assert {name: await shown(app, name) for name in LIMITS} == {
            name: (value, value) for name, value in LIMITS.items()
        }
    assert (await verify_and_note(pooled)).faults == []


async def test_a_pooler_that_lends_transactions_unknown_to_the_register_is_named(
    settings: Settings, templates: Templates, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is carried out in place of something else, though two processes would name their statements alike."""
    with behind(templates, settings, "transaction") as url:
        mistaken = settings.model_copy(update={"database_url": url})
        async with running(mistaken) as app, client_of(app, templates.keys["admin"]) as client:
            answers = await asyncio.gather(
                *(client.post("/v1/consultation-events", json=body_of("consultation-events")) for _ in range(CLIENTS)),
                *(client.get(f"/v1/goals/{goal_id(1)}") for _ in range(CLIENTS)),
            )
    assert {answer.status_code for answer in answers} <= {200, 201, 503}
    assert "set REGISTER_DATABASE_POOLING=transaction" in caplog.text
    assert (await verify_and_note(settings)).faults == []
