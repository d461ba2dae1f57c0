"""The register beside a bare driver and services that one would write instead, on PostgreSQL: the last table of `make bench`.

`python -m benchmarks.peers --smoke` only sees that all of it runs: one round, a second for each kind of request. The
bare driver is `benchmarks.bare`, which only reads. Of the others one is written by hand in Fastify and does for events
all that the register does, the other is django-ninja, which keeps no log; `npm install --prefix
benchmarks/peers/fastify` makes the first, and PEER_PYTHON names a Python that has django-ninja, psycopg and gunicorn
for the second. Who is not installed is left out. All have one process and the same database, and take turns. The
milliseconds of CPU are those of the server's process.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median

import psutil
from sqlalchemy.engine import make_url

from app.access.roles import Role
from app.resources.ids import named_id
from app.settings import Settings
from benchmarks.changes import key_for
from benchmarks.content import fill
from benchmarks.databases import both_databases
from benchmarks.load import load
from benchmarks.servers import REGISTER, server, wait_for
from benchmarks.writes import EVENT, PATH, Connection, Request, Sent
from benchmarks.writes import load as send

HERE = Path(__file__).parent
IS_SMOKE = "--smoke" in sys.argv
EVENTS, ROUNDS, SECONDS, WRITERS = (200, 1, 1, 4) if IS_SMOKE else (5_000, 5, 3, 16)
BARE = "bare driver"
PORTS = {"register": 8491, "fastify": 8492, "django-ninja": 8493, BARE: 8494}
EVENT_ID, PARTNER_ID = named_id("benchmark", EVENTS // 2), named_id("partners", "caritas-dresden")
ONE = f"{PATH}/{EVENT_ID}"
MANY = f"{PATH}?limit=50&partner_id={PARTNER_ID}"
IN_BARE = {ONE: f"/one/{EVENT_ID}", MANY: f"/many?partner_id={PARTNER_ID}"}
PARTNERS = ("caritas-dresden", "diakonie-dresden", "awo-dresden", "drk-dresden", "liga-dresden")
CONTENT = {
    **EVENT,
    "participants": [{"partner_id": str(named_id("partners", name)), "attendance": "invited"} for name in PARTNERS],
}


def created(_number: int, _event: str) -> Sent:
    """A new event with five participants."""
    return Sent("POST", PATH, CONTENT, 201, {})


def changed(number: int, event: str) -> Sent:
    """A new title."""
    return Sent("PATCH", f"{PATH}/{event}", {"title": f"Gespräch {number}"}, 200, {"If-Match": "*"})


WRITES: Mapping[str, Request] = {"POST": created, "PATCH": changed}


@dataclass
class Peer:
    """A server that is measured: requests a second and milliseconds of CPU of each round, by what is asked."""

    name: str
    process: psutil.Process
    key: str
    rounds: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    @property
    def port(self) -> int:
        """Where it listens."""
        return PORTS[self.name]

    @property
    def is_bare(self) -> bool:
        """Whether it only reads, and knows neither keys nor versions."""
        return self.name == BARE

    def spent(self) -> float:
        """The seconds of CPU that it took so far, its children's included."""
        processes = [self.process, *self.process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in processes)

    def note(self, kind: str, answered: int, per_second: float, before: float) -> None:
        """Keep what was measured in a round."""
        self.rounds.setdefault(kind, []).append((per_second, (self.spent() - before) * 1000 / answered))

    def read(self) -> None:
        """One round of reads."""
        key = {"Authorization": f"Bearer {self.key}"}
        for kind, path, headers in (
            ("one event", ONE, {}),
            ("one event, with a key", ONE, key),
            ("one event, unchanged", ONE, {"If-None-Match": '"1"'}),
            ("50 events of a partner", MANY, {}),
        ):
            if self.is_bare and headers:
                continue
            at = IN_BARE[path] if self.is_bare else path
            before = self.spent()
            found = load(f"http://127.0.0.1:{self.port}{at}", SECONDS, headers)
            self.note(kind, found.requests, found.per_second, before)

    async def write(self, numbers: Iterator[int]) -> None:
        """One round of writes."""
        connections = [Connection(self.port, self.key) for _ in range(WRITERS)]
        for connection in connections:
            await connection.open()
        for kind, request in WRITES.items():
            before = self.spent()
            answered = await send(connections, request, numbers, SECONDS)
            self.note(kind, answered, answered / SECONDS, before)


@contextmanager
def started(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    """A peer's process that answers."""
    with subprocess.Popen(command, env={**os.environ, **environment}, cwd=HERE) as process:  # noqa: S603 (our own servers)
        try:
            wait_for(PORTS[name])
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def peers(url: str, key: str, running: ExitStack) -> list[Peer]:
    """The register and who is installed of the others, all of them started."""
    bare = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", str(PORTS[BARE]), "--no-access-log"]
    found = [
        Peer(name, running.enter_context(server(command, PORTS[name], url)), key)
        for name, command in (("register", REGISTER), (BARE, bare))
    ]
    at = make_url(url)
    database = {"PGHOST": str(at.query["host"]), "PGDATABASE": str(at.database), "PGUSER": at.username or "postgres"}
    commands = {}
    if (HERE / "fastify/node_modules").exists():
        commands["fastify"] = [shutil.which("node") or "node", "fastify/server.js", str(PORTS["fastify"])]
    if python := os.environ.get("PEER_PYTHON"):
        bind = f"127.0.0.1:{PORTS['django-ninja']}"
        threads = ["--worker-class", "gthread", "--threads", "8", "--keep-alive", "60"]
        commands["django-ninja"] = [python, "-m", "gunicorn", "--bind", bind, *threads, "ninja_app:application"]
    for name, command in commands.items():
        found.append(Peer(name, running.enter_context(started(name, command, database)), key))
    return found


def told(found: Sequence[Peer]) -> Iterator[str]:
    """The table: medians of the rounds."""
    yield f"| request | {' | '.join(f'{peer.name}: requests/s, CPU ms' for peer in found)} |"
    yield "|---" * (len(found) + 1) + "|"
    for kind in found[0].rounds:
        cells = []
        for peer in found:
            rounds = peer.rounds.get(kind, [])
            cells.append(
                ", ".join(f"{median(values):.{2 * at}f}" for at, values in enumerate(zip(*rounds, strict=True)))
            )
        yield f"| {kind} | {' | '.join(cells)} |"


async def prepare(settings: Settings) -> str:
    """Fill the register; returns a key of the city's coordinator."""
    await fill(settings, EVENTS)
    return await key_for(settings, Role.coordinator)


def main() -> None:
    """Measure all of them in turns."""
    os.environ["REGISTER_WRITE_QUOTA"] = "1000000"
    numbers = count(1)
    with both_databases() as (_, postgresql), ExitStack() as running:
        key = asyncio.run(prepare(Settings(_env_file=None, database_url=postgresql.url)))
        postgresql.settle()
        found = peers(postgresql.url, key, running)
        for _ in range(ROUNDS):
            for peer in found:
                peer.read()
                if not peer.is_bare:
                    asyncio.run(peer.write(numbers))
        for line in told(found):
            sys.stdout.write(f"{line}\n")


main()
