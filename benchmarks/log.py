"""How long the log's checks take, and how much memory: `python -m benchmarks.log [ENTRIES [sqlite|postgresql]]`."""

import asyncio
import os
import random
import re
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
from sqlalchemy import Connection

from app import migrating
from app.access.caller import COMMAND
from app.access.roles import Role
from app.audit.checking import Findings
from app.audit.following import audit
from app.audit.state import State
from app.catalogue import FEATURES
from app.changes.log import transaction
from app.changes.tree import Tree
from app.cli.seed import load_content, read_agreement
from app.cli.verify import verify_and_note
from app.log.service import prove_inclusion
from app.needs.models import NeedCreate
from app.needs.resource import NEEDS
from app.proofs.notes import Signer
from app.resources.ids import named_id
from app.resources.kind import Write
from app.resources.writing import store_many
from app.runtime import Runtime
from app.settings import Settings
from benchmarks.changes import key_for
from benchmarks.databases import both_databases
from benchmarks.servers import REGISTER, server

ENTRIES = 100_000
BATCH = 500
PORT = 9400
ENGINES = ("sqlite", "postgresql")
CITY = named_id("partners", "landeshauptstadt-dresden")
NEED = {"raised_by_id": CITY, "agreement_id": named_id("agreements", "dresden-liga-2024")}
WORDS = sorted(set(re.findall(r"\w+", files("app").joinpath("data", "agreement.yaml").read_text("utf-8"))))
CHANCE = random.Random(1)  # noqa: S311 (the same words each time)


def words(count: int) -> str:
    """So many words of the agreement, by chance: what was written once too often would be compressed to nothing."""
    return " ".join(CHANCE.choices(WORDS, k=count))


def need() -> NeedCreate:
    """A need of a usual length."""
    return NeedCreate.model_validate({**NEED, "title": words(4), "description": words(50)})


async def fill(settings: Settings, entries: int) -> None:
    """Load the agreement, and needs until the log has so many entries."""
    await migrating.upgrade(settings)
    await load_content(settings, read_agreement(None))
    database = Runtime.of(settings).database
    try:
        for _ in range(0, entries, BATCH):
            async with transaction(database, COMMAND, settings.zone) as session:
                await store_many(session, NEEDS, [Write(NEEDS, need()) for _ in range(BATCH)])
    finally:
        await database.close()


async def audited(key: str, kept: Path) -> Findings:
    """What an audit finds of the register that is served, as the owner of a key."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}", headers=headers, timeout=60) as client:
        return await audit(client, State(kept), [feature.kind.path for feature in FEATURES])


def watched(work: Callable[[], Coroutine[Any, Any, Any]]) -> tuple[Any, float, float]:
    """What some work gives, its seconds, and by how many MB memory grew at most."""
    process, is_done, most = psutil.Process(), threading.Event(), [0]
    before = process.memory_info().rss

    def look() -> None:
        while not is_done.wait(0.05):
            most[0] = max(most[0], process.memory_info().rss)

    watching = threading.Thread(target=look)
    watching.start()
    started = time.perf_counter()
    try:
        found = asyncio.run(work())
    finally:
        is_done.set()
        watching.join()
    return found, time.perf_counter() - started, max(0, most[0] - before) / 2**20


async def proof(settings: Settings, position: int) -> tuple[int, float]:
    """How many hashes the proof of an entry has, and how many milliseconds it takes."""
    database = Runtime.of(settings).database

    def work(connection: Connection) -> tuple[int, float]:
        started = time.perf_counter()
        path = prove_inclusion(Tree(connection), position, None).path
        return len(path), (time.perf_counter() - started) * 1000

    try:
        await database.read(work)
        return await database.read(work)
    finally:
        await database.close()


def measure(url: str, entries: int) -> Iterator[tuple[str, str]]:
    """What is measured of one database, and its figure."""
    settings = Settings(_env_file=None, database_url=url)
    _, seconds, _ = watched(partial(fill, settings, entries))
    yield f"write {entries:,} entries, {BATCH} at once", f"{seconds:.0f} s"
    found, seconds, memory = watched(partial(verify_and_note, settings))
    yield f"verify {found.checked:,} resources", f"{seconds:.1f} s, {memory:.0f} MB, {len(found.faults)} faults"
    (hashes, milliseconds), *_ = watched(partial(proof, settings, entries // 8))
    yield "prove an entry", f"{hashes} hashes, {milliseconds:.1f} ms"
    key = asyncio.run(key_for(settings, Role.reader))
    os.environ["REGISTER_LOG_KEY"] = str(Signer.new("register.example"))
    with server(REGISTER, PORT, url), TemporaryDirectory() as folder:
        for when in ("for the first time", "again"):
            found, seconds, memory = watched(partial(audited, key, Path(folder, "kept")))
            yield f"audit {when}", f"{seconds:.1f} s, {memory:.0f} MB, {len(found.faults)} faults"


def main() -> None:
    """Measure both databases, or the one that is named."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    print("| database | what | figure |\n|---|---|---|", flush=True)
    with both_databases() as databases:
        for engine, url, _ in databases:
            if engine.lower() in (sys.argv[2:] or ENGINES):
                for what, figure in measure(url, entries):
                    print(f"| {engine} | {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
