"""What must hold between the fields of partners, and who is on which day a member of whom."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from app.http.messages import MESSAGES
from app.http.problems import FieldError, at
from app.language import Text
from app.partners.models import PartnerCreate
from app.resources.rules import in_order

END_NEEDED = Text(
    "Wer in einem anderen Partner aufgegangen ist, hat einen letzten Tag.",
    "A partner that became part of another one has a last day.",
)


class Belonging(NamedTuple):
    """A membership: of whom, and its first and last day."""

    umbrella_id: UUID
    start: date
    end: date


Belongings = Mapping[UUID, Collection[Belonging]]
"""The memberships of each partner that has any."""


def belonging(umbrella_id: UUID, start: date | None, end: date | None) -> Belonging:
    """A membership whose days can be open."""
    return Belonging(umbrella_id, start or date.min, end or date.max)


def check(partner: PartnerCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a partner."""
    yield from in_order("dissolved_on", partner.founded_on, partner.dissolved_on, may_be_equal=True)
    if partner.merged_into_id is not None and partner.dissolved_on is None:
        yield at("dissolved_on", code="day_required", detail=END_NEEDED)
    passed: list[Belonging] = []
    for position, membership in enumerate(partner.memberships):
        period = membership.model_dump()
        for error in in_order("until", period["from"], period["until"], may_be_equal=True):
            yield at("memberships", position, "until", code=error.code, detail=error.detail)
        one = belonging(membership.umbrella_id, period["from"], period["until"])
        if any(one.umbrella_id == other.umbrella_id and overlap(one, other) for other in passed):
            yield at("memberships", position, "umbrella_id", code="repeated", detail=MESSAGES["repeated"])
        passed.append(one)


def overlap(one: Belonging, other: Belonging) -> bool:
    """Whether both hold on some day."""
    return one.start <= other.end and other.start <= one.end


def closes_circle(partner: UUID, membership: Belonging, known: Belongings) -> bool:
    """Whether on some day of a membership its umbrella is the partner itself or, by whatever way, a member of it."""
    above = umbrellas_of(membership.umbrella_id, known)
    if partner not in above:
        return False
    # Memberships that all hold on some day all hold on the day on which the last of them begins.
    starts = {each.start for id in above for each in known.get(id, ())} | {membership.start}
    days = (day for day in starts if membership.start <= day <= membership.end)
    return any(partner in umbrellas_of(membership.umbrella_id, known, day) for day in days)


def umbrellas_of(id: UUID, known: Belongings, day: date | None = None) -> set[UUID]:
    """A partner and all that it is a member of, by whatever way: on a day, or on any."""
    passed: set[UUID] = set()
    waiting = [id]
    while waiting:
        id = waiting.pop()
        if id not in passed:
            passed.add(id)
            waiting += (each.umbrella_id for each in known.get(id, ()) if day is None or each.start <= day <= each.end)
    return passed
