"""What things are called in linked data: the vocabularies of others, and the register's own addresses."""

import re
from collections.abc import Mapping
from typing import Any

from app.resources.kind import Kind
from app.vocabularies.term import Term

NAMESPACES: Mapping[str, str] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dcatde": "http://dcat-ap.de/def/dcatde/",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "hydra": "http://www.w3.org/ns/hydra/core#",
    "org": "http://www.w3.org/ns/org#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def full(name: str) -> str:
    """The IRI that a short name such as `schema:Event` stands for."""
    prefix, _, local = name.partition(":")
    return NAMESPACES[prefix] + local


def class_of(kind: Kind[Any]) -> str:
    """What a resource of a kind is in the register's own words, as in `SubMeasure`."""
    return kind.public.__name__.removesuffix("Public")


def context_address(kind: Kind[Any], base: str = "") -> str:
    """Where the context of a kind is."""
    return f"{base}/contexts/{kind.plural}.jsonld"


def ontology_address(base: str) -> str:
    """Where the register says what its own words mean; each of them is a part of it."""
    return f"{base}/ontology.jsonld"


def own_name(base: str, name: str) -> str:
    """The IRI of one of the register's own words."""
    return f"{ontology_address(base)}#{name}"


def vocabulary_name(vocabulary: type[Term]) -> str:
    """What a vocabulary is called in addresses: `event-status`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", vocabulary.__name__).lower()


def vocabulary_address(vocabulary: type[Term], base: str = "") -> str:
    """Where a vocabulary is; each of its terms is a part of it."""
    return f"{base}/v1/vocabularies/{vocabulary_name(vocabulary)}"
