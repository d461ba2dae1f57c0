"""Cursors of the log: where a caller is in it, and with whose eyes."""

import base64
import re
from typing import Literal, NamedTuple

from app.access.caller import Caller
from app.changes.errors import RightsChanged
from app.changes.models import HASH_LENGTH, LAST_POSITION
from app.http.errors import Invalid
from app.http.messages import MESSAGES
from app.http.problems import FieldError

HASH_SHOWN = 16
OF_EARLIER_LOG = re.compile(f"[0-9a-f]{{{HASH_SHOWN}}}")
"""The hashes in cursors of versions that chained the log; in those of leaves there is always something else."""
SentAs = tuple[Literal["parameter", "header"], str]
"""Where in a request a cursor stands."""
AS_PARAMETER: SentAs = ("parameter", "cursor")
AS_LAST_EVENT: SentAs = ("header", "Last-Event-ID")


class LogPlace(NamedTuple):
    """A place in the log: behind the entry at a position, whose leaf has a hash that begins so."""

    position: int
    hash: str


START = LogPlace(0, "A" * HASH_LENGTH)


def encode(place: LogPlace, caller: Caller) -> str:
    """The cursor behind a place, for callers of this audience."""
    text = f"{place.position}:{place.hash[:HASH_SHOWN]}:{audience(caller)}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, caller: Caller, sent_as: SentAs = AS_PARAMETER) -> LogPlace:
    """The place that a cursor stands for; raises Invalid for what is none, RightsChanged for another audience's."""
    try:
        position, hash, whose = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(":")
        place = LogPlace(int(position), hash)
    except ValueError:
        place, whose = LogPlace(-1, ""), ""
    if not 0 <= place.position <= LAST_POSITION or len(place.hash) != HASH_SHOWN or whose not in ("public", "partners"):
        raise Invalid(errors=[FieldError(*sent_as, "invalid_cursor", MESSAGES["invalid_cursor"])])
    if whose != audience(caller):
        raise RightsChanged
    return place


def audience(caller: Caller) -> str:
    """The audience that a caller belongs to: all of one see the same feed."""
    return "partners" if caller.sees_partners else "public"
