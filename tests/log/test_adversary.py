"""Whoever has the database can rewrite everything, and is found."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.conftest import settings_for
from tests.databases import any_database
from tests.log.adversary import CONSISTENT, KEYS, LOG, TABLES, history, learn_to_pack, rehash

Callers = Mapping[str, httpx.AsyncClient]


def rewritten(settings: Settings, folder: Path, statements: Sequence[str], *, is_rehashed: bool = False) -> Settings:
    """A copy of the register in which somebody has rewritten something."""
    copy = folder / "rewritten.db"
    with closing(sqlite3.connect(settings.database_file or "")) as connection:
        copy.unlink(missing_ok=True)
        connection.execute("VACUUM INTO ?", (str(copy),))
    with closing(sqlite3.connect(copy)) as connection, connection:
        learn_to_pack(connection)
        for statement in statements:
            connection.execute(statement)
        if is_rehashed:
            rehash(connection)
    return settings_for(f"sqlite:///{copy}")


@pytest.mark.thorough
@any_database
async def test_verify_finds_what_is_rewritten_in_tables_or_in_the_log(
    callers: Callers, settings: Settings, tmp_path: Path
) -> None:
    await history(callers["operator"], callers["contributor"])
    assert (await verify_and_note(settings)).faults == []
    missed = []
    for rewrite in (*TABLES, *KEYS, *LOG):
        faults = (await verify_and_note(rewritten(settings, tmp_path, rewrite.statements))).faults
        if not any(rewrite.finds in fault for fault in faults):
            missed.append((rewrite.name, faults))
    assert missed == []
    assert len(TABLES) + len(KEYS) + len(LOG) >= 40


@any_database
async def test_verify_cannot_find_what_agrees_with_itself(callers: Callers, settings: Settings, tmp_path: Path) -> None:
    """That is for those who kept a checkpoint: the docs say so."""
    await history(callers["operator"], callers["contributor"])
    for rewrite in CONSISTENT:
        copy = rewritten(settings, tmp_path, rewrite.statements, is_rehashed=True)
        assert (await verify_and_note(copy)).faults == [], rewrite.name
