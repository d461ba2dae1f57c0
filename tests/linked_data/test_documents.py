"""Resources and lists as JSON-LD: the same JSON, of which nothing is without meaning."""

from typing import Any

import httpx
import pytest
from rdflib import RDF, RDFS, Literal, URIRef
from rdflib.namespace import ORG, PROV, SDO, SKOS, XSD

from app.catalogue import FEATURES
from app.linked_data.meanings import ALIKE, COMMON, MEANINGS, Meaning
from app.linked_data.names import full
from app.linked_data.routes import KINDS
from app.resources.kind import Kind
from tests.databases import any_database
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, goal_id, make, measure_id, patch, topic_id
from tests.kinds import PUTS
from tests.linked_data.reading import (
    AS_LINKED,
    BASE,
    LINKED,
    contexts,
    expanded,
    filled,
    graph_of,
    linked,
    said,
    unknown,
)
from tests.problems import problem_of
from tests.schemas import document

OWN = f"{BASE}/ontology.jsonld#"
every_kind = pytest.mark.parametrize("kind", [each.kind for each in FEATURES], ids=lambda kind: kind.type)


def full_document(kind: Kind[Any]) -> dict[str, Any]:
    """A list with a resource of a kind that has something in every field."""
    schemas = document()["components"]["schemas"]
    itself = {"@id": f"{BASE}/x", "@type": [f"{OWN}{kind.public.__name__.removesuffix('Public')}"]}
    entry = {**itself, **filled(schemas[kind.public.__name__])}
    page = {"items": [entry], "next_cursor": "x", "total": 1}
    return {"@context": f"{BASE}/contexts/{kind.plural}.jsonld", "@id": f"{BASE}/y", **page}


async def own_words(client: httpx.AsyncClient) -> set[str]:
    """The words that the register itself defines, each with what it means."""
    ontology = graph_of(await linked(client, "/ontology.jsonld"), {})
    found = {*ontology.subjects(RDF.type, RDFS.Class), *ontology.subjects(RDF.type, RDF.Property)}
    assert all(str(ontology.value(each, RDFS.comment)).endswith(".") for each in found)
    assert not unknown(ontology.predicates(), ())
    return {str(each) for each in found}


class TestContexts:
    @every_kind
    async def test_give_every_field_a_meaning_that_somebody_defines(
        self, offline: httpx.AsyncClient, kind: Kind[Any]
    ) -> None:
        content = full_document(kind)
        known = await contexts(offline, [kind.plural])
        assert said(expanded(content, known)[0]) == said(content), "nothing is dropped"
        graph = graph_of(content, known)
        assert unknown([*graph.predicates(), *graph.objects(None, RDF.type)], await own_words(offline)) == set()

    @every_kind
    def test_are_declared_for_fields_and_words_that_there_are(self, kind: Kind[Any]) -> None:
        meaning = MEANINGS[kind.type]
        names = {*meaning.classes, *meaning.fields.values(), *COMMON.values(), *ALIKE.values()}
        assert unknown([URIRef(full(name)) for name in names], ()) == set()
        fields = kind.public.model_fields
        assert {each.partition(".")[0] for each in meaning.fields} | {meaning.part} <= fields.keys()
        nested = {each for each in meaning.fields if "." in each}
        shown = full_document(kind)["items"][0]
        for name, _, entry in (each.partition(".") for each in nested):
            assert entry in shown[name][0]

    @any_database
    async def test_are_there_for_the_kinds_alone(self, offline: httpx.AsyncClient) -> None:
        assert MEANINGS.keys() == {kind.type for kind in KINDS.values()}
        assert Meaning().classes == ("prov:Entity",)
        problem_of(await offline.get("/contexts/keys.jsonld"), 404, "not-found")
        answer = await offline.get("/contexts/goals.jsonld")
        again = await offline.get("/contexts/goals.jsonld", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


class TestResources:
    async def test_say_what_they_are_and_lead_to_each_other(self, client: httpx.AsyncClient) -> None:
        event = await make(
            client,
            "consultation-events",
            title="Fachtag",
            starts_at="2025-03-12T09:00:00+01:00",
            status="confirmed",
            organiser_id=CITY,
            topic_ids=[topic_id("health")],
            goal_ids=[goal_id(1)],
            participants=[{"partner_id": LIGA, "role": "moderator"}],
            agenda_items=[{"title": "Aussprache", "sub_measure_id": measure_id(1, 1)}],
        )
        address = f"/v1/consultation-events/{event['id']}"
        content = await linked(client, address)
        assert {name: value for name, value in content.items() if not name.startswith("@")} == event
        known = await contexts(client, ["consultation-events", "partners", "statements", "observations"])
        graph, itself = graph_of(content, known), URIRef(BASE + address)
        partner = URIRef(f"{BASE}/v1/partners/{CITY}")
        assert set(graph.objects(itself, RDF.type)) == {URIRef(f"{OWN}ConsultationEvent"), SDO.Event, PROV.Activity}
        assert graph.value(itself, SDO.startDate) == Literal("2025-03-12T08:00:00Z", datatype=XSD.dateTime)
        assert graph.value(itself, SDO.organizer) == partner
        about = {f"{BASE}/v1/topics/{topic_id('health')}", f"{BASE}/v1/goals/{goal_id(1)}"}
        assert {str(each) for each in graph.objects(itself, SDO.about)} == about
        attendance = graph.value(itself, SDO.attendee)
        assert graph.value(attendance, SDO.attendee) == URIRef(f"{BASE}/v1/partners/{LIGA}")
        item = graph.value(itself, SDO.subEvent)
        assert graph.value(item, SDO.about) == URIRef(f"{BASE}/v1/sub-measures/{measure_id(1, 1)}")
        status = graph.value(itself, SDO.eventStatus)
        scheme = graph_of(await linked(client, str(status).partition("#")[0].removeprefix(BASE)), {})
        assert scheme.value(status, SKOS.prefLabel, any=True) is not None
        assert scheme.value(status, SKOS.closeMatch) == SDO.EventScheduled
        organisation = graph_of(await linked(client, f"/v1/partners/{CITY}"), known)
        assert (partner, RDF.type, ORG.Organization) in organisation

    async def test_are_where_they_say_also_in_lists(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions", involved_partner_ids=[CARITAS])
        indicator = await make(client, "indicators", goal_id=goal_id(1))
        bodies = {each.part: each.body for each in PUTS}
        for below in (
            f"decisions/{decision['id']}/statements/{CARITAS}",
            f"indicators/{indicator['id']}/observations/2025-02-28",
        ):
            part = below.split("/")[2]
            assert (await client.put(f"/v1/{below}", json=bodies[part])).status_code == 201
            listing = await linked(client, f"/v1/{below.rpartition('/')[0]}")
            assert [each["@id"] for each in listing["items"]] == [f"{BASE}/v1/{below}"]
            one = await linked(client, f"/v1/{below}")
            assert one == {"@context": listing["@context"], **listing["items"][0]}
        page = await linked(client, "/v1/goals?limit=2&include_total=true")
        plain = (await client.get("/v1/goals?limit=2&include_total=true")).json()
        assert page["@id"] == f"{BASE}/v1/goals?limit=2&include_total=true"
        items = [{name: value for name, value in each.items() if not name.startswith("@")} for each in page["items"]]
        assert {**plain, "items": items} == plain
        assert [each["@id"] for each in page["items"]] == [f"{BASE}/v1/goals/{each['id']}" for each in plain["items"]]
        assert (page["next_cursor"], page["total"]) == (plain["next_cursor"], plain["total"])
        graph = graph_of(page, await contexts(client, ["goals"]))
        assert len(set(graph.objects(URIRef(page["@id"]), URIRef("http://www.w3.org/ns/hydra/core#member")))) == 2

    @any_database
    async def test_are_another_form_with_a_tag_of_its_own(self, client: httpx.AsyncClient) -> None:
        goal = await make(client, "goals", agreement_id=AGREEMENT, topic_id=topic_id("health"))
        address = f"/v1/goals/{goal['id']}"
        plain, other = await client.get(address), await client.get(address, headers=AS_LINKED)
        assert (plain.headers["etag"], other.headers["etag"]) == ('"1"', '"1-ld"')
        assert plain.headers["vary"] == other.headers["vary"] == "Accept"
        listing = await client.get("/v1/goals", headers=AS_LINKED)
        assert (listing.headers["vary"], listing.headers["content-type"]) == ("Accept", LINKED)
        for accept, tag, status in (
            ("*/*", '"1"', 304),
            ("*/*", '"1-ld"', 200),
            (LINKED, '"1-ld"', 304),
            (LINKED, 'W/"1-ld"', 304),
            (LINKED, '"1"', 200),
        ):
            answer = await client.get(address, headers={"Accept": accept, "If-None-Match": tag})
            assert answer.status_code == status, (accept, tag)
        for accept, media_type in (
            (f"{LINKED};q=0.5, application/json", "application/json"),
            ("application/json;q=0.5, application/*", LINKED),
            (f"text/html, {LINKED};q=0", "application/json"),
            ("text/html", "application/json"),
        ):
            assert (await client.get(address, headers={"Accept": accept})).headers["content-type"] == media_type
        changed = await client.patch(address, json={"title": "Neu"}, headers={**AS_LINKED, "If-Match": '"1-ld"'})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        assert changed.headers["content-type"] == "application/json"
        late = await client.patch(address, json={"title": "Alt"}, headers={"If-Match": '"1-ld"'})
        problem_of(late, 412, "precondition-failed")
        problem_of(await client.get(address, headers={**AS_LINKED, "If-Match": '"1-ld"'}), 412, "precondition-failed")
        assert (await patch(client, "goals", changed.json(), title="Neuer")).status_code == 200

    @any_database
    async def test_fail_as_everything_does(self, client: httpx.AsyncClient) -> None:
        problem_of(await client.get(f"/v1/goals/{LIGA}", headers=AS_LINKED), 404, "not-found")
        for address in ("/v1/changes", f"/v1/goals/{goal_id(1)}/history", "/v1/reports/progress"):
            answer = await client.get(address, headers={"Accept": f"{LINKED}, application/json;q=0.1"})
            assert answer.headers["content-type"] == "application/json"
