"""What lists of agreements are asked for."""

from sqlalchemy import ColumnElement, or_

from app.access.caller import Caller
from app.agreements.models import Agreement, AgreementList, AgreementParty, AgreementSignatory
from app.resources.lists import linked, matching


def filters(wanted: AgreementList, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of a list of agreements."""
    return matching(
        Agreement,
        wanted,
        caller,
        {
            "partner_id": lambda ids: or_(
                linked(Agreement, AgreementSignatory, "partner_id", ids),
                linked(Agreement, AgreementParty, "partner_id", ids),
            )
        },
    )
