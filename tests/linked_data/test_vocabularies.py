"""`/v1/vocabularies`"""

import re

import httpx
import pytest
from rdflib import RDF, Literal, URIRef
from rdflib.namespace import SKOS

from app.linked_data.models import CODE_PATTERN, NAME_PATTERN
from app.linked_data.vocabularies import named
from app.vocabularies.term import VOCABULARIES, Term
from tests.linked_data.reading import AS_LINKED, BASE, LINKED, expanded, graph_of, linked, said, unknown
from tests.problems import problem_of
from tests.schemas import document

every_vocabulary = pytest.mark.parametrize("vocabulary", VOCABULARIES.values(), ids=lambda each: each.__name__)


class TestTerms:
    @every_vocabulary
    def test_are_explained_in_both_languages(self, vocabulary: type[Term]) -> None:
        assert list(vocabulary)
        for term in vocabulary:
            assert re.fullmatch(CODE_PATTERN, term)
            for text in (term.label, term.description):
                assert text.de.strip() == text.de != ""
                assert text.en.strip() == text.en != ""
            assert all(each.endswith(".") for each in term.description)
            assert term.description.de != term.description.en
        for language in ("de", "en"):
            for name in ("label", "description"):
                texts = [getattr(getattr(term, name), language) for term in vocabulary]
                assert len(set(texts)) == len(texts), "each term has its own"


class TestVocabularies:
    async def test_have_every_term_of_the_contract(self, offline: httpx.AsyncClient) -> None:
        listed = (await offline.get("/v1/vocabularies")).json()["items"]
        assert [each["name"] for each in listed] == sorted(named())
        assert all(re.fullmatch(NAME_PATTERN, each["name"]) for each in listed)
        codes = {each["name"]: [term["code"] for term in each["terms"]] for each in listed}
        schemas = document()["components"]["schemas"]
        for name, vocabulary in VOCABULARIES.items():
            if name in schemas:
                assert schemas[name]["enum"] == codes[next(key for key, each in named().items() if each is vocabulary)]
        status = await offline.get("/v1/vocabularies/event-status")
        assert status.json() == next(each for each in listed if each["name"] == "event-status")
        assert status.json()["terms"][2] == {
            "code": "held",
            "label": {"de": "durchgeführt", "en": "held"},
            "description": {"de": "Der Termin hat stattgefunden.", "en": "The event has taken place."},
        }
        known = {"If-None-Match": status.headers["etag"]}
        assert (await offline.get("/v1/vocabularies/event-status", headers=known)).status_code == 304
        problem_of(await offline.get("/v1/vocabularies/colours"), 404, "not-found")
        problem_of(await offline.get("/v1/vocabularies/EventStatus"), 422, "validation-error")

    async def test_are_schemes_of_concepts(self, offline: httpx.AsyncClient) -> None:
        content = await linked(offline, "/v1/vocabularies")
        plain = (await offline.get("/v1/vocabularies")).json()
        assert said(expanded(content, {})[0]) == said(content)
        graph = graph_of(content, {})
        assert unknown([*graph.predicates(), *graph.objects(None, RDF.type)], ()) == set()
        concepts = set(graph.subjects(RDF.type, SKOS.Concept))
        assert len(concepts) == sum(len(each["terms"]) for each in plain["items"])
        held = URIRef(f"{BASE}/v1/vocabularies/event-status#held")
        scheme = URIRef(f"{BASE}/v1/vocabularies/event-status")
        assert (scheme, RDF.type, SKOS.ConceptScheme) in graph
        assert (scheme, SKOS.hasTopConcept, held) in graph
        assert (held, SKOS.topConceptOf, scheme) in graph
        assert (held, SKOS.notation, Literal("held")) in graph
        assert {*graph.objects(held, SKOS.prefLabel)} == {Literal("durchgeführt", "de"), Literal("held", "en")}
        assert {label.language for label in graph.objects(held, SKOS.definition)} == {"de", "en"}  # type: ignore[attr-defined]
        one = await offline.get("/v1/vocabularies/event-status", headers=AS_LINKED)
        assert (one.headers["vary"], one.headers["content-type"]) == ("Accept", LINKED)
        other = await offline.get("/v1/vocabularies/event-status")
        assert one.headers["etag"] != other.headers["etag"]
        entry = next(each for each in content["items"] if each["@id"] == str(scheme))
        assert one.json() == {"@context": content["@context"], **entry}
