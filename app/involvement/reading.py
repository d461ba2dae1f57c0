"""The involvement in one decision, for the API and for the page of the decision."""

from uuid import UUID

from sqlalchemy import Connection

from app.access.caller import Caller
from app.access.visibility import visible
from app.decisions.resource import DECISIONS
from app.http.errors import NotFound
from app.involvement.models import Involvement, PartnerHearing
from app.involvement.queries import DECISION, OF_PARTNER, of_decision
from app.resources.reading import there


def involvement_in(connection: Connection, caller: Caller, id: UUID) -> Involvement:
    """Whether and when the partners were heard before a decision; raises NotFound and Gone for what is not there."""
    statement = of_decision(caller, DECISION.c.id == id, visible(DECISION, caller))
    rows = connection.execute(statement).mappings().all()
    if not rows:
        there(connection, caller, DECISIONS, id)
        raise NotFound
    partners = [
        {name: row[f"{OF_PARTNER}{name}"] for name in PartnerHearing.model_fields}
        for row in rows
        if row[f"{OF_PARTNER}partner_id"] is not None
    ]
    return Involvement.model_validate({**rows[0], "partners": partners})
