"""The texts of resources and of the log are compressed, and come back as they were."""

import hashlib
import json
import zlib
from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import Column, LargeBinary, select, text, type_coerce

from app import migrating
from app.changes.models import Change
from app.cli.verify import verify_and_note
from app.database.packing import DICTIONARIES, DICTIONARY, pack, unpack
from app.database.tables import table_of
from app.runtime import Runtime
from app.settings import Settings
from app.sub_measures.models import SubMeasure
from tests.databases import only_sqlite
from tests.factories import make, patch

OF_DICTIONARIES = ["2b472be151ed6f36ddcfe1f1d78e66673c7cbacf5ea0ec300df8e5ea2abc1b67"]
"""What each dictionary hashes to: what was written with one is read with it, so none is ever changed."""


class TestPack:
    @pytest.mark.parametrize("column", [table_of(Change).c.data, table_of(SubMeasure).c.representation], ids=str)
    async def test_takes_less_than_half(self, settings: Settings, column: Column[str]) -> None:
        """Of what Dresden's agreement is written with."""
        wanted = select(column.label("data"), type_coerce(column, LargeBinary).label("stored"))
        database = Runtime.of(settings).database
        try:
            rows = await database.read(lambda connection: connection.execute(wanted).all())
        finally:
            await database.close()
        assert [unpack(row.stored) for row in rows] == [row.data for row in rows]
        assert sum(len(row.stored) for row in rows) < sum(len(row.data.encode()) for row in rows) / 2

    async def test_is_done_once_for_a_row_and_its_entry(
        self, callers: Mapping[str, httpx.AsyncClient], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        texts: list[str] = []

        def noted(text: str) -> bytes:
            texts.append(text)
            return pack(text)

        monkeypatch.setattr("app.database.packing.pack", noted)
        goal = await make(callers["operator"], "goals")
        changed = await patch(callers["operator"], "goals", goal, title="Anders")
        assert [json.loads(text) for text in texts] == [goal, changed.json()]

    @only_sqlite
    @pytest.mark.parametrize("stored", ["'{}'", "X'7b'", "X'789c00'", "X''"])
    async def test_that_is_damaged_is_named_by_verify(self, settings: Settings, stored: str) -> None:
        async with migrating.connected(settings) as connection:
            await connection.execute(text(f"UPDATE change SET data = {stored} WHERE position = 7"))  # noqa: S608 (of here)
        faults = (await verify_and_note(settings)).faults
        assert faults[0].startswith("the entry at position 7 is not as it was written: it cannot be read")

    @pytest.mark.parametrize("said", ["", "{}", "ä" * 100_000, "\x00\ud7ff🙂"])
    def test_takes_any_text(self, said: str) -> None:
        assert unpack(pack(said)) == said

    def test_leaves_what_is_stored_as_it_is(self) -> None:
        assert unpack('{"title":"Mädchen"}'.encode()) == '{"title":"Mädchen"}'

    def test_says_which_dictionary_it_took(self) -> None:
        """As RFC 1950 has it, so that any zlib reads it who has the dictionary."""
        assert zlib.decompressobj(zdict=DICTIONARY).decompress(pack("Wort")) == b"Wort"
        assert [hashlib.sha256(each).hexdigest() for each in DICTIONARIES] == OF_DICTIONARIES

    @pytest.mark.parametrize(
        "stored",
        [b"", b"[]", zlib.compress(b"{}"), pack("{}")[:-1], pack("{}")[:6] + b"\xff" * 9, b"\x78\xf9" + b"a" * 9],
    )
    def test_refuses_what_is_no_such_text(self, stored: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            unpack(stored)
