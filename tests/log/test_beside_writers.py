"""Verifying and auditing beside writers: no false alarm, and nobody is refused."""

import asyncio
import time
from pathlib import Path

import httpx
from fastapi import FastAPI

from app.audit.following import audit
from app.audit.state import State
from app.catalogue import FEATURES
from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.conftest import Templates, client_of
from tests.databases import IS_SOAK
from tests.factories import body_of

WRITERS = 8
SECONDS = 60 if IS_SOAK else 0.5


KINDS = tuple(feature.kind.path for feature in FEATURES)


async def test_checks_see_one_state_and_stop_nobody(
    app: FastAPI, settings: Settings, templates: Templates, tmp_path: Path
) -> None:
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
        runs = [0, 0]

        async def keep_verifying() -> None:
            """Replay the log."""
            while not writing.done():
                assert (await verify_and_note(settings)).faults == []
                runs[0] += 1

        async def keep_auditing() -> None:
            """Follow the log as a partner, and compare what it says with what is served."""
            while not writing.done():
                assert (await audit(client, State(tmp_path), KINDS)).faults == []
                runs[1] += 1

        await asyncio.gather(writing, keep_verifying(), keep_auditing())
        assert (await audit(client, State(tmp_path), KINDS)).faults == []
    assert min(runs)
    assert written
    assert (await verify_and_note(settings)).faults == []
