"""JSON in its canonical form (RFC 8785): one text for one content, whoever writes it."""

from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any

MOST_PLAIN_DIGITS = 21
MOST_ZEROS = 6
LAST_EXACT = 2**53


def canonical(value: Any) -> str:
    """The canonical text of what JSON can hold; raises TypeError for what it cannot."""
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, dict):
        # Code points are in the order of UTF-16 as long as there are no others.
        names = sorted(value) if "".join(value).isascii() else sorted(value, key=utf16)
        return f"{{{','.join([f'{quoted(name)}:{canonical(value[name])}' for name in names])}}}"
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    raise TypeError(f"{type(value).__name__} is not of JSON")


def utf16(name: str) -> bytes:
    """By what names are sorted."""
    return name.encode("utf-16-be")


def number(value: float) -> str:
    """A number as ECMAScript writes it: every number is a double."""
    if isinstance(value, int) and abs(value) <= LAST_EXACT:
        return str(value)
    sign, digits, exponent = Decimal(repr(float(value))).normalize().as_tuple()
    if not isinstance(exponent, int):
        raise TypeError("neither infinite nor undefined numbers are of JSON")
    text = "".join(map(str, digits))
    # Where the point stands, counted from the first digit.
    point = len(text) + exponent
    if text == "0":
        return text
    if len(text) <= point <= MOST_PLAIN_DIGITS:
        written = text.ljust(point, "0")
    elif 0 < point <= MOST_PLAIN_DIGITS:
        written = f"{text[:point]}.{text[point:]}"
    elif -MOST_ZEROS < point <= 0:
        written = f"0.{'0' * -point}{text}"
    else:
        written = f"{text[0]}{'.' if text[1:] else ''}{text[1:]}e{point - 1:+d}"
    return f"{'-' * sign}{written}"
