"""Entries of the log on their way: as many as a transaction has, in little memory."""

import pickle
from collections.abc import Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple

from app.changes.tallies import Cell, Tallies

CHUNK = 1_000
Entry = tuple[Any, ...]
"""The columns of an entry as the driver gets them, its position excepted."""


class Taken(NamedTuple):
    """Entries that somebody else adds later, with what they count."""

    chunks: bytes
    number: int
    size: int
    tallies: Tallies


class Pending:
    """Entries that wait for their positions; beyond a thousand they wait in a file without a name.

    `size` is what they count for the quota of a key, `tallies` what their subjects are counted in. Whoever makes it
    closes it.
    """

    def __init__(self) -> None:
        self.count, self.size = 0, 0
        self.tallies = Tallies()
        self.last: list[Entry] = []
        self.file: BinaryIO | None = None

    def add(self, entries: Sequence[Entry], size: int, *tallies: Mapping[Cell, int]) -> None:
        """Add entries behind the others."""
        self.count, self.size = self.count + len(entries), self.size + size
        for each in tallies:
            self.tallies.update(each)
        self.last += entries
        if len(self.last) >= CHUNK:
            self.put_off()

    def put_off(self) -> None:
        """Let what waits in memory wait in the file."""
        if self.last:
            pickle.dump(self.last, self.kept())
            self.last = []

    def kept(self) -> BinaryIO:
        """The file."""
        self.file = self.file or TemporaryFile()  # noqa: SIM115 (closed by `close`)
        return self.file

    def chunks(self) -> Iterator[Sequence[Entry]]:
        """All entries in their order, some at a time."""
        if self.file is not None:
            end = self.file.tell()
            self.file.seek(0)
            while self.file.tell() < end:
                yield pickle.load(self.file)  # noqa: S301 (our own file)
        if self.last:
            yield self.last

    def take(self) -> Taken:
        """All entries, which are then not waiting here any more."""
        chunks = b"".join(pickle.dumps(chunk) for chunk in self.chunks())
        taken = Taken(chunks, self.count, self.size, self.tallies)
        self.close()
        self.count, self.size, self.tallies, self.last, self.file = 0, 0, Tallies(), [], None
        return taken

    def add_taken(self, taken: Taken) -> None:
        """Add those that were taken elsewhere behind the others."""
        self.put_off()
        self.kept().write(taken.chunks)
        self.count, self.size = self.count + taken.number, self.size + taken.size
        self.tallies.update(taken.tallies)

    def close(self) -> None:
        """Let go of the file."""
        if self.file is not None:
            self.file.close()
