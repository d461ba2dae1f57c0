"""`/v1/sub-measures`"""

import asyncio
from typing import Any

import httpx
import pytest

from app.sub_measures.terms import SubMeasureStatus
from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
    CARITAS,
    CITY,
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
    topic_id,
)
from tests.filters import Filter, check_filters
from tests.problems import problem_of
from tests.schemas import defaults_of

PATH = "sub-measures"

# Written anew, not read from the code: a step more or less there must be noticed here.
ALLOWED = {
    "proposed": ["agreed", "cancelled", "in_progress"],
    "agreed": ["cancelled", "completed", "in_progress", "suspended"],
    "in_progress": ["cancelled", "completed", "suspended"],
    "completed": ["in_progress"],
    "suspended": ["agreed", "cancelled", "in_progress"],
    "cancelled": ["proposed"],
}


async def continued(client: httpx.AsyncClient) -> tuple[str, str, str]:
    """A goal of an agreement that follows one that follows Dresden's, and two sub-measures that can be continued there."""
    between = await make(client, "agreements", succeeds_id=AGREEMENT)
    after = await make(client, "agreements", succeeds_id=between["id"])
    topic = await make(client, "topics", agreement_id=after["id"])
    goal = await make(client, "goals", agreement_id=after["id"], topic_id=topic["id"])
    return goal["id"], measure_id(1, 1), measure_id(2, 1)


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

    async def test_counts_codes_as_numbers(self, client: httpx.AsyncClient) -> None:
        """10.2 stands behind 2.10, and 2.10 behind 2.9."""
        goal = await make(client, "goals", number=10)
        for goal_number, number in ((2, 10), (10, 2), (2, 9)):
            id = goal["id"] if goal_number == 10 else goal_id(goal_number)
            await make(client, PATH, goal_id=id, number=number)
        codes = [each["code"] for each in await items_of(client, PATH)]
        assert codes[2:7] == ["2.1", "2.2", "2.3", "2.9", "2.10"]
        assert codes[-1] == "10.2"
        assert [each["code"] for each in await items_of(client, PATH, sort="-code")] == codes[::-1]

    async def test_has_a_case_for_each_filter(self, client: httpx.AsyncClient) -> None:
        agreement = await make(client, "agreements")
        topic = await make(client, "topics", agreement_id=agreement["id"])
        goal = (await make(client, "goals", agreement_id=agreement["id"], topic_id=topic["id"], number=8))["id"]
        goal_after, first, second = await continued(client)
        await check_filters(
            client,
            PATH,
            [
                Filter(
                    "continues_id",
                    first,
                    {"goal_id": goal_after, "continues_id": first},
                    {"goal_id": goal_after, "continues_id": second},
                    second,
                ),
                Filter("agreement_id", AGREEMENT, {"goal_id": goal_id(1)}, {"goal_id": goal}, agreement["id"]),
                Filter("topic_id", topic["id"], {"goal_id": goal}, {"goal_id": goal_id(2)}, topic_id("health")),
                Filter("goal_id", goal, {"goal_id": goal}, {"goal_id": goal_id(4)}, goal_id(4)),
                Filter("number", 77, {"number": 77}, {"number": 78}, 78),
                Filter("code", "8.77", {"goal_id": goal, "number": 77}, {"goal_id": goal, "number": 7}, "8.7"),
                Filter("level", "strategic", {"level": "strategic"}, {"level": "operational"}, "operational"),
                Filter("status", "proposed", {"status": "proposed"}, {"status": "completed"}, "completed"),
                Filter("partner_id", LIGA, {"lead_partner_id": LIGA}, {"supporting_partner_ids": [CITY]}, CITY),
                Filter("partner_id", LIGA, {"supporting_partner_ids": [LIGA]}, {"lead_partner_id": CITY}, CITY),
                Filter("lead_partner_id", LIGA, {"lead_partner_id": LIGA}, {"lead_partner_id": CITY}, CITY),
                Filter(
                    "supporting_partner_id",
                    LIGA,
                    {"supporting_partner_ids": [CARITAS, LIGA]},
                    {"lead_partner_id": LIGA, "supporting_partner_ids": [CITY]},
                    CITY,
                ),
                Filter(
                    "district", "Gorbitz", {"districts": ["Mitte", "Gorbitz"]}, {"districts": ["Prohlis"]}, "Prohlis"
                ),
                Filter("sdg", 11, {"sdgs": [3, 11]}, {"sdgs": [1]}, 1),
                Filter("progress_percent_from", 50, {"progress_percent": 50}, {"progress_percent": 49}),
                Filter("progress_percent_from", 0, {"progress_percent": 0}, {"progress_percent": None}),
                Filter("progress_percent_before", 50, {"progress_percent": 49}, {"progress_percent": 50}),
                Filter("progress_percent_before", 101, {"progress_percent": 100}, {"progress_percent": None}),
                Filter("starts_on_from", "2025-01-02", {"starts_on": "2025-01-02"}, {"starts_on": "2025-01-01"}),
                Filter("starts_on_from", "2025-01-02", {"starts_on": "2026-01-01"}, {"starts_on": None}),
                Filter("starts_on_before", "2025-01-02", {"starts_on": "2025-01-01"}, {"starts_on": "2025-01-02"}),
                Filter("starts_on_before", "2025-01-02", {"starts_on": "2024-01-01"}, {"starts_on": None}),
                Filter("ends_on_from", "2025-01-02", {"ends_on": "2025-01-02"}, {"ends_on": "2025-01-01"}),
                Filter("ends_on_from", "2025-01-02", {"ends_on": "2026-01-01"}, {"ends_on": None}),
                Filter("ends_on_before", "2025-01-02", {"ends_on": "2025-01-01"}, {"ends_on": "2025-01-02"}),
                Filter("ends_on_before", "2025-01-02", {"ends_on": "2024-01-01"}, {"ends_on": None}),
            ],
        )

    async def test_shows_a_measure_once_that_matches_in_several_ways(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client,
            PATH,
            lead_partner_id=LIGA,
            supporting_partner_ids=[LIGA, CARITAS],
            districts=["A", "B"],
            sdgs=[1, 2],
        )
        for params in ({"partner_id": [LIGA, CARITAS]}, {"district": ["A", "B"]}, {"sdg": [1, 2]}):
            assert await items_of(client, PATH, **params) == [made]


class TestCreateSubMeasure:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, goal_id=goal_id(4), title="Neu")
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "visibility": "public",
            "goal_id": goal_id(4),
            "number": 3,
            "code": "4.3",
            "title": "Neu",
            "status": "proposed",
            "supporting_partner_ids": [],
            "milestones": [],
            "links": [],
            "districts": [],
            "sdgs": [],
        }

    @any_database
    async def test_asks_for_a_number_when_none_follows(self, client: httpx.AsyncClient) -> None:
        last = await make(client, PATH, number=9_999)
        assert last["code"] == "1.9999"
        body = {"goal_id": goal_id(1), "title": "x"}
        assert errors_of(await client.post(f"/v1/{PATH}", json=body)) == [("#/number", "number_required")]
        assert (await make(client, PATH, number=3))["code"] == "1.3"

    async def test_keeps_the_order_of_what_it_lists(self, client: httpx.AsyncClient) -> None:
        lists: dict[str, list[Any]] = {
            "supporting_partner_ids": [LIGA, CARITAS, CITY],
            "districts": ["Prohlis", "Altstadt", "Gorbitz"],
            "sdgs": [17, 1, 11],
            "milestones": [
                {"title": "Zweites", "due_on": "2025-02-01", "reached_on": None},
                {"title": "Erstes", "due_on": None, "reached_on": "2025-01-01"},
            ],
            "links": [{"title": "B", "url": "https://b.de/"}, {"title": "A", "url": "https://a.de/"}],
        }
        for turned in (lists, {name: entries[::-1] for name, entries in lists.items()}):
            made = await make(client, PATH, **turned)
            assert {name: made[name] for name in lists} == turned

    async def test_takes_a_number_of_another_goal(self, client: httpx.AsyncClient) -> None:
        assert (await make(client, PATH, goal_id=goal_id(1), number=7))["code"] == "1.7"

    @any_database
    @pytest.mark.parametrize("status", SubMeasureStatus)
    async def test_begins_with_any_status_and_its_reason(
        self, client: httpx.AsyncClient, status: SubMeasureStatus
    ) -> None:
        for reason in (None, ""):
            body = {"goal_id": goal_id(1), "title": "x", "status": status, "status_reason": reason}
            answer = await client.post(f"/v1/{PATH}", json=body)
            if status in {"suspended", "cancelled"}:
                assert errors_of(answer) == [("#/status_reason", "reason_required")]
            else:
                assert (answer.status_code, answer.json()["status"]) == (201, status)
        assert (await make(client, PATH, status=status, status_reason="Grund"))["status_reason"] == "Grund"

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

    @any_database
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

    @any_database
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

    async def test_continues_one_of_an_earlier_agreement_and_no_other(self, client: httpx.AsyncClient) -> None:
        goal, forerunner, _ = await continued(client)
        made = await make(client, PATH, goal_id=goal, continues_id=forerunner)
        assert made["continues_id"] == forerunner
        assert [each["id"] for each in await items_of(client, PATH, goal_id=goal_id(1))] == [
            measure_id(1, 1),
            measure_id(1, 2),
        ], "what continues a measure is not about its goal"
        for place, error in ((goal, made["id"]), (goal_id(2), forerunner), (goal_id(2), made["id"])):
            answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, goal_id=place, continues_id=error))
            assert errors_of(answer) == [("#/continues_id", "not_earlier")]
        answer = await patch(client, PATH, made, continues_id=NOWHERE)
        assert errors_of(answer) == [("#/continues_id", "unknown_reference")]
        answer = await patch(client, PATH, made, continues_id=made["id"])
        assert errors_of(answer) == [("#/continues_id", "not_earlier")]
        between = (await items_of(client, "agreements", succeeds_id=AGREEMENT))[0]
        answer = await patch(client, "agreements", between, succeeds_id=None)
        assert errors_of(answer) == [("#/succeeds_id", "continued")]
        assert (await patch(client, PATH, made, continues_id=None)).status_code == 200
        assert (await patch(client, "agreements", between, succeeds_id=None)).status_code == 200

    async def test_may_end_on_the_day_on_which_it_starts(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, starts_on="2025-02-01", ends_on="2025-02-01")
        assert made["ends_on"] == "2025-02-01"


class TestUpdateSubMeasure:
    async def test_replaces_each_list_as_a_whole(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client,
            PATH,
            supporting_partner_ids=[LIGA, CARITAS],
            districts=["Prohlis", "Gorbitz"],
            sdgs=[3, 11],
            milestones=[{"title": "Erstes", "due_on": "2025-01-01"}],
        )
        lists = {
            "supporting_partner_ids": [CITY, LIGA],
            "districts": ["Gorbitz", "Prohlis"],
            "sdgs": [11],
            "milestones": [{"title": "Erstes", "due_on": None, "reached_on": None}],
        }
        answer = await patch(client, PATH, made, **lists)
        assert answer.json() == made | lists | {"version": 2, "updated_at": answer.json()["updated_at"]}
        for params, found in (
            ({"partner_id": CITY}, [answer.json()]),
            ({"partner_id": CARITAS}, []),
            ({"sdg": 3}, []),
            ({"district": "Prohlis"}, [answer.json()]),
        ):
            assert await items_of(client, PATH, **params) == found
        answer = await patch(client, PATH, answer.json(), districts=[])
        assert (answer.json()["districts"], answer.json()["sdgs"]) == ([], [11])
        assert await items_of(client, PATH, district="Prohlis") == []

    @any_database
    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        answer = await patch(
            client, PATH, made, goal_id=NOWHERE, lead_partner_id=goal_id(1), supporting_partner_ids=[LIGA, NOWHERE]
        )
        assert errors_of(answer) == [
            ("#/goal_id", "unknown_reference"),
            ("#/lead_partner_id", "unknown_reference"),
            ("#/supporting_partner_ids/1", "unknown_reference"),
        ]

    async def test_refuses_a_number_that_is_taken_here_or_where_it_moves(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, number=3)
        for changes in ({"number": 1}, {"goal_id": goal_id(2)}):
            answer = await patch(client, PATH, made, **changes)
            assert problem_of(answer, 409, "duplicate")["fields"] == ["goal_id", "number"]
        assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made

    async def test_keeps_its_number_when_that_is_null_or_its_code_is_sent(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        assert errors_of(await patch(client, PATH, made, number=None)) == [("#/number", "int_type")]
        assert errors_of(await patch(client, PATH, made, code="9.9")) == [("#/code", "extra_forbidden")]

    @any_database
    async def test_weighs_what_is_sent_against_what_is_there(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, starts_on="2025-02-01", status="agreed")
        answer = await patch(client, PATH, made, ends_on="2025-01-31", status="suspended")
        assert errors_of(answer) == [("#/ends_on", "before_start"), ("#/status_reason", "reason_required")]
        answer = await patch(client, PATH, made, status="suspended", status_reason="Grund")
        assert answer.status_code == 200
        refused = await patch(client, PATH, answer.json(), status_reason=None)
        assert errors_of(refused) == [("#/status_reason", "reason_required")]
        answer = await patch(client, PATH, answer.json(), status_reason=None, status="agreed")
        assert (answer.status_code, answer.json()["status_reason"]) == (200, None)

    async def test_moves_to_another_goal_and_changes_its_code(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, number=77)
        answer = await patch(client, PATH, made, goal_id=goal_id(4))
        assert (answer.status_code, answer.json()["code"]) == (200, "4.77")
        answer = await patch(client, PATH, answer.json(), number=78)
        assert answer.json()["code"] == "4.78"
        assert [each["id"] for each in await items_of(client, PATH, goal_id=goal_id(4), number=78)] == [made["id"]]

    @any_database
    @pytest.mark.parametrize("status", SubMeasureStatus)
    async def test_follows_the_written_state_machine(self, client: httpx.AsyncClient, status: SubMeasureStatus) -> None:
        for following in SubMeasureStatus:
            made = await make(client, PATH, status=status, status_reason="Grund")
            answer = await patch(client, PATH, made, status=following, summary="geändert")
            if following == status or following in ALLOWED[status]:
                assert (answer.status_code, answer.json()["status"]) == (200, following)
            else:
                assert problem_of(answer, 409, "transition-not-allowed")["allowed"] == ALLOWED[status]
                assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made


class TestDeleteSubMeasure:
    @pytest.mark.parametrize("field", ["sub_measure_ids", "agenda_items"])
    async def test_refuses_one_that_an_event_is_about(self, client: httpx.AsyncClient, field: str) -> None:
        made = await make(client, PATH)
        values = {"sub_measure_ids": [measure_id(1, 1), made["id"]]}
        agenda = [{"title": "Eins"}, {"title": "Zwei", "sub_measure_id": made["id"]}]
        event = await make(client, "consultation-events", **{field: values.get(field, agenda)})
        assert referrers_of(await delete(client, PATH, made)) == {("consultation-events", event["id"])}
        assert (await patch(client, "consultation-events", event, **{field: []})).status_code == 200
        assert (await delete(client, PATH, made)).status_code == 204

    async def test_takes_its_lists_along_and_frees_its_number(self, client: httpx.AsyncClient) -> None:
        partner = await make(client, "partners")
        made = await make(
            client, PATH, number=3, supporting_partner_ids=[partner["id"]], districts=["Prohlis"], sdgs=[1]
        )
        assert (await delete(client, PATH, made)).status_code == 204
        assert (await delete(client, "partners", partner)).status_code == 204
        assert (await make(client, PATH))["code"] == "1.3"
