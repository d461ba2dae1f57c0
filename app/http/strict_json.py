"""JSON that every reader would read alike, and no more of it than any schema could take."""

import json
import re
from typing import Any

from app.http.errors import Malformed
from app.language import Text

MAX_DEPTH = 32
MOST_MEMBERS = 1_000
"""In one object: what is refused one by one costs more than what is read."""
MOST_VALUES = 10_000
"""In one body, those in lists included."""
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def parse_strictly(body: bytes, first_line: int = 1) -> Any:
    """Parse JSON (RFC 8259) and refuse what parsers read differently or a database cannot keep.

    A mistake is told with its line: that in the file, where the body is the line of a file.
    """
    if body.count(b",") >= MOST_VALUES and is_surely_too_many(body):
        raise too_many()
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise unreadable("Der Text ist kein UTF-8.", "The body is not UTF-8.") from None
    try:
        value = json.loads(
            text, object_pairs_hook=Counter().members, parse_constant=refuse_constant, parse_float=finite
        )
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise unreadable(
            f"Kein gültiges JSON in Zeile {line}, Spalte {error.colno}.",
            f"No valid JSON at line {line}, column {error.colno}.",
        ) from None
    except ValueError:
        raise unreadable("Eine Zahl hat zu viele Stellen.", "A number has too many digits.") from None
    except RecursionError:
        raise too_deep() from None
    check_values(value)
    return value


def is_surely_too_many(body: bytes) -> bool:
    """Whether a body holds more values than are allowed, seen without making any: by its quotes, then by its commas."""
    marks = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A member is two texts at most, and a comma outside of texts stands between two values.
    if marks.count(b'"') > 4 * MOST_VALUES + 2:
        return True
    return sum(part.count(b",") for part in marks.split(b'"')[::2]) >= MOST_VALUES


class Counter:
    """Counts the members of objects while they are parsed."""

    def __init__(self) -> None:
        self.found = 0

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """An object; the same name twice means different things to different parsers."""
        self.found += len(pairs)
        if len(pairs) > MOST_MEMBERS or self.found > MOST_VALUES:
            raise too_many()
        members = dict(pairs)
        if len(members) != len(pairs):
            raise unreadable("Ein Name steht zweimal im selben Objekt.", "A name stands twice in one object.")
        return members


def check_values(value: Any) -> None:
    """Refuse text that no database can keep, and more or deeper values than any schema asks for."""
    stack, found = [(value, 1)], 0
    while stack:
        current, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise too_deep()
        if isinstance(current, str):
            check_text(current)
        if isinstance(current, dict | list):
            found += len(current)
            if found > MOST_VALUES:
                raise too_many()
        if isinstance(current, dict):
            for key, member in current.items():
                check_text(key)
                stack.append((member, depth + 1))
        elif isinstance(current, list):
            stack.extend((member, depth + 1) for member in current)


def check_text(text: str) -> None:
    """Refuse NUL and halves of surrogate pairs."""
    if "\0" in text:
        raise unreadable("NUL-Zeichen sind nicht erlaubt.", "NUL characters are not allowed.")
    if not text.isascii() and LONE_SURROGATE.search(text):
        raise unreadable("Der Text enthält ein halbes Unicode-Zeichen.", "The text contains a lone surrogate.")


def refuse_constant(_name: str) -> Any:
    """NaN and the infinities are not JSON."""
    raise unreadable("NaN und Infinity sind kein JSON.", "NaN and Infinity are not JSON.")


def finite(digits: str) -> float:
    """A number with a fraction or exponent, when a double can hold it."""
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise unreadable("Eine Zahl ist zu groß.", "A number is too large.")
    return number


def too_deep() -> Malformed:
    """The problem of a body that is nested too deeply."""
    return unreadable(
        f"Mehr als {MAX_DEPTH} Ebenen sind nicht erlaubt.", f"More than {MAX_DEPTH} levels are not allowed."
    )


def too_many() -> Malformed:
    """The problem of a body that holds more than any schema could take."""
    return unreadable(
        f"Mehr als {MOST_MEMBERS} Namen in einem Objekt oder {MOST_VALUES} Werte insgesamt sind nicht erlaubt.",
        f"More than {MOST_MEMBERS} names in one object, or {MOST_VALUES} values in all, are not allowed.",
    )


def unreadable(german: str, english: str) -> Malformed:
    """The problem of a body that cannot be parsed."""
    return Malformed(Text(german, english))
