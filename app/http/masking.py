"""Keys and secret addresses, wherever something that is told may hold one."""

import re

# All that follows is hidden up to the next part of an address or the end of a JSON string: a mail program may have broken
# the secret into lines, and half of one is no business of a log either.
SECRET = re.compile(r"(cr[ck]_|whsec_)[A-Za-z0-9_-][^/\"\\]*", re.IGNORECASE)


KEY_PREFIX = "crk_"
SHOWN = len(KEY_PREFIX) + 8


def shown(key: str) -> str:
    """The beginning of a key, by which people tell keys apart."""
    return key[:SHOWN]


def masked(text: str) -> str:
    """The same text without secrets: of each only what kind it is."""
    return SECRET.sub(r"\1***", text)
