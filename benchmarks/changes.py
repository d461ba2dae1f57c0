"""Writing to the change log and following it, on both databases: `python -m benchmarks.changes`."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import NamedTuple
from uuid import uuid4

import psutil

from app import migrating
from app.access.caller import COMMAND
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
from benchmarks.databases import both_databases
from benchmarks.servers import REGISTER, server

PORT = 8473
CHANGES = 100_000
BATCH = 1_000
PAGE = 500
WRITERS = 8
SECONDS = 5
CITY = named_id("partners", "landeshauptstadt-dresden")
EVENT = {"title": "Gespräch", "format": "talk", "level": "operational", "starts_at": "2025-03-12T09:00:00Z"}
HEAD = "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"


class Writes(NamedTuple):
    """What was written: writes a second, and the 99th percentile of the time that one took in milliseconds."""

    per_second: float
    p99: float


async def prepare(settings: Settings) -> str:
    """Load the agreement, then make the log as long as that of some years; returns an admin's key."""
    await migrating.upgrade(settings)
    await load_content(settings, read_agreement(None))
    database = Runtime.of(settings).database
    data = json.dumps({**EVENT, "description": "Austausch über den Stand der Teilmaßnahmen. " * 20}, ensure_ascii=False)
    try:
        async with transaction(database, COMMAND, settings.zone) as session:
            key = (await keys.make(session, CITY, Role.admin)).key
        for _ in range(0, CHANGES, BATCH):
            async with transaction(database, COMMAND, UTC) as session:
                written = [
                    Written(Action.created, "goal", new_id(), 1, Visibility.public, None, ["title"], data)
                    for _ in range(BATCH)
                ]
                await record(session, written)
    finally:
        await database.close()
    return key


async def key_for(settings: Settings, role: Role) -> str:
    """A key of the city."""
    database = Runtime.of(settings).database
    try:
        async with transaction(database, COMMAND, settings.zone) as session:
            return (await keys.make(session, CITY, role)).key
    finally:
        await database.close()


class Connection(NamedTuple):
    """A connection that is kept open, and whose it is."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    key: str

    async def ask(self, method: str, path: str, body: bytes = b"", more: str = "") -> bytes:
        """The body of an answer, which must be a success."""
        head = HEAD.format(method=method, path=path, key=self.key) + more
        self.writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", answer, re.IGNORECASE)
        content = await self.reader.readexactly(int(length[1]) if length else 0)
        if not answer.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(answer + content)
        return content


@asynccontextmanager
async def connected(key: str) -> AsyncIterator[Connection]:
    """A connection to the server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT, limit=2**24)
    try:
        yield Connection(reader, writer, key)
    finally:
        writer.close()
        await writer.wait_closed()


async def write(key: str, writers: int) -> Writes:
    """Create events from several connections at once for some seconds."""
    until = time.perf_counter() + SECONDS
    took: list[float] = []
    body = json.dumps(EVENT).encode()

    async def keep_writing() -> None:
        async with connected(key) as connection:
            while (started := time.perf_counter()) < until:
                more = f"Content-Type: application/json\r\nIdempotency-Key: {uuid4()}\r\n"
                await connection.ask("POST", "/v1/consultation-events", body, more)
                took.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(keep_writing() for _ in range(writers)))
    took.sort()
    return Writes(len(took) / SECONDS, took[len(took) * 99 // 100])


async def follow(key: str, cursor: str) -> None:
    """Read the stream for as long as it goes on."""
    async with connected(key) as connection:
        connection.writer.write(
            (HEAD.format(method="GET", path=f"/v1/changes/stream?cursor={cursor}", key=key) + "\r\n").encode()
        )
        while await connection.reader.read(2**16):
            pass


async def read_all(key: str, process: psutil.Process) -> tuple[float, float, float, str]:
    """Read the whole feed: the seconds, the server's memory before and at most (MB), and the cursor at the end."""
    before = most = process.memory_info().rss
    started, read = time.perf_counter(), 0
    path = f"/v1/changes?limit={PAGE}"
    async with connected(key) as connection:
        while True:
            page = await connection.ask("GET", path)
            read += page.count(b'"position":')
            most = max(most, process.memory_info().rss)
            end = page[-300:].decode(errors="replace")
            cursor = end.partition('"next_cursor":"')[2].partition('"')[0]
            path = f"/v1/changes?limit={PAGE}&cursor={cursor}"
            if '"more":false' in end:
                if read < CHANGES:
                    raise RuntimeError(f"only {read} changes were read")
                return time.perf_counter() - started, before / 2**20, most / 2**20, cursor


async def measure(engine: str, key: str, process: psutil.Process) -> None:
    """Print the figures of one database."""
    await write(key, 1)
    seconds, before, most, cursor = await read_all(key, process)
    print(
        f"| {engine} | read {CHANGES:,} changes, {PAGE} a page | {seconds:.1f} s, {before:.0f} to {most:.0f} MB |",
        flush=True,
    )
    for writers in (1, WRITERS):
        alone = await write(key, writers)
        following = asyncio.create_task(follow(key, cursor))
        beside = await write(key, writers)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        for what, figure in (("alone", alone), ("while a reader follows the stream", beside)):
            print(
                f"| {engine} | {writers} writing {what} | {figure.per_second:.0f}/s, p99 {figure.p99:.1f} ms |",
                flush=True,
            )


def main() -> None:
    """Measure both databases."""
    print("| database | what | figure |\n|---|---|---|")
    with both_databases() as databases:
        for engine, url, _ in databases:
            key = asyncio.run(prepare(Settings(_env_file=None, database_url=url)))
            with server(REGISTER, PORT, url) as process:
                asyncio.run(measure(engine, key, process))


if __name__ == "__main__":
    main()
