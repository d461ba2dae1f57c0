"""The register's own words: the classes of its kinds, and the fields that have their meaning here alone (RDFS)."""

from collections.abc import Iterator
from typing import Any

from app.catalogue import FEATURES, Feature
from app.linked_data.contexts import NEXT_CURSOR, own_fields
from app.linked_data.meanings import meaning_of
from app.linked_data.names import NAMESPACES, class_of, full, ontology_address, own_name

TITLE = {"de": "Begriffe des Kooperationsregisters", "en": "Words of the cooperation register"}
CURSOR = "Where the next page of a list begins."


def ontology(base: str) -> dict[str, Any]:
    """All of them, as JSON-LD."""
    about = {"@id": ontology_address(base), "@type": "owl:Ontology", "rdfs:label": TITLE}
    cursor = word(base, NEXT_CURSOR, "rdf:Property", CURSOR) | {"rdfs:domain": {"@id": full("hydra:Collection")}}
    return {
        "@context": CONTEXT,
        "@graph": [about, *(each for feature in FEATURES for each in words(feature, base)), cursor],
    }


CONTEXT: dict[str, Any] = {
    **NAMESPACES,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs:label": {"@id": full("rdfs:label"), "@container": "@language"},
    "rdfs:comment": {"@id": full("rdfs:comment"), "@language": "en"},
}


def words(feature: Feature, base: str) -> Iterator[dict[str, Any]]:
    """The class of a kind, and its fields that nobody else has a word for."""
    kind = feature.kind
    itself = word(base, class_of(kind), "rdfs:Class", kind.public.__doc__ or "")
    above = [{"@id": full(name)} for name in meaning_of(kind).classes]
    yield itself | {"rdfs:label": {"en": class_of(kind)}, "rdfs:subClassOf": above}
    for path, field in own_fields(kind, kind.public):
        domain = {} if "." in path else {"rdfs:domain": {"@id": own_name(base, class_of(kind))}}
        yield word(base, f"{class_of(kind)}.{path}", "rdf:Property", field.description or "") | domain


def word(base: str, name: str, kind: str, comment: str) -> dict[str, Any]:
    """One word with what it means."""
    return {
        "@id": own_name(base, name),
        "@type": kind,
        "rdfs:comment": comment,
        "rdfs:isDefinedBy": {"@id": ontology_address(base)},
    }
