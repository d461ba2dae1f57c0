"""What an auditor keeps of a register, in a folder: the copy, the hashes of all leaves, the last checkpoint.

`state.json` says how much of the other files counts, and is replaced as a whole: what a run that was broken off has added
behind that is dropped by the next one.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.proofs.tree import HASH_BYTES, Frontier

CHUNK = 8_192


@dataclass
class Kept:
    """What counts: the log's public key, its last checkpoint, where the feed goes on, and the length of the files."""

    verifier_key: str = ""
    checkpoint: str = ""
    cursor: str = ""
    position: int = 0
    leaves: int = 0
    changes_bytes: int = 0


def written(entry: Mapping[str, Any]) -> str:
    """The line of an entry in the copy."""
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


class State:
    """The folder of one auditor."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file, self.changes, self.leaves = (folder / name for name in ("state.json", "changes.jsonl", "leaves.bin"))
        self.kept = Kept(**json.loads(self.file.read_text("utf-8"))) if self.file.exists() else Kept()
        for path, size in ((self.changes, self.kept.changes_bytes), (self.leaves, self.kept.leaves * HASH_BYTES)):
            if not path.exists():
                path.touch(0o600)
            if path.stat().st_size > size:
                os.truncate(path, size)

    def add_changes(self, changes: Iterable[dict[str, Any]]) -> None:
        """Add entries to the copy."""
        with self.changes.open("a", encoding="utf-8") as file:
            file.writelines(f"{written(change)}\n" for change in changes)

    def add_leaves(self, hashes: Iterable[bytes]) -> None:
        """Add hashes of leaves."""
        with self.leaves.open("ab") as file:
            file.writelines(hashes)

    def leaf(self, position: int) -> bytes:
        """The hash of one leaf; empty where it is not there."""
        with self.leaves.open("rb") as file:
            file.seek(position * HASH_BYTES)
            return file.read(HASH_BYTES)

    def root(self) -> tuple[int, bytes]:
        """How many leaves there are, and the root over them."""
        frontier = Frontier()
        with self.leaves.open("rb") as file:
            while hashes := file.read(CHUNK * HASH_BYTES):
                for start in range(0, len(hashes), HASH_BYTES):
                    frontier.add(hashes[start : start + HASH_BYTES])
        return frontier.size, frontier.root

    def entries(self, start: int = 0) -> Iterator[dict[str, Any]]:
        """The entries of the copy from a byte on."""
        with self.changes.open(encoding="utf-8") as file:
            file.seek(start)
            for line in file:
                yield json.loads(line)

    def erase(self, erased: Mapping[int, tuple[int, str]]) -> int:
        """Erase the data of entries from the copy, each with the position of the entry that says so, and its resource.

        Returns of how many. It is done in place, so that the file keeps its length and nothing stays beside it.
        """
        count = 0
        with self.changes.open("r+b") as file:
            start = 0
            while line := file.readline():
                entry = json.loads(line)
                by, id = erased.get(entry["position"], (0, ""))
                if entry["resource_id"] == id and entry["data"] is not None:
                    count += entry.get("redacted_by") is None
                    # As short as it was written: what is longer than its line would run into the next one.
                    left = written(entry | {"data": None, "salt": None, "redacted_by": by})
                    file.seek(start)
                    file.write(left.encode().ljust(len(line) - 1))
                start += len(line)
                file.seek(start)
            os.fsync(file.fileno())
        return count

    def keep(self) -> None:
        """Let what was added count."""
        self.kept.changes_bytes = self.changes.stat().st_size
        self.kept.leaves = self.leaves.stat().st_size // HASH_BYTES
        self.write("state.json", json.dumps(asdict(self.kept), indent=2, ensure_ascii=False))

    def write(self, name: str, text: str) -> Path:
        """Write a file as a whole."""
        path, draft = self.folder / name, self.folder / f"{name}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        return path
