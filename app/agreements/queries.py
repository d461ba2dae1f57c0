"""What lists of agreements are asked for."""

from sqlalchemy import ColumnElement

from app.access.caller import Caller
from app.agreements.models import Agreement, AgreementList, AgreementSignatory
from app.resources.lists import linked, matching


def filters(wanted: AgreementList, _caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of agreements."""
    return matching(
        Agreement,
        wanted,
        {"partner_id": lambda ids: linked(Agreement, AgreementSignatory, "partner_id", ids)},
    )
