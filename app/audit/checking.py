"""What is checked of a register without asking it: leaves, data, signatures, and what follows from the entries."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from app.audit.redactions import Redactions
from app.audit.state import State
from app.proofs.canonical import canonical
from app.proofs.leaves import decoded, digest_of, encoded, leaf_hash
from app.proofs.notes import BadNote, Checkpoint, Verifier, verified
from app.proofs.tree import Unproved, check_inclusion

SHOWN_BESIDE = ("resource_type", "resource_id", "version", "proposal_id")
"""What an entry and its leaf say alike, to whoever sees the leaf."""

NOT_LISTED = frozenset({"key"})
"""Kinds of entries that tell of what no list holds."""


@dataclass
class Findings:
    """What an audit has found."""

    faults: list[str] = field(default_factory=list)
    entries: int = 0
    unseen: int = 0
    """Entries whose leaf is hidden from this caller, because it says more than the caller may see."""
    size: int = 0
    continues: int = 0
    """How many leaves the checkpoint had that was kept; 0 for none."""
    signed_by: str = ""
    redacted: int = 0
    """Entries of which something was erased, and an entry says so."""
    erased: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Entries that are to be erased from a copy, each with the entry that says so and the resource that this one is about."""
    compared: int | None = None
    """How many served representations were compared with the replay; None without a register to ask."""
    cosigned: bool = False


def entry_faults(entry: Mapping[str, Any], hash: bytes) -> Iterator[str]:
    """What is wrong with an entry, whose leaf must have this hash."""
    leaf, data = entry["leaf"], entry["data"]
    if leaf is None:
        return
    if leaf_hash(canonical(leaf)) != encoded(hash):
        yield "its leaf is not the one in the tree"
    if any(leaf[name] != entry[name] for name in SHOWN_BESIDE):
        yield "it says something else than its leaf"
    if data is None:
        return
    if entry["salt"] is None:
        yield "its data is served without a salt"
    elif entry.get("redacted_by") is None and digest_of(entry["salt"], data) != leaf["data_digest"]:
        yield "its data is not what its leaf says"
    if (data.get("id"), data.get("version")) != (leaf["resource_id"], leaf["version"]):
        yield "its data is of another resource or another version"


def check_entries(state: State, start: int, after: int, found: Findings) -> None:
    """Check the entries of a copy from a byte on, which follow a position."""
    redactions = Redactions()
    for entry in state.entries(start):
        position = entry["position"]
        if position <= after:
            found.faults.append(f"position {position} comes behind position {after}")
        after = position
        found.entries += 1
        found.unseen += entry["leaf"] is None
        faults = entry_faults(entry, state.leaf(position))
        found.faults += [f"the entry at position {position} is not as it was signed: {each}" for each in faults]
        found.faults += redactions.follow(entry)
    found.faults += redactions.at_end(after)
    found.redacted += redactions.count
    found.unseen += redactions.unseen
    found.erased = redactions.erased


def check_tree(state: State, checkpoint: Checkpoint, found: Findings) -> None:
    """Check that the leaves give the root that was signed."""
    size, root = state.root()
    found.size = checkpoint.size
    if (size, root) != (checkpoint.size, checkpoint.root):
        found.faults.append(f"the {size} leaves do not give the root that was signed for {checkpoint.size}")


def replayed(entries: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """Of each resource that is there after these entries, the digest of what it is, by its id."""
    there: dict[str, bytes] = {}
    for entry in (each for each in entries if each["resource_type"] not in NOT_LISTED):
        if entry.get("redacted_by") is not None:
            # What it is since is told by the entry that says so, or by later ones.
            continue
        if entry["data"] is None:
            there.pop(entry["resource_id"], None)
        else:
            there[entry["resource_id"]] = content_digest(entry["data"])
    return there


def content_digest(data: Any) -> bytes:
    """By what representations are compared."""
    return sha256(canonical(data).encode()).digest()


def check_copy(state: State) -> Findings:
    """Check a copy that was kept, without the register: signature, tree, entries."""
    found = Findings()
    if not state.kept.checkpoint:
        found.faults.append("there is no checkpoint in this folder")
        return found
    try:
        checkpoint = verified(state.kept.checkpoint, Verifier.of(state.kept.verifier_key))
        found.signed_by = checkpoint.origin
    except BadNote as error:
        found.faults.append(f"the checkpoint that was kept is not signed: {error}")
        return found
    check_tree(state, checkpoint, found)
    check_entries(state, 0, 0, found)
    return found


def check_receipt(receipt: Mapping[str, Any], known_key: str | None) -> Findings:
    """Check a receipt, by the key that it names or by one that is known otherwise."""
    found = Findings(entries=1)
    try:
        entry, proof = receipt["entry"], receipt["proof"]
        checkpoint = verified(receipt["checkpoint"], Verifier.of(known_key or receipt["verifier_key"]))
        found.size, found.signed_by = checkpoint.size, checkpoint.origin
        hash = decoded(proof["leaf_hash"])
        path = [decoded(each) for each in proof["path"]]
        check_inclusion(hash, entry["position"], checkpoint.size, path, checkpoint.root)
        found.faults += list(entry_faults(entry, hash)) if entry["leaf"] else ["the entry has no leaf"]
    except (BadNote, Unproved) as error:
        found.faults.append(str(error))
    except (KeyError, TypeError, ValueError) as error:
        found.faults.append(f"this is no receipt: {type(error).__name__}")
    return found
