"""Text as people search and sort it, computed here so that both databases agree."""

import unicodedata
from functools import lru_cache

from app.resources.schema import SORT_NAME_LENGTH
from app.schema.text import BLANK

# What Unicode does not take apart, although people type the plain letter for it.
PLAIN = str.maketrans(
    {
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
)
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
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(PLAIN)
    left_out = {ord(letter): None for letter in set(apart) if is_left_out(letter)}
    return " ".join(apart.translate(left_out).split()) or text


@lru_cache(maxsize=4096)
def is_left_out(letter: str) -> bool:
    """Whether a character only changes how others look: an accent, a soft hyphen, a joiner."""
    is_seen = not unicodedata.combining(letter) and unicodedata.category(letter) != FORMAT
    return not is_seen or BLANK.match(letter) is not None
