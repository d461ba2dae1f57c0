"""How SQLite stores the texts of the log: compressed as zlib writes it (RFC 1950), with a dictionary of what they consist of.

A text of some hundred bytes is mostly names of fields, which compression alone cannot know: with the dictionary it takes less than half.
Each stream names its dictionary by a checksum. So dictionaries can be added, and none is ever changed.
"""

import zlib
from importlib.resources import files
from typing import Any

from sqlalchemy import LargeBinary, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

LEVEL = 6
IS_NAMED = 0x20
"""The bit of a stream's second byte that says that the checksum of a dictionary follows."""
DICTIONARY = files("app").joinpath("data", "entries-1.jsonl").read_bytes()
DICTIONARIES = {zlib.adler32(each): each for each in (DICTIONARY,)}


def pack(text: str) -> bytes:
    """A text as it is stored."""
    stream = zlib.compressobj(LEVEL, zdict=DICTIONARY)
    return stream.compress(text.encode()) + stream.flush()


def unpack(stored: bytes) -> str:
    """The text that was stored so; raises ValueError for anything else."""
    named = DICTIONARIES.get(int.from_bytes(stored[2:6], "big"))
    if named is None or not stored[1] & IS_NAMED:
        raise ValueError("it names no dictionary that is known")
    stream = zlib.decompressobj(zdict=named)
    try:
        text = stream.decompress(stored)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not stream.eof:
        raise ValueError("it ends too early")
    return text.decode()


class Bytes(LargeBinary):
    """Bytes that the driver gets as they are, and that can be kept in a file until it does."""

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 (the base class names it so)
        return None


class Packed(TypeDecorator[str]):
    """A column of such texts on SQLite; one that is no such text any more is read as empty, which no check takes for JSON.

    PostgreSQL keeps them as they are: its own functions read them there.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Bytes() if dialect.name == "sqlite" else Text()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return pack(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if dialect.name != "sqlite":
            return str(value)
        try:
            return unpack(value)
        except (TypeError, ValueError):
            return ""
