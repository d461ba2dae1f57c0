"""The header by which a caller reads what it has written, wherever that is read."""

import re
from typing import Any

from fastapi import Depends, Request

from app.database.standbys import read_after
from app.http.errors import Malformed
from app.http.problems import FieldError
from app.language import Text

READ_AFTER = "Read-After"
POSITION = re.compile(r"[0-9]{1,16}")
NOT_A_POSITION = Text(
    "Hier wird die Nummer einer Änderung erwartet, wie der Header Change-Position sie nennt.",
    "The number of a change is expected here, as the header Change-Position names it.",
)


async def note_read_after(request: Request) -> None:
    """Let nothing be answered that is older than what the caller has seen; raises Malformed for what is no position."""
    value = request.headers.get("read-after")
    if value is None:
        return
    if not POSITION.fullmatch(value):
        raise Malformed(NOT_A_POSITION, errors=[FieldError("header", READ_AFTER, "not_a_position", NOT_A_POSITION)])
    read_after.set(int(value))


AFTER = Depends(note_read_after)


def in_contract(most: int) -> dict[str, Any]:
    """The header as the contract shows it."""
    return {
        "name": READ_AFTER,
        "in": "header",
        "required": False,
        "description": "A `Change-Position` that was answered before: what is read is of that position or later.",
        "schema": {"type": "integer", "format": "int64", "minimum": 0, "maximum": most},
    }
