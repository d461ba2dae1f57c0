"""`/v1/indicators`"""

from collections.abc import Mapping
from typing import Any

import httpx

from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
    CARITAS,
    LIGA,
    NOWHERE,
    body_of,
    delete,
    errors_of,
    goal_id,
    items_of,
    make,
    measure_id,
    patch,
    referrers_of,
    rule_of,
    topic_id,
)
from tests.filters import Filter, check_filters
from tests.problems import problem_of
from tests.schemas import defaults_of

PATH = "indicators"
Callers = Mapping[str, httpx.AsyncClient]

OF_MEASURE = {"goal_id": None, "sub_measure_id": measure_id(1, 1)}
ONE_OF = [("#/goal_id", "one_of"), ("#/sub_measure_id", "one_of")]


async def unchanged(client: httpx.AsyncClient, indicator: Mapping[str, Any]) -> None:
    """Check that an indicator is as it was."""
    answer = await client.get(f"/v1/{PATH}/{indicator['id']}")
    assert (answer.status_code, answer.json()) == (200, indicator)


class TestListIndicators:
    async def test_stands_in_the_order_of_the_names(self, client: httpx.AsyncClient) -> None:
        for name in ("Überstunden", "Wartezeit", "Anträge", "Ämter"):
            await make(client, PATH, name=name)
        assert [each["name"] for each in await items_of(client, PATH, limit=1)] == [
            "Ämter",
            "Anträge",
            "Überstunden",
            "Wartezeit",
        ]

    async def test_filters_by_each_of_its_fields(self, client: httpx.AsyncClient) -> None:
        agreement = await make(client, "agreements")
        topic = (await make(client, "topics", agreement_id=agreement["id"]))["id"]
        goal = (await make(client, "goals", agreement_id=agreement["id"], topic_id=topic))["id"]
        measure = (await make(client, "sub-measures", goal_id=goal, lead_partner_id=CARITAS))["id"]
        led = (await make(client, "sub-measures", lead_partner_id=LIGA, supporting_partner_ids=[CARITAS]))["id"]
        of_measure, of_goal = {"goal_id": None, "sub_measure_id": measure}, {"goal_id": goal}
        of_led, elsewhere = {"goal_id": None, "sub_measure_id": led}, {"goal_id": goal_id(2)}
        elsewhere_measured = {"goal_id": None, "sub_measure_id": measure_id(2, 1)}
        day = "2025-01-02"
        await check_filters(
            client,
            PATH,
            [
                Filter("agreement_id", agreement["id"], of_goal, elsewhere, AGREEMENT),
                Filter("agreement_id", agreement["id"], of_measure, elsewhere_measured, AGREEMENT),
                Filter("topic_id", topic, of_goal, elsewhere, topic_id("health")),
                Filter("topic_id", topic, of_measure, elsewhere_measured, topic_id("health")),
                Filter("goal_id", goal, of_goal, elsewhere, goal_id(2)),
                Filter("goal_id", goal, of_measure, elsewhere_measured, goal_id(2)),
                Filter("sub_measure_id", measure, of_measure, elsewhere_measured, measure_id(2, 1)),
                Filter("sub_measure_id", measure, of_measure, of_led, led),
                Filter("partner_id", CARITAS, of_measure, of_led, LIGA),
                Filter("level", "strategic", {"level": "strategic"}, {"level": "operational"}, "operational"),
                Filter(
                    "direction",
                    "lower_is_better",
                    {"direction": "lower_is_better"},
                    {"direction": "neither"},
                    "neither",
                ),
                Filter("target_on_from", day, {"target_on": day}, {"target_on": "2025-01-01"}),
                Filter("target_on_from", day, {"target_on": day}, {"target_on": None}),
                Filter("target_on_before", day, {"target_on": "2025-01-01"}, {"target_on": day}),
                Filter("target_on_before", day, {"target_on": "2025-01-01"}, {"target_on": None}),
            ],
        )

    async def test_finds_those_of_sub_measures_only_by_their_own_id(self, client: httpx.AsyncClient) -> None:
        await make(client, PATH, goal_id=goal_id(1))
        made = await make(client, PATH, **OF_MEASURE)
        assert await items_of(client, PATH, sub_measure_id=measure_id(1, 1)) == [made]
        assert await items_of(client, PATH, partner_id=CARITAS) == []

    async def test_finds_nothing_through_what_the_caller_does_not_see(self, callers: Callers) -> None:
        measure = await make(callers["operator"], "sub-measures", lead_partner_id=CARITAS, visibility="partners")
        of_measure = await make(callers["operator"], PATH, goal_id=None, sub_measure_id=measure["id"])
        goal = await make(callers["operator"], "goals", topic_id=topic_id("work"), visibility="partners")
        of_goal = await make(callers["operator"], PATH, goal_id=goal["id"])
        for made, params in (
            (of_measure, {"partner_id": CARITAS}),
            (of_measure, {"goal_id": goal_id(1)}),
            (of_goal, {"goal_id": goal["id"]}),
            (of_goal, {"topic_id": topic_id("work"), "created_at_from": of_goal["created_at"]}),
            (of_goal, {"agreement_id": AGREEMENT, "created_at_from": of_goal["created_at"]}),
        ):
            assert await items_of(callers["anonymous"], PATH, **params) == [], params
            assert await items_of(callers["reader"], PATH, **params) == [made], params


class TestCreateIndicator:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        body = {"name": "Plätze", "unit": "Plätze", "sub_measure_id": measure_id(1, 1)}
        answer = await client.post(f"/v1/{PATH}", json=body)
        assert answer.status_code == 201
        made = answer.json()
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            **body,
            "version": 1,
            "visibility": "public",
            "direction": "higher_is_better",
        }

    @any_database
    async def test_belongs_to_a_goal_or_to_a_sub_measure(self, client: httpx.AsyncClient) -> None:
        for place in (
            {"goal_id": None},
            {"goal_id": None, "sub_measure_id": None},
            {"goal_id": goal_id(1), "sub_measure_id": measure_id(1, 1)},
        ):
            assert errors_of(await client.post(f"/v1/{PATH}", json=body_of(PATH, **place))) == ONE_OF
        assert await items_of(client, PATH) == []

    @any_database
    async def test_is_aimed_at_after_its_baseline(self, client: httpx.AsyncClient) -> None:
        for day in ("2025-01-31", "2025-02-01"):
            body = body_of(PATH, baseline_on="2025-02-01", target_on=day)
            assert errors_of(await client.post(f"/v1/{PATH}", json=body)) == [("#/target_on", "before_start")]
        made = await make(client, PATH, baseline_on="2025-02-01", target_on="2025-02-02")
        assert made["target_on"] == "2025-02-02"

    async def test_keeps_its_numbers_as_they_are(self, client: httpx.AsyncClient) -> None:
        for number in (0, -12.5, 0.1, 1e15, -1e15, 123456789.125):
            made = await make(client, PATH, baseline_value=number, target_value=number)
            assert (made["baseline_value"], made["target_value"]) == (number, number)
            assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made

    @any_database
    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        for field in ("goal_id", "sub_measure_id"):
            for id in (NOWHERE, LIGA):
                body = body_of(PATH, **{"goal_id": None, field: id})
                assert errors_of(await client.post(f"/v1/{PATH}", json=body)) == [(f"#/{field}", "unknown_reference")]

    @any_database
    async def test_is_the_right_of_coordinators(self, callers: Callers) -> None:
        for caller in ("contributor", "reader"):
            assert rule_of(await callers[caller].post(f"/v1/{PATH}", json=body_of(PATH))) == "role"
        assert (await make(callers["coordinator"], PATH))["version"] == 1


class TestUpdateIndicator:
    async def test_moves_between_goals_and_sub_measures(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, goal_id=goal_id(1))
        for changes in ({"goal_id": None}, {"sub_measure_id": measure_id(1, 1)}):
            assert errors_of(await patch(client, PATH, made, **changes)) == ONE_OF
        await unchanged(client, made)
        answer = await patch(client, PATH, made, **OF_MEASURE)
        assert answer.json() == made | OF_MEASURE | {"version": 2, "updated_at": answer.json()["updated_at"]}
        assert await items_of(client, PATH, sub_measure_id=measure_id(1, 1)) == [answer.json()]

    @any_database
    async def test_weighs_what_is_sent_against_what_is_there(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, baseline_on="2025-02-01", target_on="2025-03-01")
        for changes in ({"target_on": "2025-02-01"}, {"baseline_on": "2025-03-01"}):
            assert errors_of(await patch(client, PATH, made, **changes)) == [("#/target_on", "before_start")]
        await unchanged(client, made)
        answer = await patch(client, PATH, made, target_on="2025-02-01", baseline_on=None)
        assert (answer.status_code, answer.json()["baseline_on"]) == (200, None)

    @any_database
    async def test_is_the_right_of_coordinators(self, callers: Callers) -> None:
        """Whoever leads the sub-measure writes its values, not what is counted."""
        measure = await make(callers["contributor"], "sub-measures", lead_partner_id=CARITAS)
        made = await make(callers["operator"], PATH, goal_id=None, sub_measure_id=measure["id"])
        for caller in ("contributor", "reader"):
            assert rule_of(await patch(callers[caller], PATH, made, target_value=0)) == "role"
            assert rule_of(await delete(callers[caller], PATH, made)) == "role"
        await unchanged(callers["admin"], made)
        assert (await patch(callers["coordinator"], PATH, made, target_value=0)).status_code == 200


class TestDeleteIndicator:
    async def test_frees_what_it_belongs_to(self, client: httpx.AsyncClient) -> None:
        goal, measure = await make(client, "goals"), await make(client, "sub-measures")
        for path, referred, place in (
            ("goals", goal, {"goal_id": goal["id"]}),
            ("sub-measures", measure, {"goal_id": None, "sub_measure_id": measure["id"]}),
        ):
            made = await make(client, PATH, **place)
            assert referrers_of(await delete(client, path, referred)) == {(PATH, made["id"])}
            assert (await delete(client, PATH, made)).status_code == 204
            problem_of(await client.get(f"/v1/{PATH}/{made['id']}"), 410, "gone")
            assert (await delete(client, path, referred)).status_code == 204

    async def test_refuses_one_that_was_observed(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        address = f"/v1/{PATH}/{made['id']}/observations/2025-02-28"
        observation = (await client.put(address, json={"value": 46})).json()
        assert referrers_of(await delete(client, PATH, made)) == {("observations", observation["id"])}
        await unchanged(client, made)
        assert (await client.delete(address, headers={"If-Match": '"1"'})).status_code == 204
        assert (await delete(client, PATH, made)).status_code == 204
