"""What holds for every list."""

import base64
import json
import random
import typing
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.agreements.models import AgreementList
from app.consultation_events.models import ConsultationEventList
from app.goals.models import GoalList
from app.partners.models import PartnerList
from app.resources.lists import ListQuery
from app.resources.text import sortable
from app.sub_measures.models import SubMeasureList
from app.topics.models import TopicList
from tests.factories import CARITAS, delete, errors_of, goal_id, items_of, make, measure_id

LISTS: Mapping[str, type[ListQuery]] = {
    "agreements": AgreementList,
    "topics": TopicList,
    "partners": PartnerList,
    "goals": GoalList,
    "sub-measures": SubMeasureList,
    "consultation-events": ConsultationEventList,
}


def sorts_of(path: str) -> tuple[str, ...]:
    """The sort keys of a list."""
    return typing.get_args(LISTS[path].model_fields["sort"].annotation)


def key_of(item: Mapping[str, Any], sort: str) -> Any:
    """What an entry is sorted by; None when it is not known."""
    name = sort.removeprefix("-")
    if name in ("title", "name"):
        return sortable(item[name])
    if name == "code":
        return tuple(int(part) for part in item["code"].split("."))
    return item[name]


def in_order(items: list[dict[str, Any]], sort: str) -> list[str]:
    """The ids of the entries in the order that the sort key promises: what is not known last, ids break ties."""
    known = [item for item in items if key_of(item, sort) is not None]
    unknown = [item for item in items if key_of(item, sort) is None]
    descending = sort.startswith("-")
    known.sort(key=lambda item: (key_of(item, sort), item["id"]), reverse=descending)
    unknown.sort(key=lambda item: item["id"], reverse=descending)
    return [item["id"] for item in known + unknown]


async def fill(client: httpx.AsyncClient, path: str, choice: random.Random, count: int) -> None:
    """Add entries with names, numbers and days that repeat or are not known."""
    for _ in range(count):
        name = choice.choice(["Ähre", "ahorn", "Zebra", "zebra", "Öl", "Straße", "strasse"])
        day = choice.choice([None, "2025-01-01", "2025-06-01"])
        fields: dict[str, dict[str, Any]] = {
            "agreements": {"title": name, "signed_on": day},
            "topics": {"name": name},
            "partners": {"name": name, "staff_count": choice.choice([None, 5, 10]), "founded_on": day},
            "goals": {"title": name},
            "sub-measures": {
                "title": name,
                "goal_id": goal_id(choice.choice([1, 2])),
                "progress_percent": choice.choice([None, 0, 50]),
                "starts_on": day,
                "status": choice.choice(["agreed", "proposed"]),
            },
            "consultation-events": {
                "title": name,
                "starts_at": choice.choice(["2025-01-01T10:00:00Z", "2025-01-02T10:00:00Z"]),
            },
        }
        await make(client, path, **fields[path])


@pytest.mark.parametrize("path", LISTS)
class TestEveryList:
    async def test_sorts_by_every_key(self, client: httpx.AsyncClient, path: str) -> None:
        await fill(client, path, random.Random(1), 12)  # noqa: S311 (entries that can be repeated)
        everything = await items_of(client, path, limit=200)
        for sort in sorts_of(path):
            found = [item["id"] for item in await items_of(client, path, sort=sort, limit=5)]
            assert found == in_order(everything, sort), sort

    async def test_repeats_and_skips_nothing_while_it_changes(self, client: httpx.AsyncClient, path: str) -> None:
        choice = random.Random(2)  # noqa: S311 (entries that can be repeated)
        await fill(client, path, choice, 10)
        for sort in sorts_of(path)[::3]:
            before = {item["id"] for item in await items_of(client, path, limit=200)}
            seen: list[str] = []
            cursor: str | None = None
            deleted: set[str] = set()
            while True:
                params = {"sort": sort, "limit": "4"} | ({"cursor": cursor} if cursor else {})
                page = (await client.get(f"/v1/{path}", params=params)).json()
                seen += [item["id"] for item in page["items"]]
                cursor = page["next_cursor"]
                await fill(client, path, choice, 1 if len(seen) < 40 else 0)
                victim = page["items"][-1]
                if (await delete(client, path, victim)).status_code == 204:
                    deleted.add(victim["id"])
                if cursor is None:
                    break
            assert len(seen) == len(set(seen)), sort
            assert before - deleted <= set(seen), sort

    async def test_refuses_what_it_does_not_know(self, client: httpx.AsyncClient, path: str) -> None:
        for params, place in (
            ({"unknown": "1"}, "unknown"),
            ({"sort": "colour"}, "sort"),
            ({"limit": "0"}, "limit"),
            ({"limit": "201"}, "limit"),
            ({"limit": "x"}, "limit"),
            ({"visibility": "secret"}, "visibility"),
            ({"include_total": "maybe"}, "include_total"),
            ({"q": ""}, "q"),
            ({"created_at_from": "2025-01-01"}, "created_at_from"),
            ({"offset": "10"}, "offset"),
        ):
            answer = await client.get(f"/v1/{path}", params=params)
            assert [name for name, _ in errors_of(answer)] == [place]

    async def test_counts_only_when_asked_to(self, client: httpx.AsyncClient, path: str) -> None:
        await fill(client, path, random.Random(3), 3)  # noqa: S311 (entries that can be repeated)
        everything = await items_of(client, path, limit=200)
        page = (await client.get(f"/v1/{path}", params={"limit": 1})).json()
        assert "total" not in page
        page = (await client.get(f"/v1/{path}", params={"limit": 1, "include_total": "true"})).json()
        assert page["total"] == len(everything)

    async def test_filters_by_times_from_and_before(self, client: httpx.AsyncClient, path: str) -> None:
        made = await make(client, path)
        for field in ("created_at", "updated_at"):
            found = await items_of(client, path, **{f"{field}_from": made[field]})
            assert made["id"] in [item["id"] for item in found]
            found = await items_of(client, path, **{f"{field}_before": made[field]})
            assert made["id"] not in [item["id"] for item in found]

    async def test_filters_by_visibility(self, client: httpx.AsyncClient, path: str) -> None:
        made = await make(client, path, visibility="partners")
        assert [item["id"] for item in await items_of(client, path, visibility="partners")] == [made["id"]]
        assert made["id"] not in [item["id"] for item in await items_of(client, path, visibility="public")]
        assert made["id"] in [item["id"] for item in await items_of(client, path, visibility=["public", "partners"])]

    async def test_finds_text_in_any_case_and_takes_it_literally(self, client: httpx.AsyncClient, path: str) -> None:
        name = "name" if path in ("topics", "partners") else "title"
        made = await make(client, path, **{name: "Förderung 100 % für_alle"})
        for text, hits in (
            ("FÖRDERUNG 1", 1),
            ("fo\u0308rderung 1", 1),
            ("100 %", 1),
            ("r_a", 1),
            ("für%alle", 0),
            ("1__", 0),
        ):
            found = [item["id"] for item in await items_of(client, path, q=text)]
            assert found == [made["id"]] * hits, text


class TestCursor:
    async def test_is_in_the_link_header_too(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/sub-measures", params={"goal_id": goal_id(3), "limit": 3})
        link = httpx.URL(answer.links["next"]["url"])
        assert link.params["cursor"] == answer.json()["next_cursor"]
        following = (await client.get(answer.links["next"]["url"])).json()
        assert [item["code"] for item in following["items"]] == ["3.4", "3.5", "3.6"]
        last = await client.get("/v1/sub-measures", params={"goal_id": goal_id(3), "limit": 7})
        assert (last.json()["next_cursor"], last.links) == (None, {})

    async def test_is_refused_elsewhere(self, client: httpx.AsyncClient) -> None:
        cursor = (await client.get("/v1/sub-measures", params={"limit": 1})).json()["next_cursor"]
        for address, params in (
            ("/v1/goals", {}),
            ("/v1/sub-measures", {"sort": "-code"}),
            ("/v1/sub-measures", {"goal_id": goal_id(3)}),
            ("/v1/sub-measures", {"q": "a"}),
        ):
            answer = await client.get(address, params={**params, "cursor": cursor})
            assert errors_of(answer) == [("cursor", "invalid_cursor")]
        assert (await client.get("/v1/sub-measures", params={"cursor": cursor, "limit": 3})).status_code == 200

    async def test_is_refused_when_it_is_forged(self, client: httpx.AsyncClient) -> None:
        cursor = (await client.get("/v1/sub-measures", params={"limit": 1})).json()["next_cursor"]
        mark, *values = json.loads(base64.urlsafe_b64decode(cursor + "=="))
        forged: list[Any] = [
            [mark],
            [mark, *values, 1],
            [mark, 10**30, *values[1:]],
            [mark, "1", *values[1:]],
            [mark, *values[:2], "x"],
            [mark, *values[:2], None],
            ["0" * 12, *values],
            {"a": 1},
            "text",
            None,
        ]
        for content in forged:
            text = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
            answer = await client.get("/v1/sub-measures", params={"cursor": text})
            assert errors_of(answer) == [("cursor", "invalid_cursor")], content
        for junk in ("a", "####", "ÄÖÜ", "e30"):
            answer = await client.get("/v1/sub-measures", params={"cursor": junk})
            assert [name for name, _ in errors_of(answer)] == ["cursor"]


class TestFilters:
    async def test_given_twice_mean_any_of(self, client: httpx.AsyncClient) -> None:
        found = await items_of(client, "sub-measures", goal_id=[goal_id(1), goal_id(4)])
        assert [item["code"] for item in found] == ["1.1", "1.2", "4.1", "4.2"]

    async def test_of_different_fields_mean_all_of(self, client: httpx.AsyncClient) -> None:
        assert await items_of(client, "sub-measures", goal_id=goal_id(1), number=3) == []
        found = await items_of(client, "sub-measures", goal_id=[goal_id(1), goal_id(3)], number=2)
        assert [item["code"] for item in found] == ["1.2", "3.2"]

    async def test_look_through_links_of_events(self, client: httpx.AsyncClient) -> None:
        organised = await make(client, "consultation-events", organiser_id=CARITAS)
        attended = await make(client, "consultation-events", participants=[{"partner_id": CARITAS}])
        about = await make(
            client, "consultation-events", agenda_items=[{"title": "x", "sub_measure_id": measure_id(1, 1)}]
        )
        found = {item["id"] for item in await items_of(client, "consultation-events", partner_id=CARITAS)}
        assert found == {organised["id"], attended["id"]}
        found = {item["id"] for item in await items_of(client, "consultation-events", sub_measure_id=measure_id(1, 1))}
        assert found == {about["id"]}
