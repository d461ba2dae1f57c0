"""Deliveries to webhook endpoints on loopback, on both databases: `python -m benchmarks.deliveries`.

How many in a second where many changes wait, what CPU of the worker each takes, and how long one takes from the answer
to its write until it arrives.
"""

import asyncio
import json
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import psutil
from pydantic import SecretStr

from app import migrating
from app.access.caller import COMMAND, Caller
from app.access.roles import Role
from app.access.visibility import Visibility
from app.changes.log import record, transaction
from app.changes.models import Action
from app.changes.written import Written
from app.cli.seed import load_content, read_agreement
from app.keys import service as keys
from app.resources.ids import named_id, new_id
from app.runtime import Runtime
from app.settings import Settings
from app.webhooks.models import WebhookEndpointCreate
from app.webhooks.service import make
from benchmarks.databases import both_databases
from benchmarks.servers import REGISTER, server

PORT = 8475
LOOPBACK = "127.0.0.0/8"
WAITING = 200
"""How many changes wait for each endpoint when the worker begins."""
ENDPOINTS = 10
WRITES, PAUSE_SECONDS = 50, 0.2
SECONDS = 300
PARTNERS = [named_id("partners", slug) for slug in ("landeshauptstadt-dresden", "liga-dresden")]
EVENT = {"title": "Gespräch", "format": "talk", "level": "operational", "starts_at": "2025-03-12T09:00:00Z"}
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"

Received = dict[str, list[float]]
"""When each change arrived at each endpoint, by the id of its resource."""


@asynccontextmanager
async def receiving(received: Received) -> AsyncIterator[str]:
    """The address of a receiver that takes everything at once."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).lower():
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                data = json.loads(await reader.readexactly(length))["data"]
                received[data.get("resource_id", "ping")].append(time.time())
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    listening = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    finally:
        listening.close()


async def prepare(settings: Settings, url: str) -> str:
    """Load the agreement, make the endpoints and what waits for them; returns an admin's key."""
    await migrating.upgrade(settings)
    await load_content(settings, read_agreement(None))
    runtime = Runtime.of(settings)
    data = json.dumps({**EVENT, "description": "Austausch über den Stand der Teilmaßnahmen. " * 20}, ensure_ascii=False)
    try:
        async with transaction(runtime.database, COMMAND, settings.zone) as session:
            made = [await keys.make(session, partner, Role.admin) for partner in PARTNERS]
        for number in range(ENDPOINTS):
            caller = Caller(role=Role.admin, partner_id=PARTNERS[number % len(PARTNERS)])
            async with transaction(runtime.database, caller, settings.zone) as session:
                await make(session, settings, WebhookEndpointCreate(url=url))
        async with transaction(runtime.database, COMMAND, settings.zone) as session:
            ids = (new_id() for _ in range(WAITING))
            of_goal = (Action.created, "goal")
            await record(session, [Written(*of_goal, id, 1, Visibility.public, None, ["title"], data) for id in ids])
    finally:
        await runtime.close()
    return made[0].key


@contextmanager
def delivering(settings: Settings) -> Iterator[psutil.Process]:
    """What delivers: the register, or on PostgreSQL the worker beside it."""
    os.environ |= {
        "REGISTER_WEBHOOK_ALLOW": LOOPBACK,
        "REGISTER_WEBHOOK_KEY": settings.webhook_key.get_secret_value() if settings.webhook_key else "",
    }
    with server(REGISTER, PORT, settings.database_url) as register:
        if settings.database_file:
            yield register
            return
        environment = {**os.environ, "REGISTER_DATABASE_URL": settings.database_url}
        with subprocess.Popen([*REGISTER[:-1], "deliver"], env=environment, stderr=subprocess.DEVNULL) as worker:  # noqa: S603 (our own worker)
            yield psutil.Process(worker.pid)
            worker.terminate()


async def until(received: Received, count: int) -> None:
    """Wait until so many changes have arrived everywhere."""
    async with asyncio.timeout(SECONDS):
        while sum(len(times) >= ENDPOINTS for id, times in received.items() if id != "ping") < count:  # noqa: ASYNC110 (a benchmark)
            await asyncio.sleep(0.05)


async def write(key: str) -> dict[str, float]:
    """Create events one after the other; when each was answered, by its id."""
    answered: dict[str, float] = {}
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", headers=headers, trust_env=False) as client:
        for _ in range(WRITES):
            answer = await client.post("/v1/consultation-events", json=EVENT)
            answered[answer.json()["id"]] = time.time()
            await asyncio.sleep(PAUSE_SECONDS)
    return answered


async def measure(engine: str, database_url: str) -> None:
    """Print the figures of one database."""
    given: dict[str, Any] = {
        "webhook_key": SecretStr("webhooks of a benchmark are signed so"),
        "webhook_allow": LOOPBACK,
    }
    settings = Settings(_env_file=None, database_url=database_url, **given)
    received: Received = defaultdict(list)
    async with receiving(received) as url:
        key = await prepare(settings, url)
        with delivering(settings) as worker:
            await until(received, 1)
            before = worker.cpu_times()
            await until(received, WAITING)
            after = worker.cpu_times()
            spent = after.user + after.system - before.user - before.system
            times = sorted(time for id, times in received.items() if id != "ping" for time in times)
            rate, cpu = len(times) / (times[-1] - times[0]), spent * 1000 / len(times)
            print(
                f"| {engine} | {WAITING} changes wait for {ENDPOINTS} endpoints | {rate:.0f} deliveries/s, {cpu:.1f} ms CPU each |",
                flush=True,
            )
            answered = await write(key)
            await until(received, WAITING + WRITES)
    lags = sorted((at - answered[id]) * 1000 for id in answered for at in received[id])
    p50, p99 = lags[len(lags) // 2], lags[len(lags) * 99 // 100]
    what = f"a change every {PAUSE_SECONDS * 1000:.0f} ms to {ENDPOINTS} endpoints"
    print(f"| {engine} | {what} | lag p50 {p50:.0f} ms, p99 {p99:.0f} ms |", flush=True)


def main() -> None:
    """Measure both databases."""
    print("| database | what | figure |\n|---|---|---|")
    with both_databases() as databases:
        for engine, url, _ in databases:
            asyncio.run(measure(engine, url))


if __name__ == "__main__":
    main()
