"""The vocabularies of the kinds: for programs that show them, and as concepts (SKOS)."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.linked_data.meanings import ALIKE
from app.linked_data.models import VocabularyList, VocabularyPublic
from app.linked_data.names import full, vocabulary_address, vocabulary_name
from app.vocabularies.term import VOCABULARIES, Term

CONTEXT: Mapping[str, Any] = {
    "items": {"@id": full("hydra:member")},
    "name": {"@id": full("dcterms:identifier")},
    "terms": {"@id": full("skos:hasTopConcept")},
    "code": {"@id": full("skos:notation")},
    "label": {"@id": full("skos:prefLabel"), "@container": "@language"},
    "description": {"@id": full("skos:definition"), "@container": "@language"},
    "scheme": {"@id": full("skos:topConceptOf"), "@type": "@id"},
    "alike": {"@id": full("skos:closeMatch"), "@type": "@id"},
}


def named() -> dict[str, type[Term]]:
    """Every vocabulary by its name in addresses, in their order."""
    return dict(sorted((vocabulary_name(each), each) for each in VOCABULARIES.values()))


def public(vocabulary: type[Term]) -> VocabularyPublic:
    """A vocabulary as it is answered."""
    terms = [
        {"code": str(term), "label": term.label._asdict(), "description": term.description._asdict()}
        for term in vocabulary
    ]
    return VocabularyPublic.model_validate({"name": vocabulary_name(vocabulary), "terms": terms})


def listed(vocabularies: Iterable[type[Term]]) -> VocabularyList:
    """Vocabularies as they are answered together."""
    return VocabularyList(items=[public(each) for each in vocabularies])


def concepts(vocabulary: type[Term], base: str) -> dict[str, Any]:
    """A vocabulary as a scheme of concepts: the same members, and what they are."""
    scheme, content = vocabulary_address(vocabulary, base), public(vocabulary).model_dump()
    terms = [
        {"@id": f"{scheme}#{term}", "@type": full("skos:Concept"), "scheme": scheme, **each, **alike(term)}
        for term, each in zip(vocabulary, content["terms"], strict=True)
    ]
    return {"@id": scheme, "@type": full("skos:ConceptScheme"), **content, "terms": terms}


def alike(term: Term) -> dict[str, str]:
    """What others call a term, where they have it."""
    return {"alike": full(ALIKE[term])} if term in ALIKE else {}


def schemes(vocabularies: Iterable[type[Term]], base: str) -> dict[str, Any]:
    """Vocabularies as schemes of concepts."""
    items = [concepts(each, base) for each in vocabularies]
    return {"@id": f"{base}/v1/vocabularies", "@type": full("hydra:Collection"), "items": items}


def example() -> VocabularyPublic:
    """A vocabulary for the contract."""
    return public(VOCABULARIES["Level"])
