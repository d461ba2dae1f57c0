"""What lists of partners are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.partners.models import Partner, PartnerList, PartnerServiceField
from app.resources.lists import linked, matching


def filters(wanted: PartnerList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of partners."""
    return matching(
        Partner,
        wanted,
        caller,
        {"service_field": lambda fields: linked(Partner, PartnerServiceField, "service_field", fields)},
    )
