"""A primary falls silent without closing anything, and its standby is promoted."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Templates, settings_for
from tests.databases import only_postgresql
from tests.factories import body_of, goal_id
from tests.faults.conftest import DurableCluster
from tests.faults.service import Service
from tests.faults.standby import copy_of
from tests.problems import problem_of

logger = logging.getLogger(__name__)

pytestmark = [pytest.mark.thorough, only_postgresql]

SECONDS_TO_SERVE = 10.0
SECONDS_TO_BE_TOLD = 8.0
"""Three until the server is suspected, two until it is known to be silent; the rest is for a machine that has other work."""
SECONDS_TO_BE_READY = 2.5


async def first_success(client: httpx.AsyncClient, method: str, path: str, **body: Any) -> float:
    """Ask until it is done; everything else must be 503, and told in time. Returns the seconds that it took."""
    started = time.monotonic()
    while True:
        asked = time.monotonic()
        answer = await client.request(method, path, **body)
        if answer.is_success:
            return time.monotonic() - started
        problem_of(answer, 503, "unavailable")
        assert time.monotonic() - asked < SECONDS_TO_BE_TOLD
        await asyncio.sleep(0.05)


async def slowest_probe(client: httpx.AsyncClient, ended: asyncio.Event) -> float:
    """Ask whether the register is ready until something has ended; returns the seconds that the slowest answer took."""
    slowest = 0.0
    while not ended.is_set():
        asked = time.monotonic()
        assert (await client.get("/readyz")).status_code in {200, 503}
        slowest = max(slowest, time.monotonic() - asked)
        await asyncio.sleep(0.2)
    return slowest


async def test_the_promoted_standby_serves(templates: Templates, tmp_path: Path) -> None:
    cluster = templates.cluster
    assert isinstance(cluster, DurableCluster)
    with copy_of(cluster) as primary:
        standby = primary.copied("standby")
        url = f"postgresql://postgres@{primary.host},{standby.host}/seeded?target_session_attrs=read-write"
        async with Service(settings_for(url), templates.keys["admin"], tmp_path) as service, service.client() as client:
            written = (await client.post("/v1/consultation-events", json=body_of("consultation-events"))).json()
            await asyncio.gather(*(client.get(f"/v1/goals/{goal_id(1)}") for _ in range(20)))
            ended = asyncio.Event()
            probing = asyncio.create_task(slowest_probe(client, ended))
            await standby.until_it_has_followed(primary, "seeded")
            primary.freeze()
            await asyncio.to_thread(standby.control, "promote")
            took = await asyncio.gather(
                first_success(client, "GET", f"/v1/goals/{goal_id(1)}"),
                first_success(client, "GET", "/v1/sub-measures?include_total=true"),
                first_success(client, "POST", "/v1/consultation-events", json=body_of("consultation-events")),
            )
            ended.set()
            assert await probing < SECONDS_TO_BE_READY
            logger.info("served %.1f, %.1f and %.1f seconds after the promotion", *took)
            assert max(took) < SECONDS_TO_SERVE
            assert (await client.get(f"/v1/consultation-events/{written['id']}")).json() == written
        assert "Traceback" not in service.log()
        assert "exc_info" not in service.log()
