"""`/v1/changes`"""

import asyncio
import base64
import random
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import IS_SOAK
from tests.factories import (
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    PATHS,
    delete,
    errors_of,
    goal_id,
    items_of,
    make,
    measure_id,
    patch,
)
from tests.problems import problem_of
from tests.streams import streamed

Callers = Mapping[str, httpx.AsyncClient]


async def follow(
    client: httpx.AsyncClient, cursor: str | None = None, **params: Any
) -> tuple[list[dict[str, Any]], str]:
    """Every change behind a cursor, and the cursor behind them."""
    changes: list[dict[str, Any]] = []
    while True:
        answer = await client.get("/v1/changes", params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        changes += page["items"]
        cursor = page["next_cursor"]
        if not page["more"]:
            return changes, page["next_cursor"]


def apply(state: dict[str, dict[str, Any]], changes: list[dict[str, Any]]) -> None:
    """Follow the changes as a reader that keeps a copy would."""
    for change in (each for each in changes if each["resource_type"] != "key"):
        if change["data"] is None:
            # What it was before it was deleted is not told to the public any more.
            state.pop(change["resource_id"], None)
        else:
            assert change["data"]["id"] == change["resource_id"]
            assert change["data"]["version"] == change["version"]
            state[change["resource_id"]] = change["data"]


async def lists_of(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """Everything that a caller's lists hold."""
    return {each["id"]: each for path in PATHS for each in await items_of(client, path, limit=200)}


class TestListChanges:
    async def test_begins_with_the_agreement_without_gaps(self, callers: Callers) -> None:
        changes, _ = await follow(callers["anonymous"], limit=7)
        assert [change["position"] for change in changes] == list(range(1, 37))
        assert {change["action"] for change in changes} == {"created"}
        assert {change["by"] for change in changes} == {None}

    @pytest.mark.parametrize("path", ["/v1/changes", "/v1/changes/stream"])
    async def test_refuses_a_kind_that_there_is_not(self, offline: httpx.AsyncClient, path: str) -> None:
        """An empty feed whose cursor runs ahead would look as if nothing had happened."""
        for params in ({"type": "goals"}, {"type": ["goal", "sub-measure"]}, {"type": ""}):
            answer = await offline.get(path, params=params)
            problem_of(answer, 422, "validation-error")
            (error,) = answer.json()["errors"]
            assert (error["parameter"], error["code"]) == ("type", "enum")
            assert "'sub_measure' or 'topic'" in error["detail"]

    async def test_names_who_changed_what(self, callers: Callers) -> None:
        _, cursor = await follow(callers["admin"])
        made = await make(callers["contributor"], "sub-measures", lead_partner_id=CARITAS, summary="Neu")
        changed = (await patch(callers["coordinator"], "sub-measures", made, title="Anders", sdgs=[3])).json()
        changes, _ = await follow(callers["anonymous"], cursor=None, partner_id=CARITAS)
        assert [(each["action"], each["by"], each["data"]) for each in changes] == [
            ("created", {"partner_id": CARITAS}, made)
        ]
        changes, _ = await follow(callers["admin"], cursor)
        assert [(each["action"], each["by"]["partner_id"], each["version"]) for each in changes] == [
            ("created", CARITAS, 1),
            ("updated", CITY, 2),
        ]
        assert sorted(changes[1]["changed_fields"]) == ["sdgs", "title"]
        assert changes[1]["data"] == changed

    async def test_goes_on_behind_an_export(self, app: FastAPI, callers: Callers) -> None:
        """And from page to page, with the same parameters; a position that is not there yet is of a lost future."""
        for caller in (callers["anonymous"], callers["reader"]):
            await make(callers["operator"], "goals")
            position = (await caller.get("/v1/exports/goals.jsonl")).headers["change-position"]
            asked: dict[str, Any] = {"after_position": position, "limit": 1}
            assert (await caller.get("/v1/changes", params=asked)).json()["items"] == []
            made = [await make(callers["operator"], "goals") for _ in range(2)]
            changes, _ = await follow(caller, **asked)
            assert [each["data"] for each in changes] == made
            assert (await streamed(app, after_position=position))[1].count("event: change") == 2
            beyond = await caller.get("/v1/changes", params={"after_position": int(position) + 3})
            problem_of(beyond, 410, "feed-reset")

    async def test_filters_by_type(self, callers: Callers) -> None:
        changes, _ = await follow(callers["anonymous"], type=["goal", "topic"])
        assert len(changes) == 10
        assert {change["resource_type"] for change in changes} == {"goal", "topic"}

    async def test_moves_the_cursor_past_what_is_filtered_out(self, callers: Callers) -> None:
        nothing, cursor = await follow(callers["anonymous"], type="need")
        assert nothing == []
        await make(callers["operator"], "goals")
        changes, _ = await follow(callers["anonymous"], cursor)
        assert [change["resource_type"] for change in changes] == ["goal"]

    async def test_leaves_out_what_was_refused(self, callers: Callers) -> None:
        _, cursor = await follow(callers["admin"])
        answer = await callers["admin"].post("/v1/goals", json={"title": "x"})
        assert answer.status_code == 422
        answer = await callers["admin"].post(
            "/v1/sub-measures", json={"goal_id": goal_id(1), "title": "x", "number": 1}
        )
        assert answer.status_code == 409
        assert (await follow(callers["admin"], cursor))[0] == []

    async def test_writes_nothing_for_a_patch_that_changes_nothing(self, callers: Callers) -> None:
        made = await make(callers["operator"], "goals")
        _, cursor = await follow(callers["admin"])
        answer = await patch(callers["admin"], "goals", made, title=made["title"])
        assert (answer.status_code, answer.json()) == (200, made)
        assert (await follow(callers["admin"], cursor))[0] == []

    async def test_shows_what_leaves_and_enters_the_public_view(self, callers: Callers) -> None:
        hidden = await make(callers["operator"], "goals", visibility="partners")
        _, cursor = await follow(callers["anonymous"])
        entered = (await patch(callers["admin"], "goals", hidden, visibility="public")).json()
        left = (await patch(callers["admin"], "goals", entered, visibility="partners", title="Geheim")).json()
        changes, _ = await follow(callers["anonymous"], cursor)
        assert [(each["action"], each["data"], each["changed_fields"]) for each in changes] == [("deleted", None, [])]
        back = (await patch(callers["admin"], "goals", left, visibility="public", title="Offen")).json()
        changes, _ = await follow(callers["anonymous"], cursor)
        assert [(each["action"], each["data"]) for each in changes] == [
            ("created", entered),
            ("deleted", None),
            ("created", back),
        ]

    async def test_hides_who_acted_when_that_partner_is_not_public(self, callers: Callers) -> None:
        caritas = (await callers["keeper"].get(f"/v1/partners/{CARITAS}")).json()
        assert (await patch(callers["keeper"], "partners", caritas, visibility="partners")).status_code == 200
        made = await make(callers["contributor"], "sub-measures", lead_partner_id=CARITAS)
        changes, _ = await follow(callers["anonymous"], type="sub_measure")
        assert (changes[-1]["resource_id"], changes[-1]["by"]) == (made["id"], None)
        assert (await follow(callers["anonymous"], partner_id=CARITAS))[0] == []
        assert len((await follow(callers["reader"], partner_id=CARITAS))[0]) == 1

    async def test_refuses_cursors_that_are_none(self, callers: Callers) -> None:
        for cursor in ("x", "MTox", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OmFiY2RlZjAxMjM0NTY3ODk6cHVibGlj"):
            answer = await callers["anonymous"].get("/v1/changes", params={"cursor": cursor})
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["parameter"] == "cursor"

    async def test_refuses_a_cursor_from_other_rights(self, callers: Callers) -> None:
        _, cursor = await follow(callers["anonymous"])
        answer = await callers["reader"].get("/v1/changes", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/rights-changed")

    async def test_gives_nothing_to_a_key_that_ended_while_it_waited(
        self, app: FastAPI, callers: Callers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        admin = callers["keeper"]
        made = (await admin.post("/v1/keys", json={"partner_id": LIGA, "role": "reader"})).json()
        _, cursor = await follow(admin)
        ends = [False, True]

        async def wait(*_: Any) -> None:
            """What happens meanwhile."""
            if ends.pop(0):
                assert (await admin.delete(f"/v1/keys/{made['id']}")).status_code == 204
            await make(admin, "goals", title="Nur für Partner", visibility="partners")

        monkeypatch.setattr("app.changes.routes.wait_for_more", wait)
        async with client_of(app, made["key"]) as client:
            answer = await client.get("/v1/changes", params={"cursor": cursor, "wait": 30})
            assert [each["data"]["title"] for each in answer.json()["items"]] == ["Nur für Partner"]
            _, cursor = await follow(admin)
            answer = await client.get("/v1/changes", params={"cursor": cursor, "wait": 30})
            problem_of(answer, 401, "unauthorized")
            assert "Nur für Partner" not in answer.text

    async def test_refuses_a_cursor_from_a_lost_future(self, callers: Callers, templates: Templates) -> None:
        await make(callers["operator"], "goals")
        _, cursor = await follow(callers["admin"])
        key = templates.keys["admin"]
        async with templates.fresh("seeded") as restored, running(restored) as app, client_of(app, key) as client:
            for problem in ("feed-reset", "history-rewritten"):
                answer = await client.get("/v1/changes", params={"cursor": cursor})
                assert (answer.status_code, answer.json()["type"]) == (410, f"/problems/{problem}")
                await make(client, "goals")
            # Versions before chained the log and had its hashes in their cursors.
            earlier = base64.urlsafe_b64encode(b"1:0123456789abcdef:partners").decode().rstrip("=")
            problem_of(await client.get("/v1/changes", params={"cursor": earlier}), 410, "feed-reset")

    @pytest.mark.thorough
    @pytest.mark.parametrize("seed", range(9) if IS_SOAK else range(1))
    async def test_gives_exactly_the_lists_to_whoever_follows_it(
        self, callers: Callers, settings: Settings, seed: int
    ) -> None:
        choice = random.Random(seed)  # noqa: S311 (a history that can be repeated)
        copies: dict[str, dict[str, Any]] = {name: {} for name in callers}
        cursors: dict[str, str | None] = dict.fromkeys(callers)
        for step in range(60):
            await act(choice, callers["keeper"])
            if step % 7 == 0:
                for name in choice.sample(sorted(callers), 3):
                    changes, cursors[name] = await follow(
                        callers[name], cursors[name], limit=choice.choice([1, 3, 500])
                    )
                    apply(copies[name], changes)
                    assert copies[name] == await lists_of(callers[name])
        for name, client in callers.items():
            changes, _ = await follow(client, cursors[name])
            apply(copies[name], changes)
            fresh: dict[str, Any] = {}
            apply(fresh, (await follow(client))[0])
            assert copies[name] == fresh == await lists_of(client)
        assert (await verify_and_note(settings)).faults == []


async def act(choice: random.Random, client: httpx.AsyncClient) -> None:
    """One write of a random history; it may be refused, as a caller's would be."""
    path = choice.choice(["goals", "sub-measures", "consultation-events", "partners"])
    present = await items_of(client, path, limit=200)
    action = choice.choice(["make", "make", "patch", "patch", "patch", "delete"])
    visibility = choice.choice(["public", "partners"])
    if action == "make" or not present:
        await make(client, path, visibility=visibility, **fields_of(choice, path))
    elif action == "patch":
        await patch(client, path, choice.choice(present), visibility=visibility, **fields_of(choice, path))
    else:
        await delete(client, path, choice.choice(present))


def fields_of(choice: random.Random, path: str) -> dict[str, Any]:
    """Some content that differs from time to time."""
    text = choice.choice(["eins", "zwei", "drei"])
    match path:
        case "sub-measures":
            return {"title": text, "supporting_partner_ids": choice.sample([LIGA, CARITAS, CITY], 2)}
        case "consultation-events":
            return {"title": text, "sub_measure_ids": [measure_id(1, 1)], "participants": [{"partner_id": LIGA}]}
        case "partners":
            return {"name": text, "service_fields": choice.sample(["daycare", "schools"], 1)}
        case _:
            return {"title": text}


class TestHistory:
    async def test_tells_what_happened_to_one_resource(self, callers: Callers) -> None:
        made = await make(callers["operator"], "goals")
        changed = (await patch(callers["admin"], "goals", made, title="Neu")).json()
        assert (await delete(callers["admin"], "goals", changed)).status_code == 204
        assert (await callers["anonymous"].get(f"/v1/goals/{made['id']}")).status_code == 410
        answer = await callers["anonymous"].get(f"/v1/goals/{made['id']}/history")
        told = [(each["action"], each["data"]) for each in answer.json()["items"]]
        assert told == [("created", None), ("updated", None), ("deleted", None)], "to the public"
        answer = await callers["reader"].get(f"/v1/goals/{made['id']}/history")
        told = [(each["action"], each["data"]) for each in answer.json()["items"]]
        assert told == [("created", made), ("updated", changed), ("deleted", None)]

    async def test_is_hidden_with_its_resource(self, callers: Callers) -> None:
        made = await make(callers["operator"], "goals", visibility="partners")
        address = f"/v1/goals/{made['id']}/history"
        assert (await callers["anonymous"].get(address)).status_code == 404
        assert (await callers["reader"].get(address)).status_code == 200
        assert (await delete(callers["admin"], "goals", made)).status_code == 204
        assert (await callers["anonymous"].get(address)).status_code == 404
        assert (await callers["anonymous"].get(f"/v1/goals/{made['id']}")).status_code == 404
        assert (await callers["reader"].get(f"/v1/goals/{made['id']}")).status_code == 410
        assert len((await callers["reader"].get(address)).json()["items"]) == 2

    async def test_is_of_its_own_kind_only(self, callers: Callers) -> None:
        assert (await callers["anonymous"].get(f"/v1/topics/{goal_id(1)}/history")).status_code == 404
        assert (await callers["anonymous"].get(f"/v1/goals/{goal_id(1)}/history")).status_code == 200


class TestStreamChanges:
    async def test_goes_on_behind_the_last_event(self, app: FastAPI, callers: Callers) -> None:
        _, cursor = await follow(callers["anonymous"])
        made = await make(callers["operator"], "goals")
        events = await stream(app, headers={"Last-Event-ID": cursor}, until=f'"resource_id":"{made["id"]}"')
        assert events[0].startswith("id: ")
        assert events[0].count("event: change") == 1
        assert '"action":"created"' in events[0]

    async def test_sends_events_with_data_and_comments_and_nothing_else(self, app: FastAPI, callers: Callers) -> None:
        """Common clients take an id alone for an event and parse its data, which is not there."""
        _, cursor = await follow(callers["anonymous"])
        await make(callers["operator"], "topics")
        for params in (
            {},
            {"partner_id": NOWHERE, "cursor": cursor},
            {"type": "topic", "cursor": cursor},
            {"limit": "1"},
        ):
            status, text = await streamed(app, **params)
            assert status == 200
            *blocks, end = text.split("\n\n")
            assert end == ""
            assert blocks[-1].startswith(":")
            for block in blocks[:-1]:
                assert [line.partition(":")[0] for line in block.split("\n")] == ["id", "event", "data"]

    async def test_passes_over_again_what_was_passed_over(self, app: FastAPI, callers: Callers) -> None:
        """A client whose last event is old goes on there and gets what it asks for once."""
        made = await make(callers["operator"], "topics")
        _, text = await streamed(app, type="topic")
        (last,) = re.findall("^id: (.*)$", text, re.MULTILINE)[-1:]
        await make(callers["operator"], "goals")
        await make(callers["operator"], "goals")
        assert made["id"] not in (await streamed(app, type="topic", cursor=last))[1]
        after = await make(callers["operator"], "topics")
        _, text = await streamed(app, type="topic", cursor=last)
        assert (text.count("event: change"), after["id"] in text) == (1, True)

    async def test_begins_at_the_beginning_for_an_empty_last_event(self, app: FastAPI, callers: Callers) -> None:
        _, cursor = await follow(callers["anonymous"])
        first = await stream(app, headers={"Last-Event-ID": ""}, until="event: change")
        assert '"position":1,' in first[0]
        made = await make(callers["operator"], "goals")
        events = await stream(app, headers={"Last-Event-ID": cursor}, until=made["id"])
        assert '"position":1,' not in events[0]

    async def test_names_the_header_where_that_is_no_cursor(self, callers: Callers) -> None:
        address = "/v1/changes/stream"
        for value in ("x", "MTpI"):
            answer = await callers["anonymous"].get(address, headers={"Last-Event-ID": value})
            errors = problem_of(answer, 422, "validation-error")["errors"]
            assert [(each["header"], each["code"]) for each in errors] == [("Last-Event-ID", "invalid_cursor")]
            assert errors_of(await callers["anonymous"].get(f"{address}?cursor={value}")) == [
                ("cursor", "invalid_cursor")
            ]

    async def test_asks_proxies_to_hold_nothing_back(self, callers: Callers) -> None:
        answer = await callers["anonymous"].head("/v1/changes/stream")
        assert (answer.status_code, answer.headers["x-accel-buffering"]) == (200, "no")


async def stream(app: FastAPI, headers: dict[str, str], until: str) -> list[str]:
    """The events of the stream up to the one that holds a text; then the client goes away."""
    received = ""
    gone = asyncio.Event()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/changes/stream",
        "raw_path": b"/v1/changes/stream",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("register.test", 80),
    }

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal received
        received += message.get("body", b"").decode()
        if until in received:
            gone.set()

    await app(scope, receive, send)
    return received.split("\n\n")
