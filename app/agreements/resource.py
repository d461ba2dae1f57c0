"""What the register knows of agreements: the declaration of the kind."""

from app.access.roles import Role
from app.agreements.models import Agreement, AgreementCreate, AgreementPublic, AgreementSignatory
from app.resources.kind import ChildList, Kind

AGREEMENTS = Kind(
    path="agreements",
    table=Agreement,
    create=AgreementCreate,
    public=AgreementPublic,
    writer=Role.admin,
    lists={"signatories": ChildList(AgreementSignatory, parent="agreement_id")},
)
