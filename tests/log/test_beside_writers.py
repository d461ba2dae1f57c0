"""Verifying beside writers: no false alarm, and nobody is refused."""

import asyncio
import time

import httpx
from fastapi import FastAPI

from app.cli.verify import verify_all
from app.settings import Settings
from tests.conftest import Templates, client_of
from tests.databases import IS_SOAK
from tests.factories import body_of

WRITERS = 8
SECONDS = 60 if IS_SOAK else 0.5


async def test_verify_sees_one_state_and_stops_nobody(app: FastAPI, settings: Settings, templates: Templates) -> None:
    until = time.monotonic() + SECONDS
    written = 0

    async def keep_writing(client: httpx.AsyncClient) -> None:
        """Create, change and delete goals."""
        nonlocal written
        while time.monotonic() < until:
            made = await client.post("/v1/goals", json=body_of("goals"))
            assert made.status_code == 201, made.text
            address, match = made.headers["location"], {"If-Match": "*"}
            changed = await client.patch(address, json={"title": "Anders"}, headers=match)
            assert changed.status_code == 200, changed.text
            assert (await client.delete(address, headers=match)).status_code == 204
            written += 3

    async with client_of(app, templates.keys["operator"]) as client:
        writing = asyncio.gather(*(keep_writing(client) for _ in range(WRITERS)))
        runs = 0
        while not writing.done():
            assert (await verify_all(settings))[1] == []
            runs += 1
        await writing
    assert runs
    assert written
    assert (await verify_all(settings))[1] == []
