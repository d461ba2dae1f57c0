"""What the register knows of partners: the declaration of the kind."""

from app.access.roles import Role
from app.partners.models import Partner, PartnerCreate, PartnerPublic, PartnerServiceField
from app.partners.rules import check
from app.resources.kind import ChildList, Kind

PARTNERS = Kind(
    path="partners",
    table=Partner,
    create=PartnerCreate,
    public=PartnerPublic,
    writer=Role.admin,
    named_by="name",
    searched=("name", "short_name", "description"),
    lists={
        "service_fields": ChildList(PartnerServiceField, parent="partner_id", value="service_field"),
    },
    check=check,
)
