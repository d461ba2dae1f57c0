"""`register import` beside a register that is served."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from app.changes.repeating import repeated
from app.settings import Settings
from tests.commands import Command
from tests.database.test_sqlite import told, wait_only_a_moment
from tests.databases import only_sqlite
from tests.factories import make
from tests.interchange.test_imports import jsonl, measures

LINES = 200
POSITION = 7
PATIENCE = 60


async def read(session: AsyncSession, *_given: Any) -> int:
    """In place of reading a register from a folder."""
    await session.connection()
    return POSITION


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, settings: Settings
) -> Command:
    """The command, on the register that is served."""
    command = Command(monkeypatch, capsys, tmp_path)
    command.configure("DATABASE_URL", settings.database_url)
    (command.folder / "measures.jsonl").write_text(jsonl(measures(LINES)), "utf-8")
    return command


@pytest.fixture
def impatient(app: FastAPI, client: httpx.AsyncClient) -> Iterator[httpx.AsyncClient]:
    """A client whose writes wait only a moment, as long as nobody says that it takes longer."""
    engine = app.state.runtime.database.writer.sync_engine
    event.listen(engine, "connect", wait_only_a_moment)
    yield client
    event.remove(engine, "connect", wait_only_a_moment)


@only_sqlite
@pytest.mark.parametrize(
    ("arguments", "place", "work", "said"),
    [
        (
            ("measures.jsonl", "--resource", "sub-measures"),
            "app.interchange.importing.repeated",
            repeated,
            f"{LINES} created, 0 updated, 0 unchanged.\n",
        ),
        (
            (".",),
            "app.cli.import.read_register",
            read,
            f"The register is as it was at change {POSITION}, and verified.\n",
        ),
    ],
    ids=["file", "folder"],
)
async def test_is_waited_for_longer_by_who_writes_meanwhile(
    impatient: httpx.AsyncClient,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    place: str,
    work: Callable[..., Awaitable[Any]],
    said: str,
) -> None:
    # That a key is used is noted only once in a while: what waits later is the write itself.
    await make(impatient, "goals")
    is_writing, may_end = threading.Event(), threading.Event()

    async def hold(session: AsyncSession, *given: Any, **named: Any) -> Any:
        found = await work(session, *given, **named)
        is_writing.set()
        assert may_end.wait(PATIENCE)
        return found

    monkeypatch.setattr(place, hold)
    has_waited = told(monkeypatch, "app.database.sqlite")
    importing = asyncio.create_task(command.run("import", *arguments))
    try:
        assert await asyncio.to_thread(is_writing.wait, PATIENCE)
        writing = asyncio.create_task(make(impatient, "goals"))
        await has_waited.wait()
    finally:
        may_end.set()
    assert await importing == said
    assert (await writing)["version"] == 1
