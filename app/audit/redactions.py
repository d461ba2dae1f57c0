"""Redacted entries, as who follows a register checks them: none without an entry that says so, and what is left."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.proofs.leaves import digest_of

REDACTED = "redacted"


class Redactions:
    """Follows the entries of a copy in their order; who says that an entry is redacted comes behind it."""

    def __init__(self) -> None:
        self.awaited: dict[int, list[tuple[int, str | None]]] = {}
        """By the position of who is to say so: the entries that are redacted, with the digest of what is left."""
        self.erased: dict[int, tuple[int, str]] = {}
        self.count = 0
        self.unseen = 0

    def follow(self, entry: Mapping[str, Any]) -> Iterator[str]:
        """Take in the next entry; gives what is wrong with the entries that it says to have redacted."""
        position, leaf = entry["position"], entry["leaf"]
        by = entry.get("redacted_by")
        if by is not None:
            self.count += 1
            left = None if entry["data"] is None else digest_of(entry["salt"] or "", entry["data"])
            self.awaited.setdefault(by, []).append((position, left))
        redacted = self.awaited.pop(position, [])
        if leaf is None:
            self.unseen += len(redacted)
            return
        said = {each["position"]: each["data_digest"] for each in leaf.get("redacts", ())}
        if leaf["action"] == REDACTED:
            self.erased |= dict.fromkeys(said, (position, leaf["resource_id"]))
        for earlier, left in redacted:
            if earlier not in said:
                yield f"the entry at position {earlier} was redacted, and the one at {position} does not say so"
            elif left not in (None, said[earlier]):
                yield f"what is left of the entry at position {earlier} is not what the one at {position} says"

    def at_end(self, last: int) -> Iterator[str]:
        """What is wrong with entries whose redaction was not told of; who sees only a part of the log may not see it."""
        for by, redacted in self.awaited.items():
            if by <= last:
                self.unseen += len(redacted)
            else:
                yield from (f"the entry at position {each} was redacted, and no entry says so" for each, _ in redacted)
