"""Several processes that serve together, some of which are killed."""

import asyncio
import json
import random
from pathlib import Path

import httpx
import psutil
import pytest

from app.settings import Settings
from tests.conftest import Templates
from tests.databases import any_database
from tests.factories import goal_id
from tests.faults.service import Service

pytestmark = pytest.mark.thorough

WORKERS = 2
WRITERS = 4
WRITES = 12
STARTED_AGAIN = "a worker ended and is started again"


def workers_of(service: Service) -> list[psutil.Process]:
    """The processes that serve."""
    assert service.process is not None
    return psutil.Process(service.process.pid).children()


async def write(client: httpx.AsyncClient, number: int, acknowledged: dict[int, str]) -> None:
    """Change one goal again and again; what was not answered, or answered with 503, is tried again."""
    path = f"/v1/goals/{goal_id(number)}"
    for turn in range(WRITES):
        title = f"{number}-{turn}"
        while acknowledged.get(number) != title:
            try:
                answer = await client.patch(path, json={"title": title}, headers={"If-Match": "*"})
            except httpx.TransportError:
                continue
            if answer.status_code == httpx.codes.OK:
                acknowledged[number] = title
            else:
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text


async def kill(service: Service, acknowledged: dict[int, str]) -> None:
    """Kill a worker twice, while others write."""
    for turn in range(2):
        while len(acknowledged) < WRITERS:  # noqa: ASYNC110 (writes send no event)
            await asyncio.sleep(0.01)
        random.Random(turn).choice(workers_of(service)).kill()  # noqa: S311 (no secret)
        while service.log().count(STARTED_AGAIN) == turn:  # noqa: ASYNC110 (the same)
            await asyncio.sleep(0.05)


async def test_a_worker_that_is_killed_loses_nothing(settings: Settings, templates: Templates, tmp_path: Path) -> None:
    acknowledged: dict[int, str] = {}
    async with Service(settings, templates.keys["keeper"], tmp_path, "--workers", str(WORKERS)) as service:
        async with service.client() as client:
            writing = [write(client, number, acknowledged) for number in range(1, WRITERS + 1)]
            await asyncio.gather(*writing, kill(service, acknowledged))
            for number, title in acknowledged.items():
                assert (await client.get(f"/v1/goals/{goal_id(number)}")).json()["title"] == title
            await check_that_imports_are_told_of(client)
        there = workers_of(service)
        await service.stop()
        assert not psutil.wait_procs(there, 5)[1], "nobody is left behind"
        log = service.log()
    assert log.count(STARTED_AGAIN) == 2
    assert "Traceback" not in log


async def check_that_imports_are_told_of(client: httpx.AsyncClient) -> None:
    """Whichever process is asked: on SQLite one knows what is imported; what is too large is refused by it, too."""
    rows = [
        {
            "external_ids": [{"system": "s", "id": str(number)}],
            "slug": f"partner-{number}",
            "name": str(number),
            "kind": "other",
        }
        for number in range(1_200)
    ]
    sent = "".join(f"{json.dumps(row)}\n" for row in rows)
    headers = {"Content-Type": "application/jsonl"}
    begun = await client.post("/v1/imports", params={"resource": "partners"}, content=sent, headers=headers)
    assert begun.status_code == httpx.codes.ACCEPTED, begun.text
    told = await client.get(begun.headers["location"])
    while told.json()["state"] == "running":
        told = await client.get(begun.headers["location"])
    assert told.json()["state"] == "done", told.text[:500]
    refused = await client.post("/v1/goals", json={"title": "x" * 2_000_000})
    assert (refused.status_code, refused.json()["type"]) == (413, "/problems/payload-too-large")
    assert len(refused.headers.get_list("x-request-id")) == len(refused.headers.get_list("date")) == 1


@any_database
async def test_workers_end_with_the_first_process(settings: Settings, templates: Templates, tmp_path: Path) -> None:
    async with Service(settings, templates.keys["keeper"], tmp_path, "--workers", str(WORKERS)) as service:
        there = workers_of(service)
        await service.kill()
        assert not psutil.wait_procs(there, 15)[1]
