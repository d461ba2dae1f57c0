"""`/v1/sub-measures`"""

import asyncio

import httpx
import pytest

from app.sub_measures.rules import STEPS, SubMeasureStatus
from tests.factories import (
    AGREEMENT,
    CARITAS,
    CITY,
    LIGA,
    errors_of,
    goal_id,
    items_of,
    make,
    measure_id,
    patch,
    topic_id,
)

PATH = "sub-measures"


class TestListSubMeasures:
    async def test_stands_in_the_order_of_the_agreement(self, client: httpx.AsyncClient) -> None:
        codes = [measure["code"] for measure in await items_of(client, PATH)]
        assert codes == [
            f"{goal}.{number}" for goal, count in enumerate((2, 3, 7, 2, 3), 1) for number in range(1, count + 1)
        ]

    async def test_filters_by_goal_topic_and_agreement(self, client: httpx.AsyncClient) -> None:
        for name, value in (("goal_id", goal_id(2)), ("topic_id", topic_id("health"))):
            assert [each["code"] for each in await items_of(client, PATH, **{name: value})] == ["2.1", "2.2", "2.3"]
        assert len(await items_of(client, PATH, agreement_id=AGREEMENT)) == 17

    async def test_filters_by_partner_whether_it_leads_or_supports(self, client: httpx.AsyncClient) -> None:
        led = await make(client, PATH, lead_partner_id=CARITAS)
        supported = await make(client, PATH, supporting_partner_ids=[LIGA, CARITAS])
        await make(client, PATH, lead_partner_id=CITY)
        found = [each["id"] for each in await items_of(client, PATH, partner_id=CARITAS)]
        assert found == [led["id"], supported["id"]]
        assert [each["id"] for each in await items_of(client, PATH, lead_partner_id=CARITAS)] == [led["id"]]
        assert [each["id"] for each in await items_of(client, PATH, supporting_partner_id=CARITAS)] == [supported["id"]]

    async def test_filters_by_district_and_sustainable_development_goal(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, districts=["Prohlis", "Gorbitz"], sdgs=[3, 11])
        for params in (
            {"district": "Gorbitz"},
            {"sdg": "11"},
            {"code": made["code"]},
            {"district": "Prohlis", "sdg": "3"},
        ):
            assert [each["id"] for each in await items_of(client, PATH, **params)] == [made["id"]]
        assert await items_of(client, PATH, district="Prohlis", sdg="4") == []


class TestCreateSubMeasure:
    async def test_gives_the_next_number_of_the_goal(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, goal_id=goal_id(3))
        assert (made["number"], made["code"], made["status"]) == (8, "3.8", "proposed")

    async def test_gives_concurrent_ones_different_numbers(self, client: httpx.AsyncClient) -> None:
        made = await asyncio.gather(*(make(client, PATH, goal_id=goal_id(5)) for _ in range(8)))
        assert sorted(each["number"] for each in made) == list(range(4, 12))

    async def test_refuses_a_number_that_is_taken(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"/v1/{PATH}", json={"goal_id": goal_id(1), "title": "x", "number": 1})
        assert answer.status_code == 409
        assert answer.json()["fields"] == ["goal_id", "number"]

    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        body = {
            "title": "x",
            "goal_id": measure_id(1, 1),
            "lead_partner_id": goal_id(1),
            "supporting_partner_ids": [LIGA, goal_id(2)],
        }
        answer = await client.post(f"/v1/{PATH}", json=body)
        assert errors_of(answer) == [
            ("#/goal_id", "unknown_reference"),
            ("#/lead_partner_id", "unknown_reference"),
            ("#/supporting_partner_ids/1", "unknown_reference"),
        ]

    async def test_refuses_an_end_before_the_start_and_a_status_without_reason(self, client: httpx.AsyncClient) -> None:
        body = {
            "title": "x",
            "goal_id": goal_id(1),
            "starts_on": "2025-02-01",
            "ends_on": "2025-01-31",
            "status": "suspended",
        }
        answer = await client.post(f"/v1/{PATH}", json=body)
        assert errors_of(answer) == [("#/ends_on", "before_start"), ("#/status_reason", "reason_required")]


class TestUpdateSubMeasure:
    async def test_moves_to_another_goal_and_changes_its_code(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, number=77)
        answer = await patch(client, PATH, made, goal_id=goal_id(4))
        assert (answer.status_code, answer.json()["code"]) == (200, "4.77")
        answer = await patch(client, PATH, answer.json(), number=78)
        assert answer.json()["code"] == "4.78"
        assert [each["id"] for each in await items_of(client, PATH, goal_id=goal_id(4), number=78)] == [made["id"]]

    @pytest.mark.parametrize("status", SubMeasureStatus)
    @pytest.mark.parametrize("following", SubMeasureStatus)
    async def test_follows_the_written_state_machine(
        self, client: httpx.AsyncClient, status: SubMeasureStatus, following: SubMeasureStatus
    ) -> None:
        made = await make(client, PATH, status=status, status_reason="Grund")
        answer = await patch(client, PATH, made, status=following, summary="geändert")
        if following == status or following in STEPS[status]:
            assert (answer.status_code, answer.json()["status"]) == (200, following)
        else:
            assert (answer.status_code, answer.json()["allowed"]) == (409, sorted(STEPS[status]))
            assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made
