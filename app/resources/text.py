"""Text as people search and sort it, computed here so that both databases agree."""

import unicodedata
from functools import lru_cache

from app.resources.schema import SORT_NAME_LENGTH
from app.schema.text import BLANK

# What Unicode does not take apart, although people type the plain letter for it.
PLAIN = {
    "\u0131": "i",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "æ": "ae",
    "œ": "oe",
    "ð": "d",
    "þ": "th",
    "\u2010": "-",
}
FORMAT = "Cf"


def searchable(*texts: str | None) -> str:
    """The texts in one, each folded: what `q` is looked for in, and `q` itself."""
    return "\n".join(folded(text) for text in texts if text)


def sortable(text: str) -> str:
    """The text folded, so that Ä stands with A (DIN 5007-1)."""
    return folded(text)[:SORT_NAME_LENGTH]


def folded(text: str) -> str:
    """The text without case, accents and what is not seen, with one space where there is any.

    A text of accents alone stays as it is: nothing else would be left to find.
    """
    # Taken apart before and after: casefolding knows some letters only in parts, and makes some that have parts.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    # Letter by letter of the few that a text has: a table would be asked for each place in it.
    for letter in set(apart):
        if (plain := plain_letter(letter)) != letter:
            apart = apart.replace(letter, plain)
    return " ".join(apart.split()) or text


@lru_cache(maxsize=4096)
def plain_letter(letter: str) -> str:
    """What people type for a character; nothing for one that only changes how others look: an accent, a joiner."""
    is_seen = not unicodedata.combining(letter) and unicodedata.category(letter) != FORMAT
    return PLAIN.get(letter, letter) if is_seen and BLANK.match(letter) is None else ""
