"""The texts of the log are compressed, and come back as they were."""

import hashlib
import zlib

import pytest
from sqlalchemy import LargeBinary, select, text, type_coerce

from app import migrating
from app.changes.models import Change
from app.cli.verify import verify_and_note
from app.packing import DICTIONARIES, DICTIONARY, pack, unpack
from app.runtime import Runtime
from app.settings import Settings
from app.tables import table_of
from tests.databases import only_sqlite

OF_DICTIONARIES = ["2b472be151ed6f36ddcfe1f1d78e66673c7cbacf5ea0ec300df8e5ea2abc1b67"]
"""What each dictionary hashes to: what was written with one is read with it, so none is ever changed."""


class TestPack:
    async def test_takes_less_than_half(self, settings: Settings) -> None:
        """Of what Dresden's agreement is written with."""
        data = table_of(Change).c.data
        wanted = select(data, type_coerce(data, LargeBinary).label("stored"))
        database = Runtime.of(settings).database
        try:
            rows = await database.read(lambda connection: connection.execute(wanted).all())
        finally:
            await database.close()
        assert [unpack(row.stored) for row in rows] == [row.data for row in rows]
        assert sum(len(row.stored) for row in rows) < sum(len(row.data.encode()) for row in rows) / 2

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
        assert [hashlib.sha256(each).hexdigest() for each in DICTIONARIES.values()] == OF_DICTIONARIES

    @pytest.mark.parametrize(
        "stored",
        [b"", b"[]", zlib.compress(b"{}"), pack("{}")[:-1], pack("{}")[:6] + b"\xff" * 9, b"\x78\xf9" + b"a" * 9],
    )
    def test_refuses_what_is_no_such_text(self, stored: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            unpack(stored)
