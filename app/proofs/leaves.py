"""The leaves of the log: what an entry says, without the words that it is about and without the key that wrote it."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from json.encoder import encode_basestring as quoted
from typing import Any

from app.proofs.canonical import canonical
from app.proofs.tree import HASH_BYTES, hash_of_leaf

LEAF_FIELDS = (
    "at",
    "action",
    "resource_type",
    "resource_id",
    "version",
    "visibility",
    "previous_visibility",
    "by_partner_id",
    "key_ref",
    "changed_fields",
    "proposal_id",
    "reason",
    "data_digest",
)
LEAF_COLUMNS = (*LEAF_FIELDS, "redacts")
IN_ORDER, IN_ORDER_WITH_REDACTS = sorted(LEAF_FIELDS), sorted(LEAF_COLUMNS)


def new_salt() -> str:
    """What keeps words from being guessed by their digest, for one entry."""
    return encoded(secrets.token_bytes(HASH_BYTES))


def salted(salt: str, text: str) -> str:
    """The salted digest of a text: SHA-256 over the salt and the text in UTF-8."""
    return encoded(hashlib.sha256(decoded(salt) + text.encode()).digest())


def digest_of(salt: str, data: Any) -> str:
    """The digest of the content of a resource: of its canonical JSON, and of nothing where there is none."""
    return salted(salt, "" if data is None else canonical(data))


def leaf_of(entry: Mapping[str, Any]) -> str:
    """The leaf of an entry, whose time is one: canonical JSON. What was redacted is named only where something was."""
    names = IN_ORDER if entry["redacts"] is None else IN_ORDER_WITH_REDACTS
    # They are in order already: a page of the feed has a hundred leaves.
    members = [f'"{name}":{said(entry[name])}' for name in names]
    return f"{{{','.join(members)}}}"


def said(value: Any) -> str:
    """One value of a leaf: ids and codes are texts."""
    match value:
        case None:
            return "null"
        case int() | list():
            return canonical(value)
        case datetime():
            return f'"{moment(value)}"'
        case _:
            return quoted(str(value))


def moment(at: datetime) -> str:
    """A time in UTC, always with its microseconds."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def leaf_hash(leaf: str) -> str:
    """The hash of a leaf in the tree."""
    return encoded(hash_of_leaf(leaf.encode()))


def encoded(hash: bytes) -> str:
    """Bytes as they are written everywhere: Base64 (RFC 4648)."""
    return base64.b64encode(hash).decode()


def decoded(text: str) -> bytes:
    """The bytes that were written so; raises ValueError for what is none."""
    return base64.b64decode(text, validate=True)
