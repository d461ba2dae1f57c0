"""`/v1/<resource>/external/{system}/{id}`: every kind, under the ids by which other systems know its resources."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Path
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.catalogue import FEATURES
from app.database.tables import table_of
from app.http.headers import Conditional
from app.http.responses import conflicts
from app.http.runtime import Reading
from app.interchange.bodies import INTAKES, Intake
from app.interchange.putting import id_of, put
from app.resources.answers import put_at
from app.resources.external_ids import ExternalId
from app.resources.freezing import grips
from app.resources.kind import Kind
from app.resources.reading import read_one
from app.resources.transactions import ByContributor
from app.schema.fields import Name, Slug

router = Router(part="/external/")

STEPS = (".", "..")
"""What no address ends with: whoever sends it goes up a step instead (RFC 3986, section 5.2.4)."""


def in_address(id: str) -> str:
    """Refuse an id that has no address."""
    if id in STEPS:
        raise PydanticCustomError("no_address", "No address")
    return id


SystemInPath = Annotated[Slug, Path(description="The other system.", examples=["caritas-crm"])]
IdInPath = Annotated[
    Name,
    AfterValidator(in_address),
    Path(description="Id in that system; what has a meaning in addresses is percent-encoded.", examples=["M 17/4"]),
]

GETTING = """Read what another system knows by an id of its own."""
PUTTING = """Create or replace what another system knows by an id of its own.

The body is that of its creation; in place of each `..._id` it can name what it refers to by the id of another system. What it
leaves out is as in something new, but for what stays: the state, the ids of other systems, what never changes, what the
register gave, and words that are not the caller's. The same content again changes nothing. If-Match and If-None-Match are
honoured when they are sent."""


def add_external(intake: Intake, tag: str) -> None:
    """Offer one kind under the ids of other systems."""
    kind, noun = intake.kind, intake.kind.type
    path = f"/v1/{intake.kind.plural}/external/{{system}}/{{identifier:path}}"

    async def get(
        database: Reading, caller: Anyone, system: SystemInPath, identifier: IdInPath, preconditions: Conditional
    ) -> Response:
        own = ExternalId(system=system, id=identifier)
        found = await database.read_anywhere(lambda connection: id_of(connection, caller, kind, own), is_quick=True)
        return await read_one(database, caller, kind, found, preconditions)

    async def put_it(
        session: ByContributor, system: SystemInPath, identifier: IdInPath, content: Any, preconditions: Conditional
    ) -> Response:
        row, is_new = await put(session, intake, ExternalId(system=system, id=identifier), content, preconditions)
        return put_at(address_of(intake, system, identifier), row, is_new=is_new)

    # What is sent differs from kind to kind, and only this says so.
    put_it.__annotations__["content"] = intake.body
    get.__name__, put_it.__name__ = f"get_{noun}_by_external_id", f"put_{noun}_by_external_id"
    router.add_api_route(
        path,
        get,
        methods=["GET"],
        description=GETTING,
        response_model=kind.public,
        tags=[tag],
    )
    router.add_api_route(
        path,
        put_it,
        methods=["PUT"],
        description=PUTTING,
        response_model=kind.public,
        responses={201: {"model": kind.public}, **conflicts(*refusals(kind))},
        tags=[tag],
    )


def refusals(kind: Kind[Any]) -> list[str]:
    """The problems of a write that what is there stands against."""
    can_be_kept = kind.frozen is not None or any(grip.target is table_of(kind.table) for grip in grips())
    return [
        "duplicate",
        *(["frozen"] if can_be_kept else []),
        *(["transition-not-allowed"] if kind.transitions is not None else []),
        *kind.refuses,
    ]


def address_of(intake: Intake, system: str, id: str) -> str:
    """The address of what a system knows by an id."""
    return f"/v1/{intake.kind.plural}/external/{system}/{quote(id, safe='')}"


for feature in FEATURES:
    add_external(INTAKES[feature.kind.plural], feature.tag)
