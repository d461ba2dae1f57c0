"""How texts of resources and of the log are stored: compressed as zlib does (RFC 1950), with a dictionary of what they consist of.

A text of some hundred bytes is mostly names of fields, which compression alone cannot know: with the dictionary it takes less
than half.
Each stream names its dictionary by a checksum. So dictionaries can be added, and none is ever changed.
What was blanked stands there as it is, since PostgreSQL's own function writes it.
"""

import zlib
from functools import cached_property
from importlib.resources import files
from typing import Any

from sqlalchemy import LargeBinary, TypeDecorator
from sqlalchemy.engine import Dialect

LEVEL = 6
OBJECT = b"{"
"""How a text begins that is stored as it is; no stream does."""
HEAD = 6
"""How many bytes a stream has before what is packed: how, and the checksum of its dictionary."""
DICTIONARY = files("app").joinpath("data", "entries-1.jsonl").read_bytes()
DICTIONARIES = (DICTIONARY,)


def packing(dictionary: bytes) -> Any:
    """What packs a text with a dictionary."""
    return zlib.compressobj(LEVEL, zdict=dictionary)


def begun(dictionary: bytes) -> tuple[bytes, Any]:
    """How streams with a dictionary begin, and what has read that: to read a dictionary anew takes longer than to copy it."""
    head, stream = packing(dictionary).flush()[:HEAD], zlib.decompressobj(zdict=dictionary)
    stream.decompress(head)
    return head, stream


BEGUN = dict(map(begun, DICTIONARIES))


def pack(text: str) -> bytes:
    """A text as it is stored."""
    stream = packing(DICTIONARY)
    packed: bytes = stream.compress(text.encode()) + stream.flush()
    return packed


def unpack(stored: bytes) -> str:
    """The text that was stored so, or is stored as it is; raises ValueError for anything else."""
    if stored.startswith(OBJECT):
        return stored.decode()
    known = BEGUN.get(stored[:HEAD])
    if known is None:
        raise ValueError("it names no dictionary that is known")
    stream = known.copy()
    try:
        text: bytes = stream.decompress(stored[HEAD:])
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not stream.eof:
        raise ValueError("it ends too early")
    return text.decode()


class PackedOnce(str):
    """A text that is stored in several places, and packed for the first of them."""

    __slots__ = ("__dict__",)

    @cached_property
    def packed(self) -> bytes:
        """As it is stored."""
        return pack(self)


class Bytes(LargeBinary):
    """Bytes that the driver gets as they are, and that can be kept in a file until it does."""

    def bind_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 (the base class names it so)
        return None


class Packed(TypeDecorator[str]):
    """A column of such texts; one that is no such text any more is read as empty, which no check takes for JSON."""

    impl = Bytes
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 (the base class names it so)
        if isinstance(value, PackedOnce):
            return value.packed
        return None if value is None else pack(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 (the base class names it so)
        if value is None:
            return None
        try:
            return unpack(value)
        except (AttributeError, TypeError, ValueError):
            return ""
