"""Signed notes, checkpoints and cosignatures, as C2SP describes them (signed-note, tlog-checkpoint, tlog-cosignature).

A note is text, an empty line, and a line for each signature: a dash, the name of the key, and in Base64 the first four
bytes of the key's hash with the signature. Keys are written as Go's `sumdb/note` does: the name, that hash and the key,
between plus signs.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.proofs.leaves import decoded, encoded
from app.proofs.tree import HASH_BYTES

ED25519, COSIGNATURE = b"\x01", b"\x04"
"""What a key signs: notes as they are, or checkpoints at a time."""
SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<blob>[A-Za-z0-9+/]+={0,2})")
VERIFIER = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+={0,2})")
SIGNER = re.compile(rf"PRIVATE\+KEY\+{VERIFIER.pattern}")
NAME = re.compile(r"[^\s+]{1,200}")
SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
ID_BYTES, TIME_BYTES = 4, 8


class BadNote(Exception):
    """A text that is no note, no key, or not signed by the key that it must be signed by."""


def id_of(name: str, kind: bytes, public: bytes) -> bytes:
    """By what the line of a signature tells its key."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:ID_BYTES]


@dataclass(frozen=True)
class Verifier:
    """A public key with its name."""

    name: str
    kind: bytes
    public: bytes

    @classmethod
    def of(cls, text: str) -> Self:
        """The key that a text says; raises BadNote for what is none."""
        found = VERIFIER.fullmatch(text.strip())
        key = key_in(found["key"]) if found else b""
        if found is None or key[:1] not in (ED25519, COSIGNATURE):
            raise BadNote("this is no public key for notes: name+hash+key")
        verifier = cls(found["name"], key[:1], key[1:])
        if verifier.id.hex() != found["id"]:
            raise BadNote("the hash in the public key is not that of the key")
        return verifier

    @property
    def id(self) -> bytes:
        """By what its signatures are told."""
        return id_of(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded(self.kind + self.public)}"

    def check(self, note: "Note") -> int:
        """The time of its signature of a note in seconds, 0 where it says none; raises BadNote unless it has signed it."""
        public = Ed25519PublicKey.from_public_bytes(self.public)
        for blob in note.signatures_of(self):
            is_timed = self.kind == COSIGNATURE
            seconds, signature = int.from_bytes(blob[:TIME_BYTES], "big"), blob[TIME_BYTES:]
            try:
                if is_timed:
                    public.verify(signature, cosigned(note.text, seconds).encode())
                else:
                    public.verify(blob, note.text.encode())
            except InvalidSignature:
                continue
            return seconds if is_timed else 0
        raise BadNote(f"the note is not signed by {self.name}")


def key_in(text: str) -> bytes:
    """The bytes of a key with its kind; raises BadNote for what is none."""
    key = loose(text)
    if len(key) != 1 + HASH_BYTES:
        raise BadNote("a key has a byte for its kind and 32 more")
    return key


def cosigned(text: str, seconds: int) -> str:
    """What a cosignature signs of a checkpoint."""
    return f"cosignature/v1\ntime {seconds}\n{text}"


@dataclass(frozen=True)
class Signer:
    """A private key with its name."""

    name: str
    kind: bytes
    seed: bytes

    @classmethod
    def new(cls, name: str, kind: bytes = ED25519) -> Self:
        """A new key; raises BadNote for a name that none can have."""
        if not NAME.fullmatch(name):
            raise BadNote("the name of a key has neither spaces nor plus signs")
        return cls(name, kind, secrets.token_bytes(HASH_BYTES))

    @classmethod
    def of(cls, text: str) -> Self:
        """The key that a text says; raises BadNote for what is none."""
        found = SIGNER.fullmatch(text.strip())
        key = key_in(found["key"]) if found else b""
        if found is None or key[:1] not in (ED25519, COSIGNATURE):
            raise BadNote("this is no private key for notes: PRIVATE+KEY+name+hash+key")
        signer = cls(found["name"], key[:1], key[1:])
        if signer.verifier.id.hex() != found["id"]:
            raise BadNote("the hash in the private key is not that of the key")
        return signer

    @property
    def key(self) -> Ed25519PrivateKey:
        """The key itself."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def verifier(self) -> Verifier:
        """Its public half."""
        return Verifier(self.name, self.kind, self.key.public_key().public_bytes_raw())

    def __str__(self) -> str:
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{encoded(self.kind + self.seed)}"

    def line(self, text: str, seconds: int = 0) -> str:
        """The line of its signature under a note; a cosignature says its time."""
        is_timed = self.kind == COSIGNATURE
        message = cosigned(text, seconds) if is_timed else text
        time = seconds.to_bytes(TIME_BYTES, "big") if is_timed else b""
        return f"— {self.name} {encoded(self.verifier.id + time + self.key.sign(message.encode()))}\n"


class Note(NamedTuple):
    """A text and the lines of its signatures."""

    text: str
    lines: Sequence[str]

    @classmethod
    def of(cls, note: str) -> "Note":
        """The note that a text is; raises BadNote for what is none."""
        text, separator, signatures = note.rpartition("\n\n")
        lines = signatures.splitlines()
        if not (separator and lines and signatures.endswith("\n") and all(map(SIGNATURE_LINE.fullmatch, lines))):
            raise BadNote("this is no signed note")
        return cls(f"{text}\n", [f"{line}\n" for line in lines])

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(self.lines)}"

    def signatures_of(self, verifier: Verifier) -> list[bytes]:
        """What a key of this name and hash has signed."""
        found = [match for line in self.lines if (match := SIGNATURE_LINE.match(line))]
        blobs = [loose(match["blob"]) for match in found if match["name"] == verifier.name]
        return [blob[ID_BYTES:] for blob in blobs if blob[:ID_BYTES] == verifier.id]


def loose(text: str) -> bytes:
    """The bytes of a text in Base64; nothing where it is none."""
    try:
        return decoded(text)
    except ValueError:
        return b""


class Checkpoint(NamedTuple):
    """What a log says of itself: its name, how many leaves it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def of(cls, text: str) -> "Checkpoint":
        """The checkpoint that the text of a note is; raises BadNote for what is none."""
        origin, size, root, *_ = [*text.split("\n"), "", ""]
        hash = loose(root)
        if not origin or not SIZE.fullmatch(size) or len(hash) != HASH_BYTES or not text.endswith("\n"):
            raise BadNote("this is no checkpoint of a log")
        return cls(origin, int(size), hash)

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


def verified(note: str, log: Verifier) -> Checkpoint:
    """The checkpoint of a note that a log has signed; raises BadNote where it has not, or where it is another log's."""
    parsed = Note.of(note)
    checkpoint = Checkpoint.of(parsed.text)
    if log.name != checkpoint.origin:
        raise BadNote(f"the checkpoint is of another log: {checkpoint.origin}")
    log.check(parsed)
    return checkpoint
