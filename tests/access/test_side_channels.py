"""What is for partners only makes no difference to anonymous callers: no byte, no count, no order, no refusal."""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.catalogue import FEATURES
from app.schema.fields import SLUG_PATTERN, URL_PATTERN
from app.schema.text import LINE_PATTERN, PARAGRAPHS_PATTERN
from tests.conftest import Templates
from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    PATHS,
    body_of,
    delete,
    errors_of,
    goal_id,
    items_of,
    make,
    patch,
    topic_id,
)
from tests.kinds import MARKER, REFERENCES, THERE, sample_of
from tests.schemas import body_schema, parameters, resolved
from tests.streams import streamed

KINDS = tuple(feature.kind for feature in FEATURES)

Callers = Mapping[str, httpx.AsyncClient]

TITLE = f"Verschlusssache {MARKER}"
BY_PATH = {resource.path: resource for resource in KINDS}


TEXTS: Mapping[str, str] = {
    LINE_PATTERN: MARKER,
    PARAGRAPHS_PATTERN: MARKER,
    SLUG_PATTERN: MARKER,
    URL_PATTERN: f"https://{MARKER}.example/",
}


def hidden_fields(path: str) -> dict[str, Any]:
    """What the hidden resource of a kind has: the marker in all of its text, and what it can be found by."""
    fields: dict[str, Any] = {}
    for name, schema in body_schema(path, "post")["properties"].items():
        kind = resolved(schema)
        if kind.get("format") == "email":
            fields[name] = f"{MARKER}@example.org"
        elif kind.get("pattern") in TEXTS:
            fields[name] = TEXTS[kind["pattern"]]
    return {**fields, BY_PATH[path].named_by: TITLE, **sample_of(path).hidden}


FITTING: Mapping[str, str] = {
    "q": MARKER,
    "district": MARKER,
    "slug": MARKER,
    "visibility": "partners",
    "limit": "200",
    "sdg": "13",
    "include_total": "true",
    "agreement_id": AGREEMENT,
    "topic_id": topic_id("health"),
    "goal_id": goal_id(1),
    "partner_id": LIGA,
    "lead_partner_id": CARITAS,
    "supporting_partner_id": LIGA,
    "organiser_id": CARITAS,
    "member_of_id": LIGA,
    "sub_measure_id": NOWHERE,
    "service_field": "nursing",
    "number": "1",
    "code": "1.1",
    "municipality_key": "14612000",
    "language": "de",
}
"""Values of the filters that the hidden resources meet; the rest follows from the contract."""


def parameters_of(path: str) -> Iterator[dict[str, str]]:
    """Every parameter of a list but the cursor, with values that the hidden resource meets."""
    for name, schema in parameters(path).items():
        values = [] if name == "cursor" else [FITTING[name]] if name in FITTING else values_in(name, schema)
        for value in values:
            yield {name: value}


def values_in(name: str, schema: Mapping[str, Any]) -> list[str]:
    """All values of a closed vocabulary, or a bound that everything meets."""
    kind = resolved(schema)
    kind = resolved(kind.get("items", kind))
    if kind.get("format") == "uuid":
        return [THERE.get(REFERENCES.get(name, ""), NOWHERE)]
    if "enum" in kind:
        return [str(value) for value in kind["enum"]]
    day, number = ("1000-01-01", "0") if name.endswith("_from") else ("2999-12-31", "101")
    return [{"date": day, "date-time": f"{day}T00:00:00Z"}.get(kind.get("format", ""), number)]


def everything_in(answer: httpx.Response) -> str:
    """Every byte of an answer, and what its opaque parts hold."""
    text = "\n".join([answer.text, *(f"{name}: {value}" for name, value in answer.headers.items())])
    tokens = [token for token in re.findall(r"[A-Za-z0-9_-]{24,}", text) if len(token) % 4 != 1]
    return text + "".join(
        base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("latin-1") for token in tokens
    )


def refusal_in(answer: httpx.Response) -> tuple[int, dict[str, Any], dict[str, str]]:
    """A refusal without what differs from one request to the next."""
    body = {name: value for name, value in answer.json().items() if name not in ("instance", "request_id")}
    ignored = {"x-request-id", "content-length", "ratelimit-remaining", "ratelimit-reset"}
    return answer.status_code, body, {name: value for name, value in answer.headers.items() if name not in ignored}


async def hide(client: httpx.AsyncClient, path: str, **fields: Any) -> dict[str, Any]:
    """The hidden resource of a kind."""
    return await make(client, path, **{"visibility": "partners", **hidden_fields(path), **fields})


def named(path: str, name: str) -> dict[str, str]:
    """A name in the field that people know a resource of this kind by."""
    return {BY_PATH[path].named_by: name}


@pytest.mark.thorough
@pytest.mark.parametrize("path", PATHS)
class TestAnonymousCallers:
    @any_database
    async def test_get_the_lists_as_if_it_were_not_there(self, callers: Callers, path: str) -> None:
        """Every filter, order and count gives the same bytes before and after, while partners find it."""
        asked = [{"include_total": "true", "limit": "200", **each} for each in parameters_of(path)]
        asked += [{"limit": "1", "sort": each["sort"]} for each in parameters_of(path) if "sort" in each]
        address = f"/v1/{path}"
        before = [await callers["anonymous"].get(address, params=params) for params in asked]
        hidden = await hide(callers["operator"], path)
        found = 0
        for params, earlier in zip(asked, before, strict=True):
            answer = await callers["anonymous"].get(address, params=params)
            assert answer.status_code == 200, (params, answer.text)
            assert (answer.text, answer.headers.get("link")) == (earlier.text, earlier.headers.get("link")), params
            assert MARKER not in everything_in(answer), params
            assert hidden["id"] not in everything_in(answer), params
            found += hidden["id"] in (await callers["reader"].get(address, params=params)).text
        assert found > len(asked) / 4

    @any_database
    async def test_page_through_lists_without_meeting_it(self, callers: Callers, path: str) -> None:
        for number in range(3):
            await make(callers["operator"], path, **named(path, f"Offen {number}"))
            await hide(
                callers["operator"], path, **({"slug": f"{MARKER}-{number}"} if "slug" in hidden_fields(path) else {})
            )
        for sort in ("-created_at", "created_at"):
            address: str | None = f"/v1/{path}?limit=1&include_total=true&sort={sort}"
            ids: list[str] = []
            while address:
                answer = await callers["anonymous"].get(address)
                assert answer.status_code == 200
                assert MARKER not in everything_in(answer)
                ids += [each["id"] for each in answer.json()["items"]]
                link = re.search("<(.*)>", answer.headers.get("link", ""))
                address = link[1] if link else None
            assert len(ids) == len(set(ids)) == answer.json()["total"]
            assert len(await items_of(callers["reader"], path)) == len(ids) + 3

    @any_database
    async def test_get_the_answers_to_what_never_was(self, callers: Callers, path: str) -> None:
        hidden = await hide(callers["operator"], path)
        changed = (await patch(callers["operator"], path, hidden, **named(path, f"Anders {MARKER}"))).json()
        assert changed["version"] == 2
        anonymous = callers["anonymous"]
        tried: list[tuple[str, str, dict[str, str], int]] = [
            *(("GET", "", {"If-None-Match": tag}, 404) for tag in ('"1"', '"2"', "*", 'W/"2"')),
            *(("GET", part, {}, 404) for part in ("", "/history", "/history?limit=1")),
            *((method, "", {"If-Match": tag}, 401) for method in ("PATCH", "DELETE") for tag in ('"1"', '"2"', "*")),
            *((method, "", {}, 401) for method in ("PATCH", "DELETE")),
        ]

        async def compare() -> None:
            for method, part, headers, status in tried:
                body = {"visibility": "public"} if method == "PATCH" else None
                answer, other = [
                    await anonymous.request(method, f"/v1/{path}/{id}{part}", headers=headers, json=body)
                    for id in (hidden["id"], NOWHERE)
                ]
                assert answer.status_code == status
                assert refusal_in(answer) == refusal_in(other)
                assert MARKER not in everything_in(answer)

        await compare()
        assert (await delete(callers["operator"], path, changed)).status_code == 204
        await compare()

    @any_database
    async def test_follow_the_changes_without_it(
        self, app: FastAPI, callers: Callers, templates: Templates, path: str
    ) -> None:
        """One is made hidden and changed; another is made public, hidden with the marker, made public without it."""
        anonymous, admin = callers["anonymous"], callers["operator"]
        start = (await anonymous.get("/v1/changes", params={"limit": 500})).json()["next_cursor"]
        hidden = await hide(admin, path)
        assert (await patch(admin, path, hidden, **named(path, f"Anders {MARKER}"))).status_code == 200
        shown = await make(admin, path, **named(path, "Offen"))
        left = (await patch(admin, path, shown, visibility="partners", **named(path, TITLE))).json()
        for params in ({}, {"cursor": start}, {"limit": "1", "cursor": start}, {"type": BY_PATH[path].type}):
            answer = await anonymous.get("/v1/changes", params={"limit": "500", **params})
            assert answer.status_code == 200
            assert MARKER not in everything_in(answer)
            assert hidden["id"] not in answer.text
        status, text = await streamed(app, cursor=start)
        assert (status, MARKER in text, hidden["id"] in text, left["id"] in text) == (200, False, False, True)
        status, text = await streamed(app, templates.keys["reader"])
        assert (status, MARKER in text, hidden["id"] in text) == (200, True, True)
        history = f"/v1/{path}/{left['id']}/history"
        assert (await anonymous.get(history)).status_code == 404
        assert (await patch(admin, path, left, visibility="public", **named(path, "Offen"))).status_code == 200
        answer = await anonymous.get(history)
        assert [(each["version"], each["action"]) for each in answer.json()["items"]] == [
            (1, "created"),
            (2, "deleted"),
            (3, "created"),
        ]
        assert MARKER not in everything_in(answer)
        assert MARKER in (await callers["reader"].get(history)).text

    @any_database
    async def test_are_refused_writes_without_a_word_of_it(self, callers: Callers, path: str) -> None:
        """Bodies that collide with the hidden, miss a field or break a rule get one and the same 401."""
        hidden = await hide(callers["operator"], path)
        colliding = {**hidden_fields(path), **({"number": hidden["number"]} if "number" in hidden else {})}
        refusals = []
        for fields in (colliding, {}, named(path, "")):
            answer = await callers["anonymous"].post(f"/v1/{path}", json=body_of(path, **fields))
            assert answer.status_code == 401
            assert MARKER not in everything_in(answer)
            refusals.append(refusal_in(answer))
        assert refusals[0] == refusals[1] == refusals[2]


@any_database
class TestReferences:
    async def test_find_nothing_through_a_hidden_goal(self, callers: Callers) -> None:
        """A public measure names its hidden goal, as it is public as a whole; what the goal holds stays hidden."""
        goal = await hide(callers["operator"], "goals")
        measure = await make(callers["operator"], "sub-measures", goal_id=goal["id"])
        event = await make(
            callers["operator"], "consultation-events", goal_ids=[goal["id"]], sub_measure_ids=[measure["id"]]
        )
        health = topic_id("health")
        for path, id, params in (
            ("sub-measures", measure["id"], {"topic_id": health}),
            ("sub-measures", measure["id"], {"agreement_id": AGREEMENT}),
            ("consultation-events", event["id"], {"goal_id": goal["id"]}),
        ):
            for name, is_found in (("anonymous", False), ("reader", True)):
                found = {each["id"] for each in await items_of(callers[name], path, limit=200, **params)}
                assert (id in found) is is_found, (path, name, params)
        answer = await callers["anonymous"].get(f"/v1/sub-measures/{measure['id']}")
        assert (answer.status_code, answer.json()) == (200, measure)
        assert MARKER not in everything_in(answer)

    async def test_find_no_event_by_the_goal_of_what_is_hidden(self, callers: Callers) -> None:
        measure = await hide(callers["operator"], "sub-measures")
        for about in (
            {"sub_measure_ids": [measure["id"]]},
            {"agenda_items": [{"title": "x", "sub_measure_id": measure["id"]}]},
        ):
            event = await make(callers["operator"], "consultation-events", **about)
            for name, is_found in (("anonymous", False), ("reader", True)):
                events = await items_of(callers[name], "consultation-events", goal_id=measure["goal_id"])
                assert (event["id"] in {each["id"] for each in events}) is is_found

    async def test_are_to_nothing_when_they_are_to_another_kind_or_to_what_was_deleted(self, callers: Callers) -> None:
        gone = await make(callers["operator"], "partners", visibility="partners")
        assert (await delete(callers["operator"], "partners", gone)).status_code == 204
        for id in (gone["id"], NOWHERE, goal_id(1)):
            body = body_of("sub-measures", supporting_partner_ids=[LIGA, id], lead_partner_id=CARITAS)
            answer = await callers["contributor"].post("/v1/sub-measures", json=body)
            assert errors_of(answer) == [("#/supporting_partner_ids/1", "unknown_reference")]

    async def test_of_writers_reach_what_is_for_partners(self, callers: Callers) -> None:
        hidden = await hide(callers["operator"], "partners")
        made = await make(
            callers["contributor"], "sub-measures", lead_partner_id=CARITAS, supporting_partner_ids=[hidden["id"]]
        )
        assert made["supporting_partner_ids"] == [hidden["id"]]
        assert MARKER not in everything_in(await callers["anonymous"].get(f"/v1/sub-measures/{made['id']}"))
        answer = await delete(callers["operator"], "partners", hidden)
        assert answer.status_code == 409
        assert answer.json()["referrers"] == [{"resource": "sub-measures", "id": made["id"]}]
        answer = await callers["anonymous"].delete(f"/v1/partners/{hidden['id']}", headers={"If-Match": "*"})
        assert (answer.status_code, "referrers" in answer.json()) == (401, False)


@any_database
class TestOtherCallers:
    async def test_get_no_answer_that_was_kept_for_one(self, callers: Callers) -> None:
        headers = {"Idempotency-Key": "geheim"}
        body = body_of("sub-measures", visibility="partners", **hidden_fields("sub-measures"))
        first = await callers["contributor"].post("/v1/sub-measures", json=body, headers=headers)
        assert first.status_code == 201
        for name, status in (("anonymous", 401), ("reader", 403), ("other_contributor", 403)):
            answer = await callers[name].post("/v1/sub-measures", json=body, headers=headers)
            assert answer.status_code == status, name
            assert "idempotent-replayed" not in answer.headers
            assert MARKER not in everything_in(answer)
            assert first.json()["id"] not in everything_in(answer)

    async def test_get_no_further_with_the_cursor_of_a_partner(self, callers: Callers) -> None:
        """The cursor of a list says where its reader was; for another circle it gives what that circle sees."""
        await hide(callers["operator"], "goals")
        params = {"sort": "-created_at", "limit": "1"}
        cursor = (await callers["reader"].get("/v1/goals", params=params)).json()["next_cursor"]
        answer = await callers["anonymous"].get("/v1/goals", params={**params, "cursor": cursor})
        assert answer.status_code == 200
        assert MARKER not in everything_in(answer)
        feed = (await callers["reader"].get("/v1/changes")).json()["next_cursor"]
        for address in ("/v1/changes", "/v1/changes/stream", f"/v1/goals/{goal_id(1)}/history"):
            answer = await callers["anonymous"].get(address, params={"cursor": feed})
            assert (answer.status_code, answer.json()["type"]) == (410, "/problems/rights-changed")

    async def test_are_not_told_which_hidden_partner_acted(self, callers: Callers) -> None:
        city = (await callers["operator"].get(f"/v1/partners/{CITY}")).json()
        assert (await patch(callers["operator"], "partners", city, visibility="partners")).status_code == 200
        made = await make(callers["operator"], "goals")
        answer = await callers["anonymous"].get(f"/v1/goals/{made['id']}/history")
        assert [each["by"] for each in answer.json()["items"]] == [None]
        for partner in (CITY, NOWHERE):
            answer = await callers["anonymous"].get("/v1/changes", params={"partner_id": partner})
            assert answer.json()["items"] == []
