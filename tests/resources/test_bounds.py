"""What one caller can ask for is bounded: reads, pages, representations and what is written."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.database import pages
from app.places import Asker, Places
from app.settings import Settings
from tests.clock import Clock
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, CITY, LIGA, goal_id, items_of, make, patch
from tests.problems import problem_of

Callers = Mapping[str, httpx.AsyncClient]

UNBOUNDED = (
    "/v1/goals?q=x",
    "/v1/goals?include_total=true",
    f"/v1/consultation-events?partner_id={CARITAS}",
    f"/v1/goals/{goal_id(1)}/history",
    "/v1/changes?type=goal",
    f"/v1/changes?partner_id={CARITAS}",
    "/v1/changes",
    "/v1/changes/stream?type=goal",
    "/v1/reports/progress",
    "/v1/reports/upcoming",
)
BOUNDED = ("/v1/goals", f"/v1/goals/{goal_id(1)}", "/v1/partners?limit=200&sort=-updated_at", "/healthz", "/readyz")


@pytest.fixture
def crowded(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """An app in which callers without a key have no place to read."""
    places = Places(4, most_without_key=0, each=4, each_without_key=1)
    monkeypatch.setattr(app.state.runtime.database, "places", places)
    monkeypatch.setattr(app.state.runtime.database, "patience", 0)
    return app


@any_database
@pytest.mark.usefixtures("crowded")
class TestPlacesToRead:
    @pytest.mark.parametrize("path", UNBOUNDED)
    async def test_are_needed_for_what_nothing_bounds(self, callers: Callers, path: str) -> None:
        answer = await callers["anonymous"].get(path, headers={"Accept-Language": "de"})
        assert "Adresse" in problem_of(answer, 503, "unavailable", "de")["detail"]
        assert answer.headers["retry-after"] == "1"
        if "stream" not in path:
            assert (await callers["reader"].get(path)).status_code == 200

    @pytest.mark.parametrize("path", BOUNDED)
    async def test_are_not_needed_for_what_is_bounded(self, callers: Callers, path: str) -> None:
        assert (await callers["anonymous"].get(path)).status_code == 200

    async def test_are_not_needed_at_the_end_of_the_feed(self, callers: Callers) -> None:
        page = (await callers["reader"].get("/v1/changes", params={"limit": 500})).json()
        assert not page["more"]
        made = await make(callers["operator"], "goals")
        answer = await callers["reader"].get("/v1/changes", params={"cursor": page["next_cursor"]})
        assert [each["resource_id"] for each in answer.json()["items"]] == [made["id"]]

    async def test_are_needed_for_reports_as_csv(self, callers: Callers) -> None:
        csv = {"Accept": "text/csv"}
        problem_of(await callers["anonymous"].get("/v1/reports/progress", headers=csv), 503, "unavailable")
        assert (await callers["reader"].get("/v1/reports/progress", headers=csv)).status_code == 200

    async def test_come_back(self, app: FastAPI, callers: Callers) -> None:
        for path in UNBOUNDED[:3] * 3:
            assert (await callers["reader"].get(path)).status_code == 200
        assert app.state.runtime.database.places.held.total() == 0


@pytest.mark.databases("sqlite")
class TestDeadline:
    async def test_is_503(self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("app.database.engines.STATEMENT_SECONDS", -1)
            patched.setattr("app.database.deadlines.STEPS", 1)
            for path in ("/v1/goals?q=x", "/v1/reports/progress", "/v1/changes?type=goal"):
                assert problem_of(await client.get(path), 503, "unavailable")
        assert (await client.get("/v1/goals?q=x")).status_code == 200

    async def test_is_503_for_csv(self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.database.snapshot.STATEMENT_SECONDS", -1)
        monkeypatch.setattr("app.database.deadlines.STEPS", 1)
        answer = await client.get("/v1/reports/progress", headers={"Accept": "text/csv"})
        problem_of(answer, 503, "unavailable")

    async def test_what_is_not_quick_after_all_is_read_in_a_thread(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.database.engines.QUICK_SECONDS", -1)
        monkeypatch.setattr("app.database.deadlines.STEPS", 1)
        assert len((await client.get("/v1/goals")).json()["items"]) > 1


class TestPages:
    @pytest.mark.parametrize("sort", ["number", "-number", "-updated_at", "title"])
    @pytest.mark.parametrize(("most", "limit"), [(1, 200), (6_000, 200), (6_000, 3)])
    async def test_end_by_size_without_a_gap(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, sort: str, most: int, limit: int
    ) -> None:
        for number in range(4):
            await make(client, "goals", description="x" * 800 * number)
        whole = await items_of(client, "goals", sort=sort, limit=200)
        monkeypatch.setattr(pages, "PAGE_BYTES", most)
        assert await items_of(client, "goals", sort=sort, limit=limit) == whole
        first = (await client.get("/v1/goals", params={"sort": sort, "limit": limit})).json()["items"]
        sizes = [*map(size_of, first)]
        assert sum(sizes[:-1]) < most
        assert len(first) == limit or sum(sizes) >= most

    @any_database
    async def test_keep_their_total_and_are_empty_where_nothing_is(
        self, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pages, "PAGE_BYTES", 1)
        page = (await client.get("/v1/goals", params={"include_total": True})).json()
        assert (len(page["items"]), page["total"] > 1) == (1, True)
        page = (await client.get("/v1/goals", params={"q": "nirgendwo"})).json()
        assert page == {"items": [], "next_cursor": None}

    @pytest.mark.parametrize("most", [1, 3_000])
    async def test_of_the_feed_and_of_a_history_end_by_size_without_a_gap(
        self, callers: Callers, monkeypatch: pytest.MonkeyPatch, most: int
    ) -> None:
        event = await make(callers["operator"], "consultation-events", description="x" * 900)
        for number in range(5):
            event = (await patch(callers["admin"], "consultation-events", event, title=f"Gespräch {number}")).json()
        history = f"/v1/consultation-events/{event['id']}/history"
        for caller in ("anonymous", "reader"):
            for path in ("/v1/changes", history):
                monkeypatch.setattr(pages, "PAGE_BYTES", 10**9)
                whole = await followed(callers[caller], path)
                monkeypatch.setattr(pages, "PAGE_BYTES", most)
                by_size = await followed(callers[caller], path)
                assert [each for page in by_size for each in page] == whole[0]
                assert len(by_size) == len(whole[0]) if most == 1 else len(by_size) > 1
                assert all(sum(map(size_of, page[:-1])) < most for page in by_size)


def size_of(said: Mapping[str, Any]) -> int:
    """How long a resource is as JSON, or what an entry of the feed says of it."""
    return len(json.dumps(said.get("data", said), ensure_ascii=False, separators=(",", ":")))


async def followed(client: httpx.AsyncClient, path: str) -> list[list[dict[str, Any]]]:
    """Every page of changes."""
    found: list[list[dict[str, Any]]] = []
    params: dict[str, Any] = {"limit": 500}
    while True:
        page = (await client.get(path, params=params)).json()
        found.append(page["items"])
        if not page["more"]:
            return found
        params["cursor"] = page["next_cursor"]


class TestRepresentation:
    async def test_has_a_limit(self, client: httpx.AsyncClient) -> None:
        agenda = [{"title": "Punkt", "description": "ä" * 10_000}] * 9
        made = await make(client, "consultation-events", agenda_items=agenda)
        more = {"agenda_items": [*agenda, *agenda]}
        for answer in (
            await patch(client, "consultation-events", made, **more),
            await client.post("/v1/consultation-events", json={**made_of(made), **more}),
        ):
            [error] = problem_of(answer, 422, "validation-error")["errors"]
            assert (error["pointer"], error["code"]) == ("#", "too_large")
            assert "256 KiB" in error["detail"]
        assert (await client.get(f"/v1/consultation-events/{made['id']}")).json() == made

    @any_database
    async def test_has_the_same_limit_at_an_address_of_its_own(
        self, callers: Callers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        event = await make(callers["operator"], "consultation-events")
        size = len((await callers["admin"].get(f"/v1/consultation-events/{event['id']}")).content)
        monkeypatch.setattr("app.resources.storing.LARGEST", size)
        address = f"/v1/consultation-events/{event['id']}/participants/{LIGA}"
        answer = await callers["other_contributor"].put(address, json={"attendance": "accepted"})
        assert problem_of(answer, 422, "validation-error")["errors"][0]["code"] == "too_large"
        assert (await patch(callers["admin"], "consultation-events", event, title="x" * 8)).status_code == 200


def made_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """What a POST needs to make another such event."""
    return {name: event[name] for name in ("title", "format", "level", "starts_at")}


class TestQuota:
    @pytest.fixture(autouse=True)
    def small(self, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
        """A key may write little in a day."""
        monkeypatch.setattr(app.state.runtime.database, "write_quota", 5_000)

    @any_database
    async def test_is_of_a_key_and_a_day(self, app: FastAPI, callers: Callers) -> None:
        clock = Clock(app)
        clock.set("2025-03-01", "23:59")
        written = await write_until_refused(callers["operator"])
        assert 1 <= written <= 4
        before = await items_of(callers["operator"], "needs", limit=200)
        answer = await callers["operator"].post("/v1/needs", json={"title": "Mehr", "raised_by_id": LIGA})
        assert problem_of(answer, 429, "too-many-requests")
        assert 0 < int(answer.headers["retry-after"]) <= 61
        assert await items_of(callers["operator"], "needs", limit=200) == before
        assert len(before) == written
        await make(callers["coordinator"], "needs", raised_by_id=CITY)
        clock.set("2025-03-02", "00:00")
        assert await write_until_refused(callers["operator"]) == written

    async def test_is_the_same_in_every_process(
        self, callers: Callers, settings: Settings, templates: Templates, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await write_until_refused(callers["operator"])
        async with running(settings) as other, client_of(other, templates.keys["operator"]) as client:
            monkeypatch.setattr(other.state.runtime.database, "write_quota", 5_000)
            problem_of(
                await client.post("/v1/needs", json={"title": "Mehr", "raised_by_id": LIGA}), 429, "too-many-requests"
            )


async def write_until_refused(client: httpx.AsyncClient) -> int:
    """How many needs a caller can make."""
    for count in range(50):
        answer = await client.post("/v1/needs", json={"title": "Bedarf", "raised_by_id": LIGA})
        if answer.status_code == 429:
            return count
        assert answer.status_code == 201
    raise AssertionError("there is no quota")


class TestPlacesToWait:
    async def test_are_kept_for_keys(self, app: FastAPI, callers: Callers) -> None:
        waiting = app.state.runtime.waiting
        address = Asker("127.0.0.1", has_key=False)
        while waiting.may_have(address):
            await waiting.take(address)
        assert waiting.held.total() < waiting.most_without_key
        end = (await callers["anonymous"].get("/v1/changes", params={"limit": 500})).json()["next_cursor"]
        for path in ("/v1/changes?wait=1&", "/v1/changes/stream?"):
            problem_of(await callers["anonymous"].get(f"{path}cursor={end}"), 503, "unavailable")
        end = (await callers["reader"].get("/v1/changes", params={"limit": 500})).json()["next_cursor"]
        app.state.runtime.ending.set()
        assert (await callers["reader"].get(f"/v1/changes?wait=1&cursor={end}")).status_code == 200
        assert (await callers["reader"].get(f"/v1/changes/stream?cursor={end}")).status_code == 200

    async def test_come_back_when_a_stream_ends_after_its_time(
        self, app: FastAPI, callers: Callers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("app.changes.routes.STREAM_SECONDS", 0)
        monkeypatch.setattr("app.changes.routes.PING_SECONDS", 0)
        answer = await callers["anonymous"].get("/v1/changes/stream", params={"limit": 500})
        assert answer.text.count("event: change") > 1
        assert app.state.runtime.waiting.held.total() == 0
