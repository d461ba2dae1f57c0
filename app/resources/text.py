"""Text as people search and sort it, computed here so that both databases agree."""

import unicodedata
from collections.abc import Iterable

from app.resources.schema import SORT_NAME_LENGTH


def searchable(*texts: str | None) -> str:
    """The texts in one, without case: what `q` is looked for in, and `q` itself."""
    return unicodedata.normalize("NFC", "\n".join(filled(texts)).casefold())


def sortable(text: str) -> str:
    """The text without case and accents, so that Ä stands with A (DIN 5007-1)."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in folded if not unicodedata.combining(letter))[:SORT_NAME_LENGTH]


def filled(texts: Iterable[str | None]) -> Iterable[str]:
    """Those of the texts that are there."""
    return (text for text in texts if text)
