"""What lists of partners are asked for."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, exists, true

from app.access.caller import Caller
from app.database import table_of
from app.partners.models import Partner, PartnerList, PartnerMembership, PartnerServiceField
from app.resources.lists import any_of, linked, matching
from app.schema.period import holds_on


def filters(wanted: PartnerList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of partners, `on` a day where `member_of_id` is among them."""
    return matching(
        Partner,
        wanted,
        caller,
        {
            "service_field": lambda fields: linked(Partner, PartnerServiceField, "service_field", fields),
            "member_of_id": lambda ids: is_member(ids, wanted.on),
        },
    )


def is_member(umbrella_ids: list[UUID], day: date | None) -> ColumnElement[bool]:
    """Whether a partner is a member of any of these on a day."""
    membership = table_of(PartnerMembership)
    return exists().where(
        membership.c.member_id == table_of(Partner).c.id,
        any_of(membership.c.umbrella_id, umbrella_ids),
        true() if day is None else holds_on(membership, day),
    )
