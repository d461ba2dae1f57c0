"""Linked data as a processor reads it that knows nothing but what the register serves."""

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
from pyld import jsonld
from rdflib import Graph
from rdflib.namespace import DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SKOS

from tests.schemas import resolved

LINKED = "application/ld+json"
AS_LINKED = {"Accept": LINKED}
BASE = "http://register.test"
HYDRA = "http://www.w3.org/ns/hydra/core#"
DE = "http://dcat-ap.de/def/dcatde/"
KNOWN: tuple[Any, ...] = (DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SKOS)
VCARD = "http://www.w3.org/2006/vcard/ns#"
OTHERS = {
    *(f"{HYDRA}{name}" for name in ("Collection", "member", "totalItems")),
    *(f"{VCARD}{name}" for name in ("Organization", "fn", "hasEmail", "hasURL")),
    *(f"{DE}{name}" for name in ("contributorID", "licenseAttributionByText")),
    *(f"{DE}{name}" for name in ("politicalGeocodingURI", "politicalGeocodingLevelURI")),
    "http://data.europa.eu/r5r/availability",
}
"""Words that are used of vocabularies that rdflib does not know."""


async def linked(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """What is at an address as JSON-LD."""
    answer = await client.get(address, headers=AS_LINKED)
    assert (answer.status_code, answer.headers["content-type"]) == (200, LINKED), answer.text
    content: dict[str, Any] = answer.json()
    return content


async def contexts(client: httpx.AsyncClient, names: Iterable[str]) -> dict[str, Any]:
    """The contexts with these names by their addresses, as the register serves them."""
    found = {}
    for name in names:
        found[f"{BASE}/contexts/{name}.jsonld"] = await linked(client, f"/contexts/{name}.jsonld")
    return found


def expanded(content: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """The document without its context; only what is known is loaded, and nothing from a network."""

    def load(url: str, _options: object) -> dict[str, Any]:
        return {"contentType": LINKED, "contextUrl": None, "documentUrl": url, "document": known[url]}

    return jsonld.expand(dict(content), {"documentLoader": load, "base": "http://elsewhere.test/"})


def graph_of(content: Mapping[str, Any], known: Mapping[str, Any]) -> Graph:
    """What the document says, read by two processors that must agree."""
    read = parsed(expanded(content, known))
    context = content.get("@context")
    inlined = {**content, "@context": known[context]["@context"]} if isinstance(context, str) else content
    assert len(parsed(inlined)) == len(read)
    return read


def parsed(content: Any) -> Graph:
    """What JSON-LD says that needs nothing else."""
    with warnings.catch_warnings():
        # The parser itself uses what its library gives up.
        warnings.filterwarnings("ignore", "ConjunctiveGraph is deprecated", DeprecationWarning)
        return Graph().parse(data=json.dumps(content), format="json-ld")


def said(node: Any) -> int:
    """How many values a document holds, before or after it was expanded."""
    if isinstance(node, list):
        return sum(map(said, node))
    if not isinstance(node, dict):
        return node is not None
    if "@value" in node:
        return said(node["@value"])
    return sum(said(value) for name, value in node.items() if name != "@context")


def unknown(names: Iterable[object], own: Iterable[str]) -> set[str]:
    """Which of these properties and classes nobody defines, neither the register nor whoever owns their namespace."""
    own_words = {*own, *OTHERS}
    return {
        str(name)
        for name in names
        if str(name) not in own_words and not any(str(name).startswith(str(space)) and name in space for space in KNOWN)
    }


VALUES: Mapping[tuple[str, str], Any] = {
    ("integer", "int32"): 7,
    ("number", "double"): 7.5,
    ("boolean", ""): True,
    ("string", "date"): "2025-03-01",
    ("string", "date-time"): "2025-03-01T08:00:00Z",
    ("string", "uuid"): "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11",
    ("string", "email"): "office@example.org",
}


def filled(schema: Mapping[str, Any]) -> Any:
    """Content of a schema of the contract with something in every field."""
    schema = resolved(schema)
    if "properties" in schema:
        return {name: filled(each) for name, each in schema["properties"].items()}
    if "items" in schema:
        return [filled(schema["items"])]
    if "enum" in schema:
        return schema["enum"][-1]
    if "additionalProperties" in schema:
        return {"de": "Wort"}
    is_address = "https?" in schema.get("pattern", "")
    return VALUES.get((schema["type"], schema.get("format", "")), "https://example.org/" if is_address else "Wort")
