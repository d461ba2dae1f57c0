"""`/v1/topics`"""

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
    patch,
    referrers_of,
    topic_id,
)
from tests.filters import Filter, check_filters
from tests.problems import problem_of
from tests.schemas import defaults_of

PATH = "topics"


class TestListTopics:
    async def test_is_ordered_by_name(self, client: httpx.AsyncClient) -> None:
        assert [each["slug"] for each in await items_of(client, PATH)] == [
            "work",
            "education",
            "democracy",
            "health",
            "neighbourhood",
        ]

    async def test_has_a_case_for_each_filter(self, client: httpx.AsyncClient) -> None:
        first, second = await make(client, "agreements"), await make(client, "agreements")
        await check_filters(
            client,
            PATH,
            [
                Filter("slug", "sport", {"slug": "sport"}, {"slug": "sports"}, "sports"),
                Filter(
                    "agreement_id",
                    first["id"],
                    {"agreement_id": first["id"]},
                    {"agreement_id": second["id"]},
                    second["id"],
                ),
            ],
        )

    async def test_finds_a_slug_in_every_agreement(self, client: httpx.AsyncClient) -> None:
        other = await make(client, "agreements")
        made = await make(client, PATH, slug="health", agreement_id=other["id"])
        found = {each["id"] for each in await items_of(client, PATH, slug="health")}
        assert found == {topic_id("health"), made["id"]}
        assert await items_of(client, PATH, slug="health", agreement_id=other["id"]) == [made]


class TestCreateTopic:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, slug="sport", name="Sport")
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "visibility": "public",
            "agreement_id": AGREEMENT,
            "slug": "sport",
            "name": "Sport",
            "translations": {},
        }

    async def test_refuses_a_slug_that_is_taken_in_its_agreement(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, slug="health"))
        assert problem_of(answer, 409, "duplicate")["fields"] == ["agreement_id", "slug"]

    @any_database
    async def test_refuses_an_unknown_agreement(self, client: httpx.AsyncClient) -> None:
        for agreement in (NOWHERE, topic_id("health")):
            answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, agreement_id=agreement))
            assert errors_of(answer) == [("#/agreement_id", "unknown_reference")]

    @any_database
    async def test_names_a_language_that_is_no_tag(self, client: httpx.AsyncClient) -> None:
        translations = {"en": "Sports", "Deutsch!": "Sport", "fr": ""}
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, translations=translations))
        assert errors_of(answer) == [
            ("#/translations/Deutsch!", "string_pattern_mismatch"),
            ("#/translations/fr", "string_too_short"),
        ]


class TestUpdateTopic:
    @any_database
    async def test_merges_translations_language_by_language(self, client: httpx.AsyncClient) -> None:
        """As RFC 7396 wants it for objects: what is absent stays, null removes."""
        made = await make(client, PATH, translations={"en": "Sport", "fr": "Sport"})
        answer = await patch(client, PATH, made, translations={"en": "Sports", "cs": "Sport"})
        assert answer.json()["translations"] == {"en": "Sports", "fr": "Sport", "cs": "Sport"}
        answer = await patch(client, PATH, answer.json(), translations={"fr": None, "pl": None})
        assert answer.json()["translations"] == {"en": "Sports", "cs": "Sport"}
        for nothing in ({}, {"cs": "Sport"}, {"nl": None}):
            unchanged = await patch(client, PATH, answer.json(), translations=nothing)
            assert unchanged.json() == answer.json()
        stored = await client.get(f"/v1/{PATH}/{made['id']}")
        assert stored.json()["translations"] == {"en": "Sports", "cs": "Sport"}

    @any_database
    async def test_counts_languages_after_the_merge(self, client: httpx.AsyncClient) -> None:
        languages = [f"a{letter}" for letter in "abcdefghijklmnopqrst"]
        made = await make(client, PATH, translations=dict.fromkeys(languages, "Sport"))
        answer = await patch(client, PATH, made, translations={"en": "Sports"})
        assert errors_of(answer) == [("#/translations", "too_long")]
        answer = await patch(client, PATH, made, translations={"en": "Sports", "aa": None})
        assert (answer.status_code, len(answer.json()["translations"])) == (200, 20)

    @any_database
    async def test_refuses_another_place(self, client: httpx.AsyncClient) -> None:
        made, other = await make(client, PATH), await make(client, "agreements")
        answer = await patch(client, PATH, made, slug="anders", agreement_id=other["id"])
        assert errors_of(answer) == [("#/slug", "extra_forbidden"), ("#/agreement_id", "extra_forbidden")]


class TestDeleteTopic:
    async def test_refuses_one_that_goals_and_events_refer_to(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        goal = await make(client, "goals", topic_id=made["id"])
        event = await make(client, "consultation-events", topic_ids=[topic_id("health"), made["id"]])
        assert referrers_of(await delete(client, PATH, made)) == {
            ("goals", goal["id"]),
            ("consultation-events", event["id"]),
        }
        await patch(client, "goals", goal, topic_id=topic_id("health"))
        await patch(client, "consultation-events", event, topic_ids=[])
        assert (await delete(client, PATH, made)).status_code == 204

    async def test_frees_its_slug(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, slug="sport")
        assert (await delete(client, PATH, made)).status_code == 204
        again = await make(client, PATH, slug="sport")
        assert again["id"] != made["id"]
        assert (await client.get(f"/v1/goals/{goal_id(2)}")).json()["topic_id"] == topic_id("health")
