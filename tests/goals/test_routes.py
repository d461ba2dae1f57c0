"""`/v1/goals`"""

import httpx

from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
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

PATH = "goals"


class TestListGoals:
    async def test_is_ordered_by_number(self, client: httpx.AsyncClient) -> None:
        await make(client, PATH, number=10)
        assert [each["number"] for each in await items_of(client, PATH)] == [1, 2, 3, 4, 5, 10]

    async def test_has_a_case_for_each_filter(self, client: httpx.AsyncClient) -> None:
        first, second = await make(client, "agreements"), await make(client, "agreements")
        topics = [await make(client, "topics", agreement_id=each["id"]) for each in (first, second)]
        await check_filters(
            client,
            PATH,
            [
                Filter(
                    "agreement_id",
                    first["id"],
                    {"agreement_id": first["id"], "topic_id": topics[0]["id"]},
                    {"agreement_id": second["id"], "topic_id": topics[1]["id"]},
                    second["id"],
                ),
                Filter(
                    "topic_id",
                    topic_id("work"),
                    {"topic_id": topic_id("work")},
                    {"topic_id": topic_id("education")},
                    topic_id("education"),
                ),
                Filter("number", 77, {"number": 77}, {"number": 78}, 78),
            ],
        )

    async def test_searches_titles_and_descriptions(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, title="Erstes", description="Größe")
        for text in ("ERSTES", "große"):
            assert await items_of(client, PATH, q=text) == [made]
        assert await items_of(client, PATH, q="eins zwei") == []


class TestCreateGoal:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, number=6)
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "visibility": "public",
            "agreement_id": AGREEMENT,
            "topic_id": topic_id("health"),
            "number": 6,
            "title": "Ziel",
        }

    async def test_refuses_a_number_that_is_taken_in_its_agreement(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, number=5))
        assert problem_of(answer, 409, "duplicate")["fields"] == ["agreement_id", "number"]
        other = await make(client, "agreements")
        topic = await make(client, "topics", agreement_id=other["id"])
        assert (await make(client, PATH, number=5, agreement_id=other["id"], topic_id=topic["id"]))["number"] == 5

    @any_database
    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        body = body_of(PATH, agreement_id=goal_id(1), topic_id=NOWHERE)
        assert errors_of(await client.post(f"/v1/{PATH}", json=body)) == [
            ("#/agreement_id", "unknown_reference"),
            ("#/topic_id", "unknown_reference"),
        ]

    @any_database
    async def test_refuses_a_topic_of_another_agreement(self, client: httpx.AsyncClient) -> None:
        other = await make(client, "agreements")
        topic = await make(client, "topics", agreement_id=other["id"])
        for fields in ({"topic_id": topic["id"]}, {"agreement_id": other["id"]}):
            answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, **fields))
            assert errors_of(answer) == [("#/topic_id", "other_agreement")]


class TestUpdateGoal:
    async def test_moves_to_another_topic_of_its_agreement_only(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        answer = await patch(client, PATH, made, topic_id=topic_id("work"))
        assert (answer.status_code, answer.json()["topic_id"]) == (200, topic_id("work"))
        other = await make(client, "agreements")
        topic = await make(client, "topics", agreement_id=other["id"])
        refused = await patch(client, PATH, answer.json(), topic_id=topic["id"])
        assert errors_of(refused) == [("#/topic_id", "other_agreement")]
        refused = await patch(client, PATH, answer.json(), topic_id=NOWHERE)
        assert errors_of(refused) == [("#/topic_id", "unknown_reference")]

    @any_database
    async def test_refuses_another_number_and_another_agreement(self, client: httpx.AsyncClient) -> None:
        answer = await patch(client, PATH, await make(client, PATH), number=99, agreement_id=AGREEMENT)
        assert errors_of(answer) == [("#/number", "extra_forbidden"), ("#/agreement_id", "extra_forbidden")]

    @any_database
    async def test_forgets_its_description_but_not_its_title(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, description="Text")
        assert errors_of(await patch(client, PATH, made, title=None)) == [("#/title", "string_type")]
        answer = await patch(client, PATH, made, description=None)
        assert (answer.json()["title"], answer.json()["description"]) == ("Ziel", None)


class TestDeleteGoal:
    async def test_refuses_one_that_measures_and_events_refer_to(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        measure = await make(client, "sub-measures", goal_id=made["id"])
        event = await make(client, "consultation-events", goal_ids=[made["id"]])
        assert referrers_of(await delete(client, PATH, made)) == {
            ("sub-measures", measure["id"]),
            ("consultation-events", event["id"]),
        }
        for path, referrer in (("sub-measures", measure), ("consultation-events", event)):
            assert (await delete(client, path, referrer)).status_code == 204
        assert (await delete(client, PATH, made)).status_code == 204

    @any_database
    async def test_names_the_measures_of_one_of_dresden(self, client: httpx.AsyncClient) -> None:
        goal = (await client.get(f"/v1/{PATH}/{goal_id(1)}")).json()
        assert referrers_of(await delete(client, PATH, goal)) == {
            ("sub-measures", measure_id(1, 1)),
            ("sub-measures", measure_id(1, 2)),
        }
