"""kill -9 of the real process while it imports."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import pytest

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.factories import goal_id
from tests.faults.service import Service

pytestmark = pytest.mark.thorough

LINES = 1_200
ATTEMPTS = 600
JSONL = {"Content-Type": "application/jsonl"}


async def test_leaves_nothing_and_says_that_it_failed(service: Service, settings: Settings) -> None:
    lines = [
        {"external_ids": [{"system": "crm", "id": str(number)}], "goal_id": goal_id(1), "title": f"Nr. {number}"}
        for number in range(LINES)
    ]
    content = "".join(json.dumps(line) + "\n" for line in lines)
    async with service.client() as client:
        answer = await client.post("/v1/imports", params={"resource": "sub-measures"}, content=content, headers=JSONL)
        assert answer.status_code == 202
        there = answer.headers["location"]
        for _ in range(ATTEMPTS):
            if (await client.get(there)).json()["lines_read"]:
                break
            await asyncio.sleep(0.05)
    await service.kill()
    if settings.database_file is None:
        # Another process could still be at it: it is given up when nothing was heard of it for a minute.
        await put_back(settings, timedelta(minutes=2))
    await service.start()
    async with service.client() as client:
        ended = (await client.get(there)).json()
        assert (ended["state"], [each["code"] for each in ended["errors"]]) == ("failed", ["given_up"])
        assert (await client.get("/v1/sub-measures", params={"q": "Nr."})).json()["items"] == []
        again = await client.post(
            "/v1/imports", params={"resource": "sub-measures"}, content=content.partition("\n")[0], headers=JSONL
        )
        assert (again.status_code, again.json()["created"]) == (200, 1)
    assert (await verify_and_note(settings)).faults == []


async def put_back(settings: Settings, time: timedelta) -> None:
    """Let it be longer ago that something was heard of imports."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        await connection.execute("UPDATE import SET seen_at = seen_at - $1::interval", time)
    finally:
        await connection.close()
