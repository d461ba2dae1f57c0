"""`/v1/vocabularies`, and the documents that say what everything means: `/contexts`, `/ontology.jsonld`, `/catalog.jsonld`."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel
from starlette.responses import Response

from app.access.guards import Anyone
from app.access.routing import Router
from app.catalogue import FEATURES
from app.http.base import Base
from app.http.conditional import Preconditions
from app.http.errors import NotFound
from app.http.headers import Conditional
from app.http.negotiation import JSON, LINKED, wants_linked
from app.http.runtime import Running
from app.http.tagged import tagged
from app.linked_data import vocabularies
from app.linked_data.catalogue import catalogue, facts
from app.linked_data.contexts import context_of
from app.linked_data.models import NAME_PATTERN, VocabularyList, VocabularyPublic
from app.linked_data.names import context_address
from app.linked_data.ontology import ontology
from app.resources.paging import Page

router = Router(prefix="/v1/vocabularies", tags=["vocabularies"])
documents = APIRouter(include_in_schema=False)

KINDS = {feature.kind.plural: feature.kind for feature in FEATURES}
AS_TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": {"ETag": {"$ref": "#/components/headers/ContentETag"}}}}
VocabularyName = Annotated[
    str, Path(max_length=60, pattern=NAME_PATTERN, description="Name of the vocabulary.", examples=["event-status"])
]


@router.get("", response_model=VocabularyList, responses=AS_TAGGED)
async def list_vocabularies(request: Request, _caller: Anyone, base: Base, preconditions: Conditional) -> Response:
    """List the closed vocabularies with what their terms mean, in German and English; as JSON-LD they are schemes of SKOS."""
    found = vocabularies.named().values()
    linked = vocabularies.schemes(found, base) if wants_linked(request.headers) else None
    return answer(vocabularies.listed(found), linked, preconditions)


@router.get("/{name}", response_model=VocabularyPublic, responses=AS_TAGGED)
async def get_vocabulary(
    request: Request, _caller: Anyone, base: Base, preconditions: Conditional, name: VocabularyName
) -> Response:
    """Read one closed vocabulary."""
    found = vocabularies.named().get(name)
    if found is None:
        raise NotFound
    linked = vocabularies.concepts(found, base) if wants_linked(request.headers) else None
    return answer(vocabularies.public(found), linked, preconditions)


def answer(content: BaseModel, linked: Mapping[str, Any] | None, preconditions: Preconditions) -> Response:
    """Vocabularies as JSON, or as JSON-LD where there is some of them."""
    headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
    if linked is None:
        return tagged(content.model_dump_json(), JSON, preconditions, headers)
    return tagged(written({"@context": vocabularies.CONTEXT, **linked}), LINKED, preconditions, headers)


@documents.get("/contexts/{name}.jsonld")
async def get_context(base: Base, preconditions: Conditional, name: str) -> Response:
    """What the words of one kind mean, for whoever reads its JSON as JSON-LD."""
    if name not in KINDS:
        raise NotFound
    return document(context_of(KINDS[name], base), preconditions)


@documents.get("/ontology.jsonld")
async def get_ontology(base: Base, preconditions: Conditional) -> Response:
    """What the register's own words mean."""
    return document(ontology(base), preconditions)


@documents.get("/catalog.jsonld")
async def get_data_catalogue(runtime: Running, base: Base, preconditions: Conditional) -> Response:
    """What can be downloaded here, for portals of open data (DCAT-AP.de 3)."""
    return document(catalogue(runtime.settings, base, await runtime.database.read_anywhere(facts)), preconditions)


def contexts() -> dict[str, Any]:
    """The context of each schema of the contract whose content is there as JSON-LD."""
    found: dict[str, Any] = {}
    for kind in KINDS.values():
        found |= dict.fromkeys(
            (kind.public.__name__, Page.model_parametrized_name((kind.public,))), context_address(kind)
        )
    return found | dict.fromkeys((VocabularyPublic.__name__, VocabularyList.__name__), vocabularies.CONTEXT)


def document(content: Mapping[str, Any], preconditions: Preconditions) -> Response:
    """A document of linked data."""
    return tagged(written(content), LINKED, preconditions, {"Cache-Control": "no-cache"})


def written(content: Mapping[str, Any]) -> str:
    """The text of a document."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
