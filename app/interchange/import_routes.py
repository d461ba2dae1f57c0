"""`/v1/imports`"""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from starlette.responses import Response

from app.access.guards import Contributor
from app.access.routing import Router
from app.http.body import BodyPolicy
from app.http.negotiation import content_type, language_of
from app.http.responses import conflicts
from app.http.runtime import Running
from app.interchange.imports import begin, found, received, shown
from app.interchange.lines import CSV, MEDIA_TYPES
from app.interchange.models import ImportPublic, ImportQuery
from app.resources.answers import json_of
from app.schema.fields import Id

MIB = 1024 * 1024
SECONDS_TO_SEND = 600
READS = BodyPolicy(MEDIA_TYPES, 100 * MIB, SECONDS_TO_SEND, is_streamed=True)
EXAMPLES = {
    CSV: "external_ids.system,external_ids.id,goal_id,title\n"
    "caritas-crm,M 17/4,82d99b32-4344-5127-b2f6-00da11415b04,Beratung am Abend\n"
}
LINE = (
    '{"external_ids": [{"system": "caritas-crm", "id": "M 17/4"}], "goal_id": "82d99b32-4344-5127-b2f6-00da11415b04", '
    '"title": "Beratung am Abend"}\n'
)
SENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The lines of the file, each with the fields of a PUT under the id of another system.",
        "content": {
            each: {
                # The format says to generators and to the docs page that it is a file.
                "schema": {"type": "string", "format": "binary", "maxLength": 100 * MIB, "pattern": r"^[\s\S]*$"},
                "example": EXAMPLES.get(each, LINE),
            }
            # A client for Python sends the last of several: the one that loses nothing.
            for each in reversed(MEDIA_TYPES)
        },
    }
}
BEGUN = {
    "model": ImportPublic,
    "description": "It goes on; where it is read how far it is.",
    "headers": {"Location": {"$ref": "#/components/headers/Location"}},
}

router = Router(prefix="/v1/imports", tags=["imports"])


@router.post(
    "",
    response_model=ImportPublic,
    responses={202: BEGUN, **conflicts("import-running")},
    dependencies=[Depends(READS)],
    openapi_extra=SENT,
)
async def create_import(
    request: Request, runtime: Running, caller: Contributor, wanted: Annotated[ImportQuery, Query()]
) -> Response:
    """Write many resources of one kind from a file, all or none.

    Each line has the fields of a PUT under the id of another system, and names that id first in `external_ids`. JSON
    Lines, or CSV with commas or semicolons: `external_ids.system`, `external_ids.id` and `goal.id` are columns, an
    empty cell says nothing, several values in a cell stand between semicolons. With semicolons, numbers have a decimal
    comma; a day is `2026-01-31` or `31.01.2026`. What is less than 1,000 lines is answered when it is done.
    """
    file, lines = await received(request)
    media_type = content_type(request.headers)
    row, is_done = await begin(runtime, caller, wanted, file, lines, media_type.name if media_type else CSV)
    answer = shown(runtime, row, language_of(request.headers))
    if is_done:
        return json_of(answer)
    return json_of(answer, HTTPStatus.ACCEPTED, {"Location": f"/v1/imports/{row['id']}"})


@router.get("/{id}", response_model=ImportPublic)
async def get_import(request: Request, runtime: Running, caller: Contributor, id: Id) -> Response:
    """Read how far an import of the caller's partner is, and what is wrong with its lines."""
    row = await found(runtime, caller, id)
    return json_of(shown(runtime, row, language_of(request.headers)))
