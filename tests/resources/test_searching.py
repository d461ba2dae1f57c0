"""The index that `q` is looked up in answers as looking through all texts does, whatever is written, and keeps nothing erased."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from random import Random
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, text

from app import migrating
from app.cli.verify import verify_and_note
from app.database.searching import LETTERS
from app.needs.resource import NEEDS
from app.resources import choosing, reading, ways
from app.resources.text import searchable
from app.runtime import Runtime
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.factories import delete, items_of, make, patch

LETTERS_OF_TEXTS = "aab ä\"%_'ßİ\U0001f600é\u0301-."
ASKED = 40
WORDS = "Qyxvolkstedt"


def words(choice: Random, most: int) -> str:
    """Some text of few letters, so that much of it is alike; it has at least one that is seen."""
    return "".join(choice.choice(LETTERS_OF_TEXTS) for _ in range(choice.randint(0, most))).strip() + "b"


@pytest.fixture
def gathering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What bounds how much is looked at as a whole."""

    def set_to(most: int) -> None:
        reading.prepared.cache_clear()
        monkeypatch.setattr(choosing, "MOST_AHEAD", 0)
        for module in (choosing, ways):
            monkeypatch.setattr(module, "MOST_BY_TEXT", most)

    yield set_to
    reading.prepared.cache_clear()


class TestIndex:
    @pytest.mark.thorough
    async def test_finds_what_looking_through_all_finds(
        self, callers: Mapping[str, httpx.AsyncClient], gathering: Any
    ) -> None:
        choice, operator = Random(7), callers["operator"]  # noqa: S311 (the same in every run)
        made = [
            await make(operator, "needs", title=words(choice, 12), description=words(choice, 30)) for _ in range(20)
        ]
        made[0] = (await patch(operator, "needs", made[0], title="Ganz anders")).json()
        assert (await patch(operator, "needs", made[1], visibility="partners")).status_code == 200
        await delete(operator, "needs", made.pop(2))
        texts = {each["id"]: searchable(each["title"], each["description"]) for each in made}
        asked = [*(words(choice, 5) for _ in range(ASKED)), "ganz anders", "ders", "zzz", "%_%", '"""']
        assert any(len(searchable(each)) < LETTERS for each in asked)
        for most in (0, 4, 2_000):
            gathering(most)
            for q in asked:
                right = {id for id, held in texts.items() if searchable(q) in held}
                answer = (
                    await callers["reader"].get("/v1/needs", params={"q": q, "limit": 3, "include_total": "true"})
                ).json()
                assert answer["total"] == len(right), q
                assert {each["id"] for each in await items_of(callers["reader"], "needs", q=q)} == right, q

    async def test_is_what_finds(self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient]) -> None:
        """What no index leads to is not found, so it was not looked through."""
        runtime: Runtime = app.state.runtime
        await make(callers["operator"], "needs", title=WORDS)
        assert len(await items_of(callers["reader"], "needs", q="xvolk")) == 1
        if not runtime.database.is_sqlite:
            assert "ix_need_search_text" in await runtime.database.read(plan)
            return
        async with runtime.database.transaction() as session:
            await session.execute(text("DELETE FROM searched"))
        assert await items_of(callers["reader"], "needs", q="xvolk") == []
        assert len(await items_of(callers["reader"], "needs", q="xv")) == 1


def plan(connection: Connection) -> str:
    """How PostgreSQL comes to the rows that hold a text, if it can help it."""
    connection.exec_driver_sql("SET enable_seqscan = off")
    wanted = "EXPLAIN SELECT id FROM need WHERE trigrams(search_text COLLATE \"C\") @> ARRAY['abc']"
    try:
        return "\n".join(connection.exec_driver_sql(wanted).scalars())
    finally:
        connection.exec_driver_sql("RESET enable_seqscan")


class TestMigrating:
    async def test_fills_it_and_begins_anew_where_it_was_lost(self, templates: Templates) -> None:
        async with templates.fresh("seeded") as settings:
            async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
                made = await make(client, "needs", title=WORDS)
            await migrating.downgrade(settings, "0019")
            await migrating.upgrade(settings)
            if settings.database_file is not None:
                with closing(sqlite3.connect(settings.database_file, isolation_level=None)) as connection:
                    connection.execute("DROP TRIGGER searched_need_updated")
                    connection.execute("UPDATE need SET search_text = 'x' || search_text")
                await migrating.upgrade(settings)
                with closing(sqlite3.connect(settings.database_file, isolation_level=None)) as connection:
                    connection.execute("UPDATE need SET search_text = substr(search_text, 2)")
            async with running(settings) as app, client_of(app) as client:
                assert [each["id"] for each in await items_of(client, "needs", q=WORDS.upper())] == [made["id"]]
            assert (await verify_and_note(settings)).faults == []


class TestRedaction:
    async def test_leaves_nothing_in_the_index(
        self, settings: Settings, callers: Mapping[str, httpx.AsyncClient]
    ) -> None:
        made = await make(callers["operator"], "needs", title="Bedarf", description=WORDS)
        assert trigrams_of(settings) >= {"qyx", "vol"}
        asked = {
            "resource_type": NEEDS.type,
            "resource_id": made["id"],
            "fields": ["description"],
            "legal_basis": "GDPR",
        }
        assert (await callers["operator"].post("/v1/redactions", json=asked)).status_code == 200
        assert await items_of(callers["operator"], "needs", q="xvolk") == []
        if settings.database_file is not None:
            assert not trigrams_of(settings) & {"qyx", "yxv", "xvo"}
            with closing(sqlite3.connect(settings.database_file)) as connection:
                blocks = b"".join(block for (block,) in connection.execute("SELECT block FROM searched_text_data"))
            assert b"qyx" not in blocks
        assert (await verify_and_note(settings)).faults == []


def trigrams_of(settings: Settings) -> set[str]:
    """All trigrams that SQLite's index has; of PostgreSQL's nobody can ask."""
    if settings.database_file is None:
        return {"qyx", "vol"}
    with closing(sqlite3.connect(settings.database_file)) as connection:
        return {term for (term,) in connection.execute("SELECT term FROM searched_term")}
