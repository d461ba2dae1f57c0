"""What must hold between the fields of partners."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from app.http.problems import FieldError
from app.partners.models import PartnerCreate
from app.resources.rules import in_order


def check(partner: PartnerCreate) -> Iterator[FieldError]:
    """What is wrong between the fields of a partner."""
    yield from in_order("dissolved_on", partner.founded_on, partner.dissolved_on, may_be_equal=True)


def is_below(partner: UUID, umbrella: UUID | None, member_of: Mapping[UUID, UUID | None]) -> bool:
    """Whether the umbrella is the partner itself or, by whatever way, one of its members."""
    passed: set[UUID] = set()
    while umbrella is not None and umbrella not in passed:
        if umbrella == partner:
            return True
        passed.add(umbrella)
        umbrella = member_of.get(umbrella)
    return False
