"""Whichever way the database goes to a page, the page is the same: the ways are tried one by one and beside each other."""

from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import combinations
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.catalogue import FEATURES
from app.resources import choosing, reading, totals, ways
from app.resources.paging import MOST_COUNTED, MOST_LOOKED_AT, Order
from tests.conftest import Templates, client_of, running
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, goal_id, items_of, make, measure_id, patch, topic_id

NEVER, OFTEN = 0, 8
"""How much is looked at as a whole: nothing, so that every list is walked, and about what half of the filters match."""

FILTERS: Mapping[str, Any] = {
    "partner_id": [CARITAS, LIGA],
    "organiser_id": CITY,
    "topic_id": topic_id("health"),
    "sub_measure_id": measure_id(1, 1),
    "goal_id": goal_id(1),
    "status": ["confirmed", "planned"],
    "level": "strategic",
    "agreement_id": AGREEMENT,
    "visibility": "partners",
    "starts_at_from": "2027-01-08T00:00:00Z",
    "ends_at_before": "2027-01-16T12:00:00Z",
    "q": "gespräch 1",
}


@pytest.fixture(scope="module")
async def register(templates: Templates) -> AsyncIterator[FastAPI]:
    """A register with some events that differ in all that lists are asked for."""
    async with templates.fresh("seeded") as settings, running(settings) as app:
        async with client_of(app, templates.keys["operator"]) as client:
            for number in range(18):
                await make(client, "consultation-events", **event(number))
        yield app


def event(number: int) -> dict[str, Any]:
    """One of them."""
    return {
        "title": f"Gespräch {number}",
        # Two begin at the same time.
        "starts_at": f"2027-01-{1 + number // 2 * 2:02}T10:00:00Z",
        "ends_at": f"2027-01-{1 + number:02}T12:00:00Z",
        "visibility": "partners" if number % 5 == 0 else "public",
        "status": "confirmed" if number % 4 == 0 else "planned",
        "level": "strategic" if number % 3 == 0 else "operational",
        "organiser_id": CITY if number % 2 else None,
        "participants": [{"partner_id": each} for each in (CARITAS, LIGA)[: number % 3]],
        "topic_ids": [topic_id("health")] if number % 7 == 0 else [],
        "sub_measure_ids": [measure_id(1, 1)] if number % 6 == 0 else [],
        "agenda_items": [{"title": "Eins", "sub_measure_id": measure_id(1, 1)}] if number % 4 == 1 else [],
        "goal_ids": [goal_id(1)] if number % 9 == 0 else [],
    }


@pytest.fixture
def gathering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What has all lists found in another way."""

    def set_to(most: int | None) -> None:
        reading.prepared.cache_clear()
        for name in ("MOST_GATHERED", "MOST_AHEAD", "MOST_BY_TEXT"):
            monkeypatch.setattr(choosing, name, most or 0)
        monkeypatch.setattr(ways, "MOST_BY_TEXT", most or 0)
        if most is None:
            monkeypatch.setattr(choosing, "way_of", lambda *_asked: None)

    yield set_to
    reading.prepared.cache_clear()


def questions(*, with_pairs: bool) -> Iterator[dict[str, Any]]:
    """Every filter alone in three orders, and every two of them in one."""
    for name, value in FILTERS.items():
        yield from ({name: value, "sort": sort} for sort in ("starts_at", "-starts_at", "-title"))
    for pair in combinations(FILTERS, 2) if with_pairs else ():
        yield {name: FILTERS[name] for name in pair}


async def pages_of(client: httpx.AsyncClient, *, with_pairs: bool) -> list[Any]:
    """What each question is answered, page by page, with its total."""
    found = []
    for asked in questions(with_pairs=with_pairs):
        params = {**asked, "limit": 8, "include_total": "true"}
        answer = (await client.get("/v1/consultation-events", params=params)).json()
        said = [answer]
        while answer["next_cursor"]:
            answer = (
                await client.get("/v1/consultation-events", params={**params, "cursor": answer["next_cursor"]})
            ).json()
            said.append(answer)
        found.append((asked, [([each["title"] for each in page["items"]], page["total"]) for page in said]))
    return found


async def changed(client: httpx.AsyncClient, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An event with other values."""
    answer = await patch(client, "consultation-events", made, **changes)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


class TestWays:
    @pytest.mark.thorough
    async def test_all_lead_to_the_same_pages(self, register: FastAPI, templates: Templates, gathering: Any) -> None:
        for key in (None, templates.keys["reader"]):
            async with client_of(register, key) as client:
                found = {}
                for most in (NEVER, OFTEN, None):
                    gathering(most)
                    found[most] = await pages_of(client, with_pairs=key is None)
                right = found.pop(None)
                assert any(len(pages) > 1 for _, pages in right)
                for asked, pages in right:
                    assert {total for _, total in pages} == {sum(len(titles) for titles, _ in pages)}, asked
                for pages in found.values():
                    assert pages == right

    async def test_totals_count_up_to_a_bound(
        self, register: FastAPI, monkeypatch: pytest.MonkeyPatch, gathering: Any
    ) -> None:
        async with client_of(register) as client:
            found = {}
            for most in (MOST_COUNTED, 4):
                monkeypatch.setattr(totals, "MOST_COUNTED", most)
                gathering(OFTEN)
                found[most] = [
                    (
                        await client.get(
                            "/v1/consultation-events", params={name: value, "include_total": "true", "limit": 1}
                        )
                    ).json()["total"]
                    for name, value in FILTERS.items()
                ]
            whole, bounded = found.values()
            assert max(whole) > 4 > min(whole)
            assert bounded == [min(4, total) for total in whole]

    async def test_totals_are_left_out_where_too_much_would_be_looked_at(
        self, register: FastAPI, monkeypatch: pytest.MonkeyPatch, gathering: Any
    ) -> None:
        pairs = [{one: FILTERS[one], other: FILTERS[other]} for one, other in combinations(FILTERS, 2)]
        async with client_of(register) as client:
            found = []
            for most in (MOST_LOOKED_AT, 4):
                monkeypatch.setattr(totals, "MOST_LOOKED_AT", most)
                gathering(OFTEN)
                answers = [
                    await client.get("/v1/consultation-events", params={**pair, "include_total": "true", "limit": 1})
                    for pair in pairs
                ]
                found.append([answer.json().get("total") for answer in answers])
        whole, bounded = found
        assert None not in whole
        assert None in bounded
        assert {*bounded} != {None}
        assert all(total in (None, right) for total, right in zip(bounded, whole, strict=True))

    async def test_follow_what_is_changed(self, register: FastAPI, templates: Templates) -> None:
        async with client_of(register, templates.keys["operator"]) as client, client_of(register) as reader:
            made = await make(client, "consultation-events", **event(1))
            asked = {"partner_id": CARITAS, "starts_at_from": "2029-01-01T00:00:00Z"}
            assert await items_of(reader, "consultation-events", **asked) == []
            made = await changed(client, made, starts_at="2029-05-01T10:00:00Z", ends_at=None)
            assert [each["id"] for each in await items_of(reader, "consultation-events", **asked)] == [made["id"]]
            made = await changed(client, made, participants=[])
            assert await items_of(reader, "consultation-events", **asked) == []
            made = await changed(client, made, organiser_id=CARITAS)
            assert len(await items_of(reader, "consultation-events", **asked)) == 1
            await changed(client, made, visibility="partners")
            assert await items_of(reader, "consultation-events", **asked) == []
            assert len(await items_of(client, "consultation-events", **asked)) == 1


class TestKinds:
    def test_say_the_order_of_their_lists(self) -> None:
        for feature in FEATURES:
            if feature.kind.found_through:
                sort = feature.query.model_fields["sort"].default
                names = tuple(column.name for column in Order(feature.kind, sort).columns[:-1])
                assert names == feature.kind.listed_by
                assert feature.kind.found_through.keys() <= feature.query.model_fields.keys()
