"""Agreements as a kind of resource."""

from app.access.roles import Role
from app.agreements.models import Agreement, AgreementCreate, AgreementPublic, AgreementSignatory, AgreementUpdate
from app.resources.kind import ChildList, Kind

AGREEMENTS = Kind(
    path="agreements",
    table=Agreement,
    create=AgreementCreate,
    public=AgreementPublic,
    update=AgreementUpdate,
    writer=Role.admin,
    lists={"signatories": ChildList(AgreementSignatory, parent="agreement_id")},
)
