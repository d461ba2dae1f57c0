"""What a text may hold, whoever sends it: in one normal form, and with something to see where it is a name.

A JSON schema says as much of it as a regular expression can that Python, ECMA 262 and Rust read alike: it knows the marks
of Latin, Greek and Cyrillic. That those of other scripts alone are no name either is said by the validators only.
"""

import re
import unicodedata
from typing import Any

from pydantic_core import PydanticCustomError

# PostgreSQL keeps no NUL; bidi overrides make text read otherwise than it is.
CONTROLS = r"\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069"
BREAKS = r"\u000a-\u000d\u001c-\u001e\u0085\u2028\u2029"
SPACES = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
INVISIBLE = (
    r"\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff"
)
MARKS = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

IN_LINE = rf"[^{CONTROLS}\u2028\u2029]"
AT_END = rf"[^{CONTROLS}\u2028\u2029{SPACES}]"
SEEN = rf"[^{CONTROLS}\u2028\u2029{SPACES}{INVISIBLE}{MARKS}]"

LINE_PATTERN = f"^({AT_END}{IN_LINE}*)?{SEEN}({IN_LINE}*{AT_END})?$"
SEARCH_PATTERN = f"^{IN_LINE}*{SEEN}{IN_LINE}*$"
PARAGRAPHS_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"

CONTROL = re.compile(f"[{CONTROLS}]")
BREAK = re.compile(f"[{BREAKS}]")
SPACE = re.compile(f"[{SPACES}]")
# Letters and symbols by their category, and yet nothing is drawn; then what Unicode keeps for more of the kind.
BLANK = re.compile(r"[\u115f\u1160\u2065\u2800\u3164\uffa0\ufff0-\ufff8\ufffe\uffff\U0001d159\U000e0000-\U000e0fff]")
UNSEEN = frozenset("MZC")
ASSIGNED_LATER, PRIVATE = "Cn", "Co"


def composed(value: Any) -> Any:
    """A text in the one form (NFC) in which texts that look alike by Unicode's rules are equal."""
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def is_visible(text: str | None) -> bool:
    """Whether there is anything to see: not only spaces, joiners, marks without a letter, and the like."""
    return text is not None and any(is_seen(letter) for letter in text)


def is_seen(letter: str) -> bool:
    """Whether a character is drawn by itself."""
    category = unicodedata.category(letter)
    return (category[0] not in UNSEEN or category in (ASSIGNED_LATER, PRIVATE)) and not BLANK.match(letter)


def visible(value: Any) -> Any:
    """The text in NFC; refuse one in which there is nothing to see."""
    value = composed(value)
    # One that is empty is too short, and told so.
    if isinstance(value, str) and value and not is_visible(value):
        raise PydanticCustomError("invisible_text", "Nothing to see")
    return value


def searched(value: Any) -> Any:
    """The text in NFC; refuse one of several lines, with control characters, or with nothing to see."""
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        if BREAK.search(value):
            raise PydanticCustomError("line_break", "More than one line")
        if CONTROL.search(value):
            raise PydanticCustomError("control_character", "Control character")
    return visible(value)


def one_line(value: Any) -> Any:
    """The text in NFC; refuse what `searched` refuses, and space at the ends."""
    value = searched(value)
    if isinstance(value, str) and value and (SPACE.match(value[0]) or SPACE.match(value[-1])):
        raise PydanticCustomError("surrounding_space", "Space at an end")
    return value
