"""Resources under the ids by which other systems know them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import FastAPI

from app.interchange.bodies import INTAKES
from app.settings import Settings
from tests.clock import Clock
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, CITY, LIGA, body_of, end_of_feed, errors_of, history_of, make, patch
from tests.kinds import POSTED
from tests.problems import problem_of

STRANGE = "Maßnahme 17/4 ?#&%2F;+ü.."
"""An id with all that means something in an address."""


def address(resource: str, id: str, system: str = "crm") -> str:
    """The address of what a system knows by an id."""
    return f"/v1/{resource}/external/{system}/{quote(id, safe='')}"


def known(id: str, system: str = "crm") -> dict[str, str]:
    """An id of another system."""
    return {"system": system, "id": id}


async def put(client: httpx.AsyncClient, resource: str, id: str, expected: int, **body: Any) -> dict[str, Any]:
    """Put something under the id of a system, and return what is answered."""
    answer = await client.put(address(resource, id), json=body)
    assert answer.status_code == expected, answer.text
    content: dict[str, Any] = answer.json()
    return content


class TestPutByExternalId:
    async def test_creates_then_replaces_and_writes_nothing_for_the_same(self, client: httpx.AsyncClient) -> None:
        goal = await put(client, "goals", "z1", 201, **body_of("goals"))
        assert goal["external_ids"] == [known("z1")]
        body = {"goal": known("z1"), "title": "Beratung", "summary": "Kurz", "lead_partner_id": CARITAS}
        answer = await client.put(address("sub-measures", STRANGE), json=body)
        made = answer.json()
        assert (answer.status_code, answer.headers["location"]) == (201, address("sub-measures", STRANGE))
        assert (made["goal_id"], made["external_ids"]) == (goal["id"], [known(STRANGE)])
        read = await client.get(answer.headers["location"])
        assert (read.json(), read.headers["etag"]) == (made, '"1"')
        assert (await client.get(f"/v1/sub-measures/{made['id']}")).json() == made
        before = await end_of_feed(client)
        assert await put(client, "sub-measures", STRANGE, 200, **body) == made
        assert await end_of_feed(client) == before
        # What is left out is as in something new; the number that the register gave, and the state, stay.
        changed = await put(client, "sub-measures", STRANGE, 200, goal=known("z1"), title="Beratung und Hilfe")
        assert changed == {
            **made,
            "title": "Beratung und Hilfe",
            "summary": None,
            "lead_partner_id": None,
            "version": 2,
            "updated_at": changed["updated_at"],
        }
        assert await history_of(client, f"/v1/sub-measures/{made['id']}") == [("created", 1), ("updated", 2)]

    async def test_honours_preconditions(self, client: httpx.AsyncClient) -> None:
        body, there = body_of("topics"), address("topics", "t")
        assert (await client.put(there, json=body, headers={"If-Match": "*"})).status_code == 412
        assert (await client.put(there, json=body, headers={"If-None-Match": "*"})).status_code == 201
        assert (await client.put(there, json=body, headers={"If-None-Match": "*"})).status_code == 412
        assert (await client.put(there, json=body | {"name": "A"}, headers={"If-Match": '"1"'})).status_code == 200
        assert (await client.put(there, json=body | {"name": "B"}, headers={"If-Match": '"1"'})).status_code == 412
        assert (await client.get(there, headers={"If-None-Match": '"2"'})).status_code == 304

    async def test_takes_references_by_ids_of_other_systems_wherever_one_stands(
        self, client: httpx.AsyncClient
    ) -> None:
        partner = await put(client, "partners", "p", 201, slug="verein", name="Verein", kind="other")
        goal = await put(client, "goals", "g", 201, **body_of("goals"))
        umbrella = {"umbrella": known("p"), "from": "2020-01-01"}
        member = await put(
            client, "partners", "m", 201, slug="gruppe", name="Gruppe", kind="other", memberships=[umbrella]
        )
        assert member["memberships"] == [{"umbrella_id": partner["id"], "from": "2020-01-01", "until": None}]
        event = await put(
            client,
            "consultation-events",
            "e",
            201,
            **body_of("consultation-events"),
            goals=[known("g")],
            organiser=known("p"),
            participants=[{"partner": known("p"), "role": "host"}, {"partner_id": LIGA}],
        )
        assert (event["goal_ids"], event["organiser_id"]) == ([goal["id"]], partner["id"])
        assert [each["partner_id"] for each in event["participants"]] == [partner["id"], LIGA]
        objection = await put(
            client, "objections", "o", 201, subject_type="consultation_event", subject=known("e"), text="Nein."
        )
        assert objection["subject_id"] == event["id"]
        wrong = await client.put(
            address("consultation-events", "f"),
            json={
                **body_of("consultation-events"),
                "goals": [known("g"), known("x")],
                "participants": [{"partner": known("x")}],
                "organiser_id": LIGA,
                "organiser": known("p"),
            },
        )
        assert sorted(errors_of(wrong)) == [
            ("#/goals/1", "unknown_reference"),
            ("#/organiser", "given_twice"),
            ("#/participants/0/partner", "unknown_reference"),
        ]

    async def test_keeps_what_is_not_the_callers(self, callers: Mapping[str, httpx.AsyncClient]) -> None:
        own, city = callers["contributor"], callers["coordinator"]
        body = {"title": "Bedarf", "raised_by_id": CARITAS}
        need = await put(own, "needs", "n", 201, **body)
        assert (await patch(city, "needs", need, status="answered", response="Ja.")).status_code == 200
        answered = await put(own, "needs", "n", 200, **body)
        assert (answered["status"], answered["response"], answered["version"]) == ("answered", "Ja.", 2)
        problem_of(await own.put(address("needs", "n"), json=body | {"response": "Nein."}), 403, "forbidden")
        # Other systems give it their ids beside.
        assert (await patch(own, "needs", answered, external_ids=[known("n"), known("7", "allris")])).status_code == 200
        assert len((await put(own, "needs", "n", 200, **body))["external_ids"]) == 2
        event = await put(own, "consultation-events", "e", 201, **EVENT, participants=[{"partner_id": LIGA}])
        said = {"attendance": "accepted", "delegates": 3}
        there = f"/v1/consultation-events/{event['id']}/participants/{LIGA}"
        assert (await callers["other_contributor"].put(there, json=said)).status_code == 200
        after = await put(own, "consultation-events", "e", 200, **EVENT, participants=[{"partner_id": LIGA}])
        assert [(each["attendance"], each["delegates"]) for each in after["participants"]] == [("accepted", 3)]
        moved = await own.put(address("needs", "n"), json=body | {"agreement_id": CITY})
        assert errors_of(moved) == [("#/agreement_id", "never_changes")]

    async def test_leaves_what_is_on_record(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        Clock(app)
        body = body_of("decisions", status="decided", decided_on="2025-02-01", involved_partner_ids=[LIGA])
        decided = await put(client, "decisions", "d", 201, **body)
        assert await put(client, "decisions", "d", 200, **body) == decided
        problem = problem_of(await client.put(address("decisions", "d"), json=body | {"title": "Neu"}), 409, "frozen")
        assert problem["fields"] == ["title"]
        known_too = await put(client, "decisions", "d", 200, **body, external_ids=[known("9", "allris")])
        assert known_too["external_ids"] == [known("9", "allris"), known("d")]

    async def test_finds_what_has_an_address_of_its_own(self, client: httpx.AsyncClient, app: FastAPI) -> None:
        Clock(app)
        decision = await put(client, "decisions", "d", 201, **body_of("decisions", visibility="partners"))
        there = f"/v1/decisions/{decision['id']}/statements/{CARITAS}"
        assert (await client.put(there, json={"position": "object"})).status_code == 201
        body = {"decision": known("d"), "partner_id": CARITAS, "position": "support"}
        stated = await put(client, "statements", "s", 200, **body)
        assert (stated["position"], stated["visibility"], stated["version"]) == ("support", "partners", 2)
        assert (await client.get(there)).json() == stated
        assert (await client.put(there, json={"position": "support"})).json()["external_ids"] == [known("s")]
        problem = problem_of(await client.put(address("statements", "r"), json=body), 409, "duplicate")
        assert problem["fields"] == ["external_ids"]
        elsewhere = await client.put(address("statements", "s"), json=body | {"partner_id": LIGA})
        assert errors_of(elsewhere) == [("#/partner_id", "never_changes")]
        fresh = await put(client, "statements", "t", 201, **body | {"partner_id": LIGA})
        assert fresh["visibility"] == "partners"
        indicator = await put(client, "indicators", "i", 201, **body_of("indicators"))
        value = await put(client, "observations", "v", 201, indicator=known("i"), on="2025-01-31", value=1.5)
        assert (await client.get(f"/v1/indicators/{indicator['id']}/observations/2025-01-31")).json() == value
        deleted = await client.delete(
            f"/v1/indicators/{indicator['id']}/observations/2025-01-31", headers={"If-Match": "*"}
        )
        assert (deleted.status_code, (await client.get(address("observations", "v"))).status_code) == (204, 404)

    async def test_lets_one_id_name_one_resource_of_a_kind(self, client: httpx.AsyncClient) -> None:
        first, second = await make(client, "topics", external_ids=[known("1")]), await make(client, "topics")
        for taken in (
            await client.post("/v1/topics", json=body_of("topics", external_ids=[known("1")])),
            await patch(client, "topics", second, external_ids=[known("1")]),
            await client.put(address("topics", "2"), json=body_of("topics", external_ids=[known("1")])),
        ):
            assert problem_of(taken, 409, "duplicate")["fields"] == ["external_ids"]
        goal = await make(client, "goals", external_ids=[known("1"), known("1", "b"), known("2")])
        assert (await client.get(address("goals", "1", "b"))).json() == goal
        assert (await patch(client, "topics", first, external_ids=[])).status_code == 200
        assert (await client.get(address("topics", "1"))).status_code == 404
        assert (await patch(client, "topics", second, external_ids=[known("1")])).status_code == 200

    @any_database
    async def test_refuses_what_is_no_id(self, client: httpx.AsyncClient) -> None:
        for id, system in ((" a", "crm"), ("a\t", "crm"), ("x" * 201, "crm"), ("a", "CRM"), ("a", "c r")):
            assert (await client.put(address("topics", id, system), json=body_of("topics"))).status_code == 422
            assert (await client.get(address("topics", id, system))).status_code == 422
        # Addresses with these are made shorter by who sends them.
        for id in (".", ".."):
            dots = id.replace(".", "%2E")
            answer = await client.put(f"/v1/topics/external/crm/{dots}", json=body_of("topics"))
            assert errors_of(answer) == [("identifier", "no_address")]
        # An id that ends a path in other addresses is none here.
        assert (await client.get("/v1/consultation-events/external/participants/1")).status_code == 404

    @any_database
    async def test_shows_what_the_caller_may_see(self, callers: Mapping[str, httpx.AsyncClient]) -> None:
        await put(callers["operator"], "topics", "t", 201, **body_of("topics", visibility="partners"))
        assert (await callers["reader"].get(address("topics", "t"))).status_code == 200
        assert (await callers["anonymous"].get(address("topics", "t"))).status_code == 404

    @any_database
    async def test_asks_for_the_rights_of_single_writes(
        self, callers: Mapping[str, httpx.AsyncClient], client: httpx.AsyncClient
    ) -> None:
        # One kind for each way in which words are somebody's.
        kinds = {(kind.rights.by, kind.rights.words): path for path, kind in POSTED.items()}
        for path in kinds.values():
            there = await make(client, path, external_ids=[known("there")])
            for name, caller in callers.items():
                single = await caller.post(f"/v1/{path}", json=body_of(path))
                external = await caller.put(address(path, name), json=body_of(path))
                assert external.status_code == single.status_code, (path, name, external.text)
                same = {key: there[key] for key in INTAKES[path].kind.create.model_fields}
                changed = {INTAKES[path].kind.named_by: "Anders"}
                single = await patch(caller, path, there, **changed)
                external = await caller.put(address(path, "there"), json=same | changed)
                assert external.status_code == single.status_code, (path, name, external.text)
                there = (await client.get(f"/v1/{path}/{there['id']}")).json()


EVENT: dict[str, Any] = {
    "title": "Gespräch",
    "format": "talk",
    "level": "operational",
    "starts_at": "2027-03-12T09:00:00Z",
    "organiser_id": CARITAS,
}


async def test_two_registers_that_follow_each_other_end_the_same(templates: Templates, settings: Settings) -> None:
    """One register is filled; another one follows its feed by external ids alone, and is started anew in between."""
    key = templates.keys["operator"]
    cursor: str | None = None
    async with templates.fresh("seeded") as copy:
        for round_ in range(2):
            async with running(settings) as app, client_of(app, key) as source:
                goal = await make(source, "goals", title=f"Ziel {round_}")
                measure = await make(source, "sub-measures", goal_id=goal["id"], lead_partner_id=CARITAS)
                assert (await patch(source, "sub-measures", measure, summary="Neu")).status_code == 200
                changes, cursor = await following(source, cursor)
            async with running(copy) as app, client_of(app, key) as target:
                for change in changes:
                    await follow(target, change)
        async with running(settings) as app, client_of(app, key) as source:
            ours = await contents(source)
        async with running(copy) as app, client_of(app, key) as target:
            theirs = await contents(target)
    assert ours == theirs
    assert {"Ziel 0", "Ziel 1"} < {each["title"] for each in ours}


async def following(client: httpx.AsyncClient, cursor: str | None) -> tuple[list[dict[str, Any]], str]:
    """What was done to goals and sub-measures by hand, behind a cursor."""
    asked: dict[str, Any] = {"limit": 500, "type": ["goal", "sub_measure"], **({"cursor": cursor} if cursor else {})}
    answer = (await client.get("/v1/changes", params=asked)).json()
    return [each for each in answer["items"] if each["by"]], answer["next_cursor"]


async def follow(client: httpx.AsyncClient, change: Mapping[str, Any]) -> None:
    """Write what changed in another register under its id there."""
    intake = next(each for each in INTAKES.values() if each.kind.type == change["resource_type"])
    body = {name: value for name, value in change["data"].items() if name in intake.kind.create.model_fields}
    if change["resource_type"] == "sub_measure":
        body["goal"] = known(body.pop("goal_id"), "register")
    answer = await client.put(address(intake.kind.plural, change["resource_id"], "register"), json=body)
    assert answer.status_code in {200, 201}, answer.text


async def contents(client: httpx.AsyncClient) -> list[Any]:
    """What was written by hand, without what each register says of it."""
    items = []
    for intake in (INTAKES["goals"], INTAKES["sub-measures"]):
        answer = await client.get(f"/v1/{intake.kind.plural}", params={"limit": 200})
        own = intake.kind.create.model_fields.keys() - {"external_ids", "goal_id"}
        items += [{name: each[name] for name in sorted(own)} for each in answer.json()["items"]]
    return items
