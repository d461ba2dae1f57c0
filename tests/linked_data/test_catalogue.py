"""`/catalog.jsonld`: what portals of open data harvest."""

import httpx
from fastapi import FastAPI
from pyshacl import validate
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF

from app.catalogue import FEATURES
from app.linked_data.catalogue import LICENCES, licence_of
from app.settings import Settings
from tests.conftest import client_of, running
from tests.databases import any_database
from tests.factories import AGREEMENT, make, topic_id
from tests.linked_data.reading import BASE, LINKED, graph_of, linked, unknown

# What DCAT-AP 3 makes mandatory, and what DCAT-AP.de and its conventions (K01, K12, K13, K30 to K32, K36) add.
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix dcatde: <http://dcat-ap.de/def/dcatde/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix : <http://register.test/shapes#> .

:Titled sh:property
    [ sh:path dct:title ; sh:minCount 1 ; sh:datatype rdf:langString ; sh:uniqueLang true ] .
:Described sh:property
    [ sh:path dct:description ; sh:minCount 1 ; sh:datatype rdf:langString ; sh:uniqueLang true ] .
:Published sh:property
    [ sh:path dct:publisher ; sh:minCount 1 ; sh:maxCount 1 ; sh:class foaf:Agent ; sh:nodeKind sh:IRI ] .
:Licensed sh:property
    [ sh:path dct:license ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ;
      sh:pattern "^http://dcat-ap.de/def/licenses/" ] .
:Contributed sh:property
    [ sh:path dcatde:contributorID ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ;
      sh:pattern "^http://dcat-ap.de/def/contributors/" ] .
:Contacted sh:property
    [ sh:path dcat:contactPoint ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .

:Catalog a sh:NodeShape ; sh:targetClass dcat:Catalog ;
    sh:node :Titled, :Described, :Published ;
    sh:property [ sh:path dcat:dataset ; sh:minCount 1 ; sh:class dcat:Dataset ],
        [ sh:path dcat:service ; sh:class dcat:DataService ],
        [ sh:path dct:modified ; sh:maxCount 1 ; sh:datatype xsd:dateTime ] .
:Dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ;
    sh:node :Titled, :Described, :Published, :Contributed, :Contacted ;
    sh:property [ sh:path dcat:distribution ; sh:minCount 1 ; sh:class dcat:Distribution ],
        [ sh:path dcat:theme ; sh:minCount 1 ; sh:nodeKind sh:IRI ;
          sh:pattern "^http://publications.europa.eu/resource/authority/data-theme/[A-Z]{4}$" ],
        [ sh:path dcat:keyword ; sh:minCount 1 ; sh:datatype rdf:langString ],
        [ sh:path dcat:landingPage ; sh:nodeKind sh:IRI ],
        [ sh:path dct:identifier ; sh:minCount 1 ; sh:nodeKind sh:Literal ],
        [ sh:path dct:accessRights ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dct:accrualPeriodicity ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dct:modified ; sh:maxCount 1 ; sh:datatype xsd:dateTime ],
        [ sh:path dcatde:politicalGeocodingURI ; sh:nodeKind sh:IRI ;
          sh:pattern "^http://dcat-ap.de/def/politicalGeocoding/municipalityKey/[0-9]{8}$" ] .
:Distribution a sh:NodeShape ; sh:targetClass dcat:Distribution ;
    sh:node :Titled, :Licensed ;
    sh:property [ sh:path dcat:accessURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:downloadURL ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:accessService ; sh:class dcat:DataService ],
        [ sh:path dcat:mediaType ; sh:maxCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dct:format ; sh:minCount 1 ; sh:maxCount 1 ; sh:nodeKind sh:IRI ;
          sh:pattern "^http://publications.europa.eu/resource/authority/file-type/[A-Z_]+$" ] .
:DataService a sh:NodeShape ; sh:targetClass dcat:DataService ;
    sh:node :Titled, :Published, :Licensed, :Contributed ;
    sh:property [ sh:path dcat:endpointURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ],
        [ sh:path dcat:servesDataset ; sh:class dcat:Dataset ] .
:Agent a sh:NodeShape ; sh:targetClass foaf:Agent ;
    sh:property [ sh:path foaf:name ; sh:minCount 1 ; sh:nodeKind sh:Literal ] .
:Contact a sh:NodeShape ; sh:targetObjectsOf dcat:contactPoint ;
    sh:property [ sh:path vcard:fn ; sh:minCount 1 ] ;
    sh:or ( [ sh:property [ sh:path vcard:hasEmail ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ]
        [ sh:property [ sh:path vcard:hasURL ; sh:minCount 1 ; sh:nodeKind sh:IRI ] ] ) .
"""
TOLD = {
    "operator": "Landeshauptstadt Musterstadt",
    "contact_email": "register@stadt.example",
    "data_licence": "https://www.govdata.de/dl-de/by-2-0",
    "data_contributor": "http://dcat-ap.de/def/contributors/stadtMusterstadt",
}


def judged(graph: Graph) -> tuple[bool, str]:
    """Whether a catalogue keeps the rules, and what is wrong with it."""
    conforms, _, report = validate(graph, shacl_graph=Graph().parse(data=SHAPES, format="turtle"))
    return bool(conforms), str(report)


class TestCatalogue:
    async def test_keeps_the_rules_of_the_portals(self, settings: Settings, client: httpx.AsyncClient) -> None:
        await make(client, "goals", agreement_id=AGREEMENT, topic_id=topic_id("health"))
        async with running(settings.model_copy(update=TOLD)) as app, client_of(app) as told:
            content = await linked(told, "/catalog.jsonld")
        graph = graph_of(content, {})
        conforms, report = judged(graph)
        assert conforms, report
        assert unknown([*graph.predicates(), *graph.objects(None, RDF.type)], ()) == set()
        itself = URIRef(f"{BASE}/catalog.jsonld")
        assert len(set(graph.objects(itself, DCAT.dataset))) == len(FEATURES)
        downloads = {str(each) for each in graph.objects(None, DCAT.downloadURL)}
        assert downloads == {
            f"{BASE}/v1/exports/{feature.kind.plural}.{suffix}"
            for feature in FEATURES
            for suffix in ("jsonl", "csv", "xlsx")
        }
        licence = URIRef("http://dcat-ap.de/def/licenses/dl-by-de/2.0")
        assert set(graph.objects(None, DCTERMS.license)) == {licence}
        publisher = graph.value(itself, DCTERMS.publisher)
        assert graph.value(publisher, FOAF.name) == Literal(TOLD["operator"])
        goals = URIRef(f"{BASE}/catalog.jsonld#goals")
        listed = (await client.get("/v1/goals", params={"sort": "-updated_at", "limit": 1})).json()["items"][0]
        modified = graph.value(goals, DCTERMS.modified)
        assert isinstance(modified, Literal)
        assert modified.toPython().isoformat().replace("+00:00", "Z") == listed["updated_at"]
        geocoding = URIRef("http://dcat-ap.de/def/dcatde/politicalGeocodingURI")
        assert graph.value(goals, geocoding) == URIRef(
            "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/14612000"
        )

    @any_database
    async def test_says_no_more_than_the_settings(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        assert app.state.runtime.settings.operator is None
        answer = await client.get("/catalog.jsonld")
        assert (answer.status_code, answer.headers["content-type"]) == (200, LINKED)
        known = {"If-None-Match": answer.headers["etag"]}
        assert (await client.get("/catalog.jsonld", headers=known)).status_code == 304
        conforms, report = judged(graph_of(answer.json(), {}))
        assert not conforms
        for missing in ("publisher", "license", "contributorID", "contactPoint"):
            assert missing in report

    @any_database
    async def test_tells_nothing_of_what_is_for_partners(self, client: httpx.AsyncClient) -> None:
        before = (await client.get("/catalog.jsonld")).json()
        await make(client, "needs", visibility="partners")
        assert (await client.get("/catalog.jsonld")).json() == before

    def test_calls_licences_as_the_portals_do(self) -> None:
        for address, name in {
            "https://www.govdata.de/dl-de/by-2-0": "http://dcat-ap.de/def/licenses/dl-by-de/2.0",
            "http://govdata.de/dl-de/zero-2-0/": "http://dcat-ap.de/def/licenses/dl-zero-de/2.0",
            "https://creativecommons.org/licenses/by/4.0/legalcode.de": "http://dcat-ap.de/def/licenses/cc-by/4.0",
            "https://creativecommons.org/publicdomain/zero/1.0/deed": "http://dcat-ap.de/def/licenses/cc-zero",
            "https://stadt.example/lizenz": "https://stadt.example/lizenz",
        }.items():
            settings = Settings(_env_file=None, data_licence=address)
            assert licence_of(settings) == {"dcterms:license": {"@id": name}}
        assert len(set(LICENCES.values())) == len(LICENCES)
