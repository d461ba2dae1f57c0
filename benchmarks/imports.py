"""An import beside a writer: `python -m benchmarks.imports [LINES]`, on SQLite and on PostgreSQL.

Printed are the time until all lines are written, the server's CPU meanwhile, by how much the server's memory grew at
most, and how long a caller waited at most that writes all the time meanwhile, with what it was answered.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import httpx
import psutil

from app import migrating
from app.access.roles import Role
from app.cli.seed import load_content, read_agreement
from app.settings import Settings
from benchmarks.changes import CITY, key_for
from benchmarks.databases import both_databases
from benchmarks.servers import REGISTER, server

PORT = 8477
LINES = 100_000
PATIENCE = 120.0
MIB = 2**20


async def prepare(settings: Settings) -> str:
    """Migrate and load the agreement; returns a coordinator's key."""
    await migrating.upgrade(settings)
    await load_content(settings, read_agreement(None))
    return await key_for(settings, Role.coordinator)


def lines(count: int) -> Iterator[bytes]:
    """Needs that the city raises."""
    for number in range(count):
        ids = [{"system": "benchmark", "id": str(number)}]
        line = {
            "external_ids": ids,
            "title": f"Bedarf {number}",
            "raised_by_id": str(CITY),
            "description": "Text. " * 20,
        }
        yield json.dumps(line).encode() + b"\n"


async def sent(count: int) -> AsyncIterator[bytes]:
    """The file, a part at a time."""
    for line in lines(count):
        yield line


async def write_on(client: httpx.AsyncClient, ended: asyncio.Event) -> tuple[float, Counter[int]]:
    """The longest wait of a caller that writes until the end, and what it was answered."""
    longest, answers = 0.0, Counter[int]()
    while not ended.is_set():
        before = time.perf_counter()
        answer = await client.post("/v1/needs", json={"title": "Nebenher", "raised_by_id": str(CITY)})
        longest = max(longest, time.perf_counter() - before)
        answers[answer.status_code] += 1
        await asyncio.sleep(0.1)
    return longest, answers


async def measure(key: str, process: psutil.Process, count: int) -> str:
    """The figures of one database."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=PATIENCE) as client:
        await client.get("/v1/goals")
        before, peak, ended = process.memory_info().rss, 0, asyncio.Event()
        spent = sum(process.cpu_times()[:2])
        writing = asyncio.create_task(write_on(client, ended))
        begun = time.perf_counter()
        params = {"resource": "needs"}
        answer = await client.post(
            "/v1/imports", params=params, content=sent(count), headers={"Content-Type": "application/jsonl"}
        )
        result = answer.raise_for_status().json()
        while result["state"] == "running":
            await asyncio.sleep(0.2)
            peak = max(peak, process.memory_info().rss)
            result = (await client.get(f"/v1/imports/{result['id']}")).json()
        seconds, spent = time.perf_counter() - begun, sum(process.cpu_times()[:2]) - spent
        ended.set()
        longest, answers = await writing
    told = ", ".join(f"{number} of {status}" for status, number in sorted(answers.items()))
    return (
        f"{result['created']} of {count} | {result['state']} | {seconds:.1f} s | {spent:.1f} s | +{(peak - before) / MIB:.0f} MiB | "
        f"{longest:.2f} s ({told})"
    )


def main() -> None:
    """Measure both databases."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    # One key writes more than it may in a day otherwise.
    os.environ["REGISTER_WRITE_QUOTA"] = "1000000"
    print(
        "| database | created | state | time | CPU | memory | longest wait of a writer |\n|---|---|---|---|---|---|---|"
    )
    with both_databases() as databases:
        for engine, url, _ in databases:
            key = asyncio.run(prepare(Settings(_env_file=None, database_url=url)))
            with server(REGISTER, PORT, url) as process:
                print(f"| {engine} | {asyncio.run(measure(key, process, count))} |", flush=True)


if __name__ == "__main__":
    main()
