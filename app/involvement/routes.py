"""`/v1/decisions/{id}/involvement`"""

from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.http.runtime import Reading
from app.involvement.models import Involvement
from app.involvement.reading import involvement_in
from app.resources.answers import json_of
from app.schema.fields import Id

router = Router(prefix="/v1/decisions/{id}/involvement", tags=["decisions"])


@router.get("", response_model=Involvement)
async def get_involvement(database: Reading, caller: Anyone, id: Id) -> Response:
    """Read whether and when the partners were heard before a decision, each of them.

    It is computed from the decision, its events and its statements, never typed in. A decision that was made without anyone
    heard on an earlier day is `missed` and stays so. It says that and when a partner was heard, also where the event or
    the statement itself is for partners only.
    """
    answer = await database.read_anywhere(lambda connection: involvement_in(connection, caller, id))
    return json_of(answer, is_private=caller.sees_partners)
