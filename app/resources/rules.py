"""Rules between fields that more than one kind of resource has."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import TypeVar
from uuid import UUID

from app.http.problems import FieldError, at
from app.language import Text
from app.schema.text import is_visible
from app.vocabularies.term import Term

Time = TypeVar("Time", bound=date)

BEFORE_START = Text("Das Ende liegt nicht nach dem Beginn.", "The end is not after the start.")
REASON = Text("Dieser Status braucht eine Begründung.", "This status needs a reason.")


def in_order(field: str, start: Time | None, end: Time | None, *, may_be_equal: bool) -> Iterator[FieldError]:
    """The error of an end that is before its start."""
    if start is not None and end is not None and (end < start or (end == start and not may_be_equal)):
        yield at(field, code="before_start", detail=BEFORE_START)


def led_to(id: UUID | None, following: Mapping[UUID, UUID | None]) -> set[UUID]:
    """What an id leads to, itself and each that follows it, by whatever way; it ends where something comes again."""
    passed: set[UUID] = set()
    while id is not None and id not in passed:
        passed.add(id)
        id = following.get(id)
    return passed


def with_reason(status: Term, reason: str | None, needing: Collection[Term]) -> Iterator[FieldError]:
    """The error of a status that is not explained although it must be."""
    if status in needing and not is_visible(reason):
        yield at("status_reason", code="reason_required", detail=REASON)
