"""A restored backup keeps the positions: readers from before it go on, readers from its lost future are told."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.conftest import Templates, client_of, running, settings_for
from tests.databases import only_postgresql
from tests.factories import items_of, make
from tests.faults.clients import WRITERS, Reader, Writer
from tests.faults.conftest import DurableCluster
from tests.problems import problem_of
from tests.processes import succeed

pytestmark = pytest.mark.thorough

WRITES_MEANWHILE = 10


@asynccontextmanager
async def restored(settings: Settings, templates: Templates, folder: Path) -> AsyncIterator[Settings]:
    """Settings for what a backup gives that is taken here and now, as the docs say to take one."""
    if settings.database_file:
        copy = folder / "restored.db"
        await asyncio.to_thread(back_up, settings.database_file, copy)
        yield settings_for(f"sqlite:///{copy}")
        return
    cluster = templates.cluster
    assert isinstance(cluster, DurableCluster)
    name = f"restored_{uuid4().hex}"
    dump = str(folder / "register.dump")
    programs = cluster.programs
    await succeed(str(programs / "pg_dump"), "-Fc", "-f", dump, settings.database_url, cwd=folder)
    await cluster.execute(f"CREATE DATABASE {name}")
    try:
        url = cluster.database(name)
        await succeed(str(programs / "pg_restore"), "--exit-on-error", "-d", url, dump, cwd=folder)
        yield settings_for(url)
    finally:
        await cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


def back_up(file: Path, copy: Path) -> None:
    """Copy an SQLite database that is written to meanwhile, a few pages at a time."""
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target, pages=200, sleep=0.001)


async def write_some(app: FastAPI, key: str, writer: Writer) -> None:
    """Write a while."""
    async with client_of(app, key) as client:
        for _ in range(WRITES_MEANWHILE):
            await writer.write(client)


async def test_keeps_positions_and_tells_readers_of_what_is_lost(
    app: FastAPI, client: httpx.AsyncClient, settings: Settings, templates: Templates, tmp_path: Path
) -> None:
    key = templates.keys["admin"]
    await make(client, "goals")
    early = Reader()
    await early.catch_up(client)
    writing = [asyncio.create_task(write_some(app, key, Writer(f"writer-{number}"))) for number in range(WRITERS)]
    try:
        async with restored(settings, templates, tmp_path) as copy:
            await asyncio.gather(*writing)
            await make(client, "goals")
            late = Reader()
            await late.catch_up(client)
            assert (await verify_and_note(copy)).faults == []
            async with running(copy) as other_app, client_of(other_app, key) as other:
                kept = await check_restored(other, early, late)
                for _ in range(len(late.changes) - kept + 1):
                    await make(other, "goals")
                # The lost positions are taken again, by other changes.
                answer = await other.get("/v1/changes", params={"cursor": late.cursor or ""})
                problem_of(answer, 410, "history-rewritten")
                await early.catch_up(other)
            assert [change["position"] for change in early.changes] == list(range(1, len(late.changes) + 2))
            assert (await verify_and_note(copy)).faults == []
    finally:
        await asyncio.gather(*writing)


async def check_restored(client: httpx.AsyncClient, early: Reader, late: Reader) -> int:
    """What the restored register tells its readers; returns the last position that it kept."""
    answer = await client.get("/v1/changes", params={"cursor": late.cursor or ""})
    problem_of(answer, 410, "feed-reset")
    await early.catch_up(client)
    kept = len(early.changes)
    assert kept < len(late.changes)
    assert early.changes == late.changes[:kept]
    current = {change["resource_id"]: change["data"] for change in early.changes}
    for event in await items_of(client, "consultation-events", limit=200):
        assert current[event["id"]] == event
    return kept


@only_postgresql
async def test_of_postgresql_goes_on_where_a_reader_was(
    client: httpx.AsyncClient, settings: Settings, templates: Templates, tmp_path: Path
) -> None:
    """A dump carries the counter as it carries the rows: there is no sequence to set, and no transaction number."""
    reader = Reader()
    await make(client, "goals")
    await reader.catch_up(client)
    async with (
        restored(settings, templates, tmp_path) as copy,
        running(copy) as app,
        client_of(app, templates.keys["operator"]) as other,
    ):
        made = await make(other, "goals")
        seen = len(reader.changes)
        await reader.catch_up(other)
        assert [(each["position"], each["data"]) for each in reader.changes[seen:]] == [(seen + 1, made)]
