"""Writes of the register, on both databases: `python -m benchmarks.writes`, the second table of `make bench`.

SQLite has one server process, PostgreSQL two. The milliseconds of CPU are those of the servers, the database's own not
included where it is another process; what the load costs stays out of them, but takes its share of the machine.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any, NamedTuple

import psutil

from app import migrating
from app.access.roles import Role
from app.cli.seed import load_content, read_agreement
from app.resources.ids import named_id
from app.settings import Settings
from benchmarks.changes import CITY, key_for
from benchmarks.content import AGREEMENT
from benchmarks.databases import both_databases
from benchmarks.load import CONNECTIONS
from benchmarks.servers import REGISTER, server

FIRST_PORT = 8481
PROCESSES = {"SQLite": 1, "PostgreSQL": 2}
SECONDS = 5
PATH = "/v1/consultation-events"
EVENT = {
    "agreement_id": str(AGREEMENT),
    "title": "Gespräch",
    "format": "talk",
    "level": "operational",
    "starts_at": "2025-03-12T09:00:00Z",
    "organiser_id": str(CITY),
    "description": "Austausch über den Stand der Teilmaßnahmen. " * 5,
}
PARTNERS = ("caritas-dresden", "diakonie-dresden", "awo-dresden", "drk-dresden", "liga-dresden")


class Sent(NamedTuple):
    """A request: how it is made, where to, with what, and the status that it is answered with."""

    method: str
    path: str
    content: dict[str, Any]
    status: int
    headers: dict[str, str]


Request = Callable[[int, str], Sent]
"""Makes the request with a number, over a connection that has an event of its own."""


def plain(_number: int, _event: str) -> Sent:
    """A new event without lists."""
    return Sent("POST", PATH, EVENT, 201, {})


def rich(number: int, _event: str) -> Sent:
    """A new event with a goal and five participants, by a request that can be repeated."""
    participants = [{"partner_id": str(named_id("partners", name)), "attendance": "invited"} for name in PARTNERS]
    content = {**EVENT, "goal_ids": [str(named_id("goals", "dresden-liga-2024", 1))], "participants": participants}
    return Sent("POST", PATH, content, 201, {"Idempotency-Key": f"{os.getpid()}-{number}"})


def changed(number: int, event: str) -> Sent:
    """A new title."""
    return Sent("PATCH", f"{PATH}/{event}", {"title": f"Gespräch {number}"}, 200, {"If-Match": "*"})


WRITES = {"POST": plain, "POST with a goal, 5 participants and a key": rich, "PATCH": changed}


class Connection:
    """One connection of a client, kept open."""

    def __init__(self, port: int, key: str) -> None:
        self.port, self.key, self.event = port, key, ""

    async def open(self) -> None:
        """Connect, and make the event that this connection changes."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.event = (await self.send(plain(0, "")))["id"]

    async def send(self, wanted: Sent) -> Any:
        """What a request is answered; raises RuntimeError for another status than its own."""
        body = json.dumps(wanted.content).encode()
        headers = {
            "Host": "127.0.0.1",
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/merge-patch+json" if wanted.method == "PATCH" else "application/json",
            "Content-Length": str(len(body)),
            **wanted.headers,
        }
        lines = [f"{wanted.method} {wanted.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        answer = await self.reader.readexactly(length)
        if not head.startswith(f"http/1.1 {wanted.status} "):
            raise RuntimeError(head + answer.decode())
        return json.loads(answer)


async def load(connections: list[Connection], request: Request, numbers: Iterator[int], seconds: int) -> int:
    """Keep connections busy for some seconds; returns how many requests were answered."""
    until, answered = time.perf_counter() + seconds, 0

    async def keep_busy(connection: Connection) -> None:
        nonlocal answered
        while time.perf_counter() < until:
            await connection.send(request(next(numbers), connection.event))
            answered += 1

    await asyncio.gather(*map(keep_busy, connections))
    return answered


def spent(processes: list[psutil.Process]) -> float:
    """The seconds of CPU that processes took so far."""
    return sum(sum(each.cpu_times()[:2]) for each in processes)


async def measure(engine: str, key: str, processes: list[psutil.Process]) -> None:
    """Print a line for each kind of write."""
    connections = [Connection(FIRST_PORT + number % len(processes), key) for number in range(CONNECTIONS)]
    for connection in connections:
        await connection.open()
    numbers = count(1)
    for name, request in WRITES.items():
        await load(connections, request, numbers, 1)
        before, begun = spent(processes), time.perf_counter()
        answered = await load(connections, request, numbers, SECONDS)
        seconds, cpu = time.perf_counter() - begun, spent(processes) - before
        print(f"| {engine} | {name} | {answered / seconds:.0f} | {cpu * 1000 / answered:.2f} |", flush=True)


async def prepare(settings: Settings) -> str:
    """Load the agreement; returns a key of its coordinator."""
    await migrating.upgrade(settings)
    await load_content(settings, read_agreement(None))
    return await key_for(settings, Role.coordinator)


def main() -> None:
    """Measure both databases."""
    os.environ["REGISTER_WRITE_QUOTA"] = "1000000"
    print("| database | write | requests/s | CPU ms |\n|---|---|---|---|")
    with both_databases() as databases:
        for engine, url, _ in databases:
            key = asyncio.run(prepare(Settings(_env_file=None, database_url=url)))
            with ExitStack() as running:
                ports = range(FIRST_PORT, FIRST_PORT + PROCESSES[engine])
                processes = [running.enter_context(server(REGISTER, port, url)) for port in ports]
                asyncio.run(measure(engine, key, processes))


if __name__ == "__main__":
    main()
