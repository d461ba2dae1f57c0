"""What one client can do to the others: `python -m benchmarks.attacks` (`make attacks`).

Each attack runs for some seconds against a fresh server, on SQLite and on PostgreSQL, while a well-behaved caller reads,
writes and follows; printed is how long that caller waits and what it is refused. Everything stays on this machine.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import psutil

from app.access.roles import Role
from app.settings import Settings
from benchmarks import content
from benchmarks.changes import key_for
from benchmarks.databases import both_databases
from benchmarks.servers import REGISTER, server

PORT = 8475
SECONDS = 20
WARM_UP = 4.0
PATIENCE = 30.0
AIM_MILLISECONDS = 250
EVENTS = 30_000
MIB = 2**20
JSON = {"Content-Type": "application/json"}
EVENT: Mapping[str, Any] = {
    "title": "Gespräch",
    "format": "talk",
    "level": "operational",
    "starts_at": "2025-03-12T09:00:00Z",
}


class Answer(NamedTuple):
    """The status of an answer, and its headers and its body as they came."""

    status: int
    head: bytes
    body: bytes


@dataclass
class Caller:
    """A well-behaved caller: how long each of its requests took, in milliseconds, and what it was refused."""

    took: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)

    def quantile(self, part: float) -> float:
        """The time within which this part of its requests was answered."""
        ordered = sorted(self.took) or [float("nan")]
        return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


class Connection:
    """A connection that is kept open and opened again when the server closes it."""

    def __init__(self, key: str | None = None) -> None:
        self.key = key
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Send one request and read its answer."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", PORT, limit=2**26)
        reader, writer = self.streams
        named = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **(headers or {})}
        if self.key:
            named["Authorization"] = f"Bearer {self.key}"
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        try:
            async with asyncio.timeout(PATIENCE):
                writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
                await writer.drain()
                return await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            raise

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """An answer, whole."""
    head = await reader.readuntil(b"\r\n\r\n")
    names = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if names.get(b"transfer-encoding") == b"chunked":
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        body = b"".join(parts)
    else:
        body = await reader.readexactly(int(names.get(b"content-length", b"0")))
    return Answer(int(head[9:12]), head, body)


async def behave(caller: Caller, key: str, until: float) -> None:
    """Read, write and follow, one request after the other with a breath between them."""
    connection, cursor = Connection(key), ""
    while time.perf_counter() < until:
        for method, path, body in (
            ("GET", "/v1/goals", b""),
            ("GET", "/v1/consultation-events?limit=10", b""),
            ("POST", "/v1/consultation-events", json.dumps(EVENT).encode()),
            ("GET", f"/v1/changes?limit=5{cursor}", b""),
        ):
            started = time.perf_counter()
            try:
                answer = await connection.ask(method, path, body, JSON if body else None)
            except (OSError, asyncio.IncompleteReadError):
                caller.refused[0] += 1
                continue
            caller.took.append((time.perf_counter() - started) * 1000)
            if answer.status >= httpx.codes.BAD_REQUEST:
                caller.refused[answer.status] += 1
            elif path.startswith("/v1/changes"):
                cursor = f"&cursor={json.loads(answer.body)['next_cursor']}"
            await asyncio.sleep(0.02)
    connection.close()


Attack = Callable[[float, str], Coroutine[Any, Any, None]]


async def repeat(until: float, connections: int, once: Callable[[Connection], Awaitable[object]]) -> None:
    """Do something over some connections until it is time."""

    async def keep_on() -> None:
        connection = Connection()
        while time.perf_counter() < until:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                await asyncio.wait_for(once(connection), max(until - time.perf_counter(), 0.1))
                continue
            connection.close()
            await asyncio.sleep(0.05)
        connection.close()

    with suppress(TimeoutError):
        await asyncio.gather(*(keep_on() for _ in range(connections)))


async def unknown_partners(until: float, _key: str) -> None:
    """A filter with fifty values that match nothing."""
    path = "/v1/consultation-events?" + "&".join(f"partner_id={uuid4()}" for _ in range(50))
    await repeat(until, 4, lambda connection: connection.ask("GET", path))


async def searches(until: float, _key: str) -> None:
    """A search that matches nothing, with a total."""
    await repeat(
        until, 4, lambda connection: connection.ask("GET", "/v1/consultation-events?q=nirgends&include_total=true")
    )


async def long_histories(until: float, key: str) -> None:
    """A resource that is as large as it may be, changed often, and its history read by many."""
    writer = Connection(key)
    event: dict[str, Any] = {**EVENT, "description": "x" * 20_000, "outcome": "y" * 20_000}
    event |= {"agenda_items": [{"title": "Punkt", "description": "z" * 20_000}] * 8}
    made = await writer.ask("POST", "/v1/consultation-events", json.dumps(event).encode(), JSON)
    address = f"/v1/consultation-events/{json.loads(made.body)['id']}"
    for number in range(60):
        change = json.dumps({"title": f"Gespräch {number}"}).encode()
        await writer.ask("PATCH", address, change, {"If-Match": "*", "Content-Type": "application/merge-patch+json"})
    writer.close()
    await repeat(until, 12, lambda connection: connection.ask("GET", f"{address}/history?limit=500"))


async def streams(until: float, _key: str) -> None:
    """Fifty anonymous readers that follow, and twenty that wait."""

    async def follow(connection: Connection) -> None:
        connection.streams = await asyncio.open_connection("127.0.0.1", PORT)
        reader, writer = connection.streams
        writer.write(b"GET /v1/changes/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while await reader.read(2**16):
            pass
        raise OSError

    waiting = "/v1/changes?wait=30&limit=1&type=agreement"
    await asyncio.gather(
        repeat(until, 50, follow), repeat(until, 20, lambda connection: connection.ask("GET", waiting))
    )


async def large_heads(until: float, _key: str) -> None:
    """One header of a hundred megabytes."""

    async def send(connection: Connection) -> None:
        connection.streams = await asyncio.open_connection("127.0.0.1", PORT)
        reader, writer = connection.streams
        writer.write(b"GET /v1/goals HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: ")
        for _ in range(100):
            writer.write(b"a" * MIB)
            await writer.drain()
        writer.write(b"\r\n\r\n")
        await reader.read(2**16)
        raise OSError

    await repeat(until, 2, send)


async def half_heads(until: float, _key: str) -> None:
    """Four hundred heads that are begun and never ended."""

    async def begin(connection: Connection) -> None:
        connection.streams = await asyncio.open_connection("127.0.0.1", PORT)
        reader, writer = connection.streams
        writer.write(b"GET /v1/goals HTTP/1.1\r\nHost: 127")
        await reader.read(2**16)
        raise OSError

    await repeat(until, 400, begin)


async def contracts(until: float, _key: str) -> None:
    """What is large and the same each time: the contract, and the readiness."""
    await repeat(
        until, 4, lambda connection: connection.ask("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"})
    )


async def readiness(until: float, _key: str) -> None:
    """Whether it is ready, asked without end."""
    await repeat(until, 8, lambda connection: connection.ask("GET", "/readyz"))


async def bodies_to_nowhere(until: float, _key: str) -> None:
    """A megabyte of JSON to an unknown address."""
    body = json.dumps(["x" * 8] * 80_000).encode()
    await repeat(until, 4, lambda connection: connection.ask("POST", "/v1/nowhere", body, JSON))


async def many_members(until: float, key: str) -> None:
    """An object of a hundred thousand unknown names."""
    body = json.dumps({f"n{number}": 1 for number in range(80_000)}).encode()
    headers = {**JSON, "Authorization": f"Bearer {key}"}
    await repeat(until, 4, lambda connection: connection.ask("POST", "/v1/needs", body, headers))


async def imports(until: float, key: str) -> None:
    """A file of five thousand events, again and again."""
    connection, headers = Connection(key), {"Content-Type": "application/jsonl"}
    number = 0
    while time.perf_counter() < until:
        events = (
            {**EVENT, "title": f"Gespräch {number}", "external_ids": [{"system": "attack", "id": str(line)}]}
            for line in range(5_000)
        )
        body = "\n".join(json.dumps(event) for event in events).encode()
        with suppress(OSError, asyncio.IncompleteReadError):
            await connection.ask("POST", "/v1/imports?resource=consultation-events", body, headers)
        number += 1
        await asyncio.sleep(0.1)


async def exports(until: float, _key: str) -> None:
    """All events as files, for four at once."""
    path = "/v1/exports/consultation-events"

    async def ask(connection: Connection) -> None:
        for form in ("jsonl", "xlsx"):
            await connection.ask("GET", f"{path}.{form}")

    await repeat(until, 4, ask)


async def nobody(_until: float, _key: str) -> None:
    """Nobody attacks."""


ATTACKS: tuple[Attack, ...] = (
    nobody,
    unknown_partners,
    searches,
    long_histories,
    streams,
    large_heads,
    half_heads,
    contracts,
    readiness,
    bodies_to_nowhere,
    many_members,
    imports,
    exports,
)
ADDRESSES: Mapping[Attack, str] = {imports: "/imports", exports: "/exports/"}
"""What an attack needs that not every version serves."""


async def is_served(address: str) -> bool:
    """Whether the contract has something at an address."""
    connection = Connection()
    contract = json.loads((await connection.ask("GET", "/openapi.json")).body)
    connection.close()
    return any(path.startswith(address) for path in contract["paths"])


def carry_out(name: str, seconds: float, key: str) -> None:
    """Attack, in a process of its own: else the attacker would keep the well-behaved caller waiting, and not the server.

    Attackers have machines of their own; here theirs yields to the server.
    """
    os.nice(10)
    attack = next(each for each in ATTACKS if each.__name__ == name)
    asyncio.run(attack(time.perf_counter() + seconds, key))


def measure(attack: Attack, keys: tuple[str, str], seconds: float) -> Caller:
    """How a well-behaved caller fares while somebody attacks."""
    caller = Caller()
    attacker = get_context("spawn").Process(target=carry_out, args=(attack.__name__, seconds + WARM_UP, keys[1]))
    attacker.start()
    time.sleep(WARM_UP)
    try:
        asyncio.run(behave(caller, keys[0], time.perf_counter() + seconds))
    finally:
        attacker.terminate()
        attacker.join()
    return caller


async def run(engine: str, url: str, seconds: float, wanted: list[str]) -> None:
    """Fill a database with many events, and print a line for each attack on it."""
    settings = Settings(_env_file=None, database_url=url)
    await content.fill(settings, EVENTS)
    keys = (await key_for(settings, Role.coordinator), await key_for(settings, Role.coordinator))
    for attack in ATTACKS:
        if wanted and attack.__name__ not in wanted:
            continue
        with server(REGISTER, PORT, url) as process:
            if attack in ADDRESSES and not await is_served(ADDRESSES[attack]):
                continue
            caller = await asyncio.to_thread(measure, attack, keys, seconds)
            memory = psutil.Process(process.pid).memory_info().rss // MIB
        refused = ", ".join(f"{count} x {status or 'broken'}" for status, count in sorted(caller.refused.items()))
        print(
            f"| {engine} | {attack.__name__.replace('_', ' ')} | {caller.quantile(0.5):.0f} | "
            f"{caller.quantile(0.99):.0f} | {len(caller.took)} | {refused or 'none'} | {memory} MB |",
            flush=True,
        )


def main() -> None:
    """Attack both databases; `seconds=5` and names of attacks as arguments make it shorter."""
    words = sys.argv[1:]
    seconds = next((float(word.partition("=")[2]) for word in words if word.startswith("seconds=")), SECONDS)
    wanted = [word for word in words if "=" not in word]
    print(f"Aim: p99 under {AIM_MILLISECONDS} ms, and no refusal that is another's fault.\n")
    print("| database | attack | p50 ms | p99 ms | answers | refusals | memory |\n|---|---|---|---|---|---|---|")
    with both_databases() as databases:
        for engine, url, _ in databases:
            asyncio.run(run(engine, url, seconds, wanted))


if __name__ == "__main__":
    main()
