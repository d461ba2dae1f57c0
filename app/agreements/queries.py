"""What lists of agreements are asked for."""

from sqlalchemy import or_

from app.access.caller import Caller
from app.agreements.models import Agreement, AgreementList, AgreementParty, AgreementSignatory
from app.resources.kind import Conditions
from app.resources.lists import linked


def conditions(_wanted: AgreementList, _caller: Caller) -> Conditions:
    """Those of filters of agreements that look into other tables."""
    return {
        "partner_id": lambda ids: or_(
            linked(Agreement, AgreementSignatory, "partner_id", ids),
            linked(Agreement, AgreementParty, "partner_id", ids),
        )
    }
