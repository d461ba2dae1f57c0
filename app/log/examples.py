"""Answers about the log for the contract: of a log with three leaves, whose proofs hold."""

from collections.abc import Mapping
from typing import Any

from app.proofs.canonical import canonical
from app.proofs.leaves import encoded
from app.proofs.notes import COSIGNATURE, ED25519, Checkpoint, Note, Signer
from app.proofs.tree import HASH_BYTES, consistency, hash_of_leaf, inclusion, root
from app.resources.ids import named_id

SIZE, POSITION = 3, 1
SIGNER = Signer("register.stadt.example", ED25519, bytes(HASH_BYTES))
COSIGNER = Signer("caritas.example", COSIGNATURE, bytes(HASH_BYTES))
SECONDS, TIME = 1_725_004_800, "2024-08-30T08:00:00Z"
PARTNER = str(named_id("partners", "caritas-dresden"))

LEAVES = [hash_of_leaf(bytes([number])) for number in range(SIZE)]
ROOT = root(LEAVES)
TEXT = str(Checkpoint(SIGNER.name, SIZE, ROOT))
CHECKPOINT = str(Note(TEXT, [SIGNER.line(TEXT), COSIGNER.line(TEXT, SECONDS)]))
PROOF = {
    "position": POSITION,
    "size": SIZE,
    "leaf_hash": encoded(LEAVES[POSITION]),
    "path": [encoded(root(LEAVES[low:high])) for low, high in inclusion(POSITION, SIZE)],
    "root": encoded(ROOT),
}
KEY_SHOWN = {"partner_id": PARTNER, "verifier_key": str(COSIGNER.verifier), "registered_at": TIME}

EXAMPLES: Mapping[str, Any] = {
    "LogKey": {"name": SIGNER.name, "verifier_key": str(SIGNER.verifier)},
    "LeafHashes": {"from": 0, "items": [*map(encoded, LEAVES)], "size": SIZE},
    "InclusionProof": PROOF,
    "ConsistencyProof": {
        "from": SIZE - 1,
        "to": SIZE,
        "path": [encoded(root(LEAVES[low:high])) for low, high in consistency(SIZE - 1, SIZE)],
        "from_root": encoded(root(LEAVES[:-1])),
        "to_root": encoded(ROOT),
    },
    "CosignerCreate": {"verifier_key": str(COSIGNER.verifier)},
    "CosignerPublic": KEY_SHOWN,
    "Cosigners": {"items": [KEY_SHOWN]},
    "CosignatureCreate": {"note": CHECKPOINT},
    "CosignaturePublic": {"partner_id": PARTNER, "size": SIZE, "signed_at": TIME},
}
"""Answers for the contract, by the names of their schemas."""


def receipt_of(change: Mapping[str, Any]) -> Mapping[str, Any]:
    """A receipt of a change, as if its log had been that short."""
    leaf = hash_of_leaf(canonical(change["leaf"]).encode())
    leaves = [*LEAVES[:POSITION], leaf]
    text = str(Checkpoint(SIGNER.name, len(leaves), root(leaves)))
    proof = PROOF | {
        "size": len(leaves),
        "leaf_hash": encoded(leaf),
        "path": [encoded(LEAVES[0])],
        "root": encoded(root(leaves)),
    }
    return {
        "entry": {**change, "position": POSITION},
        "proof": proof,
        "checkpoint": str(Note(text, [SIGNER.line(text)])),
        "verifier_key": str(SIGNER.verifier),
    }
