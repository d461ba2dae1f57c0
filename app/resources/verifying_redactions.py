"""What the entries of one resource tell of its redactions: none without the entry that says so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Row

from app.proofs.leaves import digest_of
from app.resources.blanking import blanked, redactable
from app.resources.kind import Kind


class Left(NamedTuple):
    """What is left of an entry: by which entry it was redacted, what that must have said, and which fields hold words."""

    by: int
    digest: str
    words: frozenset[str]


class Named(NamedTuple):
    """What is said of an entry: by which entry at last, what was left then, and which fields were erased until then."""

    by: int
    digest: str
    fields: frozenset[str]


@dataclass
class Redacted:
    """The redacted entries of a resource and what is said of them, by position."""

    left: dict[int, Left] = field(default_factory=dict)
    named: dict[int, Named] = field(default_factory=dict)

    def follow(self, kind: Kind[Any], row: Row[Any], data: Mapping[str, Any] | None) -> None:
        """Take in the next entry."""
        if row.redacted_by is not None:
            words = blanked(kind, redactable(kind), data or {})
            self.left[row.position] = Left(row.redacted_by, digest_of(row.salt or "", data), frozenset(words))
        for each in row.redacts or ():
            before = self.named.get(each["position"])
            fields = frozenset(row.changed_fields) | (before.fields if before else frozenset())
            self.named[each["position"]] = Named(row.position, each["data_digest"], fields)

    def faults(self) -> Iterator[str]:
        """Where entries are otherwise than is said of them."""
        for position in sorted({*self.left, *self.named}):
            left, named = self.left.get(position), self.named.get(position)
            entry = f"the entry at position {position}"
            if named is None:
                yield f"{entry} was redacted, and no entry says so"
            elif left is None:
                yield f"{entry} is not redacted, and the one at position {named.by} says that it is"
            elif (left.by, left.digest) != (named.by, named.digest):
                yield f"what is left of {entry} is not what the one at position {named.by} says"
            elif left.words & named.fields:
                yield f"{entry} still has words in {', '.join(sorted(left.words & named.fields))}"
