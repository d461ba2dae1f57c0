"""`/v1/decisions/{id}/involvement`"""

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.visibility import visible
from app.decisions.resource import DECISIONS
from app.http.caching import cache_headers
from app.http.problems import NotFound
from app.http.runtime import Reading
from app.involvement.models import Involvement, PartnerHearing
from app.involvement.queries import DECISION, OF_PARTNER, of_decision
from app.resources.answers import json_text
from app.resources.reading import there
from app.schema.fields import Id

router = APIRouter(prefix="/v1/decisions/{id}/involvement", tags=["decisions"])


@router.get("", response_model=Involvement)
async def get_involvement(database: Reading, caller: Anyone, id: Id) -> Response:
    """Read whether and when the partners were heard before a decision, each of them.

    It is computed from the decision, its events and its statements, never typed in. A decision that was made without anyone
    heard on an earlier day is `missed` and stays so. It says that and when a partner was heard, also where the event or
    the statement itself is for partners only.
    """
    statement = of_decision(caller, DECISION.c.id == id, visible(DECISION, caller))

    def work(connection: Connection) -> Involvement:
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

    answer = await database.read(work)
    return json_text(answer.model_dump_json(), cache_headers(is_private=caller.sees_partners))
