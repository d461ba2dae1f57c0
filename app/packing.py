"""How the texts of the log are stored: compressed as zlib writes it (RFC 1950), with a dictionary of what they consist of.

A text of some hundred bytes is mostly names of fields, which compression alone cannot know: with the dictionary it takes less than half.
Each stream names its dictionary by a checksum. So dictionaries can be added, and none is ever changed.
What was blanked stands there as it is, since PostgreSQL's own function writes it.
"""

import zlib
from importlib.resources import files
from typing import Any

from sqlalchemy import LargeBinary, TypeDecorator
from sqlalchemy.engine import Dialect

LEVEL = 6
IS_NAMED = 0x20
"""The bit of a stream's second byte that says that the checksum of a dictionary follows."""
OBJECT = b"{"
"""How a text begins that is stored as it is; no stream does."""
DICTIONARY = files("app").joinpath("data", "entries-1.jsonl").read_bytes()
DICTIONARIES = {zlib.adler32(each): each for each in (DICTIONARY,)}


def pack(text: str) -> bytes:
    """A text as it is stored."""
    stream = zlib.compressobj(LEVEL, zdict=DICTIONARY)
    return stream.compress(text.encode()) + stream.flush()


def unpack(stored: bytes) -> str:
    """The text that was stored so, or is stored as it is; raises ValueError for anything else."""
    if stored.startswith(OBJECT):
        return stored.decode()
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
    """A column of such texts; one that is no such text any more is read as empty, which no check takes for JSON."""

    impl = Bytes
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 (the base class names it so)
        return None if value is None else pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 (the base class names it so)
        if value is None:
            return None
        try:
            return unpack(value)
        except (AttributeError, TypeError, ValueError):
            return ""
