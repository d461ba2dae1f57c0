"""What lists of agreements are asked for."""

from sqlalchemy import ColumnElement
from sqlmodel import col

from app.agreements.models import Agreement, AgreementList, AgreementSignatory
from app.resources.lists import linked, matching


def filters(wanted: AgreementList) -> list[ColumnElement[bool]]:
    """The conditions of a list of agreements."""
    return matching(
        Agreement,
        wanted,
        {"partner_id": lambda ids: linked(AgreementSignatory, "agreement_id", col(Agreement.id), "partner_id", ids)},
    )
