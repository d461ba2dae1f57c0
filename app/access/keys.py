"""Keys and secret addresses: a prefix for scanners to find leaked ones by, 256 random bits, a checksum for typing errors."""

import base64
import hashlib
import re
import secrets
import zlib

from app.http.masking import KEY_PREFIX

FEED_PREFIX = "crc_"
"""How the secret of a calendar feed begins, where a key has `KEY_PREFIX`: neither works in place of the other."""
FORM = re.compile(r"[A-Za-z0-9_-]{43}[0-9a-f]{8}", re.ASCII)


def new_key(prefix: str = KEY_PREFIX) -> str:
    """A new key."""
    secret = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    return f"{prefix}{secret}{checksum(secret)}"


def is_well_formed(key: str, prefix: str = KEY_PREFIX) -> bool:
    """Whether this can be a key at all; a typing error fails here, without a look into the database."""
    secret = key.removeprefix(prefix)
    return secret != key and bool(FORM.fullmatch(secret)) and checksum(secret[:-8]) == secret[-8:]


def checksum(secret: str) -> str:
    """The CRC-32 of the secret part in hexadecimal."""
    return f"{zlib.crc32(secret.encode()):08x}"


def stand_in(id: object) -> str:
    """What stands where the digest of a key or a secret address was that stayed behind: nothing hashes to it."""
    return f"exported {id}"


def digest(key: str) -> str:
    """What is stored of a key. It has 256 random bits, so a plain SHA-256 cannot be turned round."""
    return hashlib.sha256(key.encode()).hexdigest()
