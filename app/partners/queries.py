"""What lists of partners are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.partners.models import Partner, PartnerList, PartnerServiceField
from app.resources.lists import linked, matching


def filters(wanted: PartnerList) -> list[ColumnElement[bool]]:
    """The conditions of a list of partners."""
    return matching(
        Partner,
        wanted,
        {
            "service_field": lambda fields: linked(
                PartnerServiceField, "partner_id", col(Partner.id), "service_field", fields
            )
        },
    )
