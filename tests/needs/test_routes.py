"""`/v1/needs`"""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.needs.terms import NeedStatus
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
    rule_of,
    topic_id,
)
from tests.filters import Filter, check_filters
from tests.problems import problem_of
from tests.schemas import defaults_of

PATH = "needs"
Callers = Mapping[str, httpx.AsyncClient]

# Written anew, not read from the code: a step more or less there must be noticed here.
ALLOWED = {
    "open": ["acknowledged", "answered", "closed", "in_discussion"],
    "acknowledged": ["answered", "closed", "in_discussion"],
    "in_discussion": ["answered", "closed"],
    "answered": ["closed", "in_discussion"],
    "closed": ["open"],
}
BY_WHO_RAISES = ("closed", "open")


async def unchanged(client: httpx.AsyncClient, need: Mapping[str, Any]) -> None:
    """Check that a need is as it was."""
    answer = await client.get(f"/v1/{PATH}/{need['id']}")
    assert (answer.status_code, answer.json()) == (200, need)


class TestListNeeds:
    async def test_stands_with_the_newest_first(self, client: httpx.AsyncClient) -> None:
        made = [(await make(client, PATH))["id"] for _ in range(3)]
        assert [each["id"] for each in await items_of(client, PATH, limit=1)] == made[::-1]

    async def test_filters_by_each_of_its_fields(self, client: httpx.AsyncClient) -> None:
        agreement = await make(client, "agreements")
        topic = (await make(client, "topics"))["id"]
        goal = (await make(client, "goals", topic_id=topic))["id"]
        measure = (await make(client, "sub-measures", goal_id=goal))["id"]
        event, other_event = [(await make(client, "consultation-events"))["id"] for _ in range(2)]
        decision, other_decision = [(await make(client, "decisions"))["id"] for _ in range(2)]
        here, there = {"sub_measure_ids": [measure_id(1, 1), measure]}, {"sub_measure_ids": [measure_id(2, 1)]}
        answered = {"status": "answered", "response": "Ja."}
        await check_filters(
            client,
            PATH,
            [
                Filter("partner_id", CARITAS, {"raised_by_id": CARITAS}, {"raised_by_id": LIGA}, LIGA),
                Filter("raised_by_id", CARITAS, {"raised_by_id": CARITAS}, {"raised_by_id": LIGA}, LIGA),
                Filter("agreement_id", agreement["id"], {"agreement_id": agreement["id"]}, {}, AGREEMENT),
                Filter("topic_id", topic, {"topic_id": topic}, {"topic_id": topic_id("health")}, topic_id("health")),
                Filter("goal_id", goal, here, there, goal_id(2)),
                Filter("urgency", "urgent", {"urgency": "urgent"}, {"urgency": "normal"}, "normal"),
                Filter("status", "acknowledged", {"status": "acknowledged"}, {"status": "open"}, "open"),
                Filter(
                    "consultation_event_id",
                    event,
                    {"consultation_event_ids": [event]},
                    {"consultation_event_ids": [other_event]},
                    other_event,
                ),
                Filter("sub_measure_id", measure, here, there, measure_id(2, 1)),
                Filter(
                    "decision_id",
                    decision,
                    {"decision_ids": [decision]},
                    {"decision_ids": [other_decision]},
                    other_decision,
                ),
                Filter(
                    "district", "Gorbitz", {"districts": ["Mitte", "Gorbitz"]}, {"districts": ["Prohlis"]}, "Prohlis"
                ),
                Filter("answered_at_from", "2020-01-01T00:00:00Z", answered, {"status": "open"}),
                Filter("answered_at_before", "2999-01-01T00:00:00Z", answered, {"status": "open"}),
            ],
        )

    async def test_counts_from_the_very_moment_of_the_answer(self, client: httpx.AsyncClient) -> None:
        need = await make(client, PATH, status="answered", response="Ja.")
        assert await items_of(client, PATH, answered_at_from=need["answered_at"]) == [need]
        assert await items_of(client, PATH, answered_at_before=need["answered_at"]) == []

    async def test_shows_a_need_once_that_matches_in_several_ways(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client,
            PATH,
            topic_id=topic_id("health"),
            sub_measure_ids=[measure_id(1, 1), measure_id(2, 1)],
            districts=["A", "B"],
        )
        for params in (
            {"agreement_id": [AGREEMENT]},
            {"goal_id": [goal_id(1), goal_id(2)]},
            {"sub_measure_id": [measure_id(1, 1), measure_id(2, 1)]},
            {"district": ["A", "B"]},
        ):
            assert await items_of(client, PATH, **params) == [made]

    async def test_finds_nothing_through_what_the_caller_does_not_see(self, callers: Callers) -> None:
        goal = await make(callers["operator"], "goals")
        measure = await make(callers["operator"], "sub-measures", goal_id=goal["id"], visibility="partners")
        made = await make(callers["operator"], PATH, sub_measure_ids=[measure["id"]])
        assert await items_of(callers["anonymous"], PATH, goal_id=goal["id"]) == []
        assert await items_of(callers["reader"], PATH, goal_id=goal["id"]) == [made]

    async def test_searches_what_is_asked_and_answered(self, client: httpx.AsyncClient) -> None:
        for field in ("title", "description", "response"):
            made = await make(client, PATH, **{field: f"Größe {field}"})
            assert await items_of(client, PATH, q=f"GRÖSSE {field}") == [made]


class TestCreateNeed:
    @any_database
    async def test_sets_what_is_not_given(self, callers: Callers) -> None:
        body = {"title": "Mehr Plätze", "raised_by_id": CARITAS}
        answer = await callers["contributor"].post(f"/v1/{PATH}", json=body)
        assert answer.status_code == 201
        made = answer.json()
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "agreement_id": AGREEMENT,
            "visibility": "partners",
            "title": "Mehr Plätze",
            "raised_by_id": CARITAS,
            "urgency": "normal",
            "status": "open",
            "answered_at": None,
            "consultation_event_ids": [],
            "sub_measure_ids": [],
            "decision_ids": [],
            "districts": [],
        }

    async def test_keeps_the_order_of_what_it_lists(self, client: httpx.AsyncClient) -> None:
        lists: dict[str, list[str]] = {
            "consultation_event_ids": [(await make(client, "consultation-events"))["id"] for _ in range(2)],
            "sub_measure_ids": [measure_id(3, 7), measure_id(1, 1)],
            "decision_ids": [(await make(client, "decisions"))["id"] for _ in range(2)],
            "districts": ["Prohlis", "Altstadt"],
        }
        for turned in (lists, {name: entries[::-1] for name, entries in lists.items()}):
            made = await make(client, PATH, **turned)
            assert {name: made[name] for name in lists} == turned

    @any_database
    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        body = body_of(
            PATH,
            raised_by_id=NOWHERE,
            topic_id=LIGA,
            consultation_event_ids=[NOWHERE],
            sub_measure_ids=[measure_id(1, 1), NOWHERE],
            decision_ids=[NOWHERE],
        )
        assert sorted(errors_of(await client.post(f"/v1/{PATH}", json=body))) == [
            ("#/consultation_event_ids/0", "unknown_reference"),
            ("#/decision_ids/0", "unknown_reference"),
            ("#/raised_by_id", "unknown_reference"),
            ("#/sub_measure_ids/1", "unknown_reference"),
            ("#/topic_id", "unknown_reference"),
        ]

    @any_database
    @pytest.mark.parametrize("status", sorted(NeedStatus))
    async def test_begins_with_any_status_and_answers_only_with_words(
        self, client: httpx.AsyncClient, status: str
    ) -> None:
        for response in (None, ""):
            answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, status=status, response=response))
            if status == "answered":
                assert errors_of(answer) == [("#/response", "response_required")]
            else:
                assert (answer.status_code, answer.json()["status"]) == (201, status)
        made = await make(client, PATH, status=status, response="Ja.")
        assert (made["response"], made["answered_at"] is None) == ("Ja.", status != "answered")

    @any_database
    @pytest.mark.parametrize("status", sorted(NeedStatus))
    async def test_lets_a_contributor_raise_and_not_answer(self, callers: Callers, status: str) -> None:
        body = body_of(PATH, raised_by_id=CARITAS, status=status)
        answer = await callers["contributor"].post(f"/v1/{PATH}", json=body)
        if status in BY_WHO_RAISES:
            assert (answer.status_code, answer.json()["status"]) == (201, status)
        else:
            assert rule_of(answer) == "role"
        for response in ("", "Ja."):
            answer = await callers["contributor"].post(f"/v1/{PATH}", json={**body, "response": response})
            assert rule_of(answer) == "role"

    @any_database
    async def test_is_the_right_of_the_partner(self, callers: Callers) -> None:
        for caller, partner_id, rule in (
            ("contributor", LIGA, "ownership"),
            ("other_contributor", CARITAS, "ownership"),
            ("reader", LIGA, "role"),
        ):
            answer = await callers[caller].post(f"/v1/{PATH}", json=body_of(PATH, raised_by_id=partner_id))
            assert rule_of(answer) == rule
        assert (await make(callers["other_contributor"], PATH, raised_by_id=LIGA))["raised_by_id"] == LIGA
        for caller in ("coordinator", "admin"):
            answer = await callers[caller].post(f"/v1/{PATH}", json=body_of(PATH, raised_by_id=CARITAS))
            assert rule_of(answer) == "ownership"


class TestUpdateNeed:
    @any_database
    @pytest.mark.parametrize("following", sorted(NeedStatus))
    @pytest.mark.parametrize("status", sorted(NeedStatus))
    async def test_follows_the_written_state_machine(
        self, client: httpx.AsyncClient, status: str, following: str
    ) -> None:
        made = await make(client, PATH, status=status, response="Ja.")
        answer = await patch(client, PATH, made, status=following, visibility="partners")
        if following == status or following in ALLOWED[status]:
            assert (answer.status_code, answer.json()["status"]) == (200, following)
            assert (answer.json()["visibility"], answer.json()["version"]) == ("partners", 2)
        else:
            assert problem_of(answer, 409, "transition-not-allowed")["allowed"] == ALLOWED[status]
            await unchanged(client, made)

    @any_database
    @pytest.mark.parametrize("following", sorted(NeedStatus))
    @pytest.mark.parametrize("status", sorted(NeedStatus))
    async def test_lets_a_contributor_open_and_close_and_not_answer(
        self, callers: Callers, status: str, following: str
    ) -> None:
        made = await make(callers["operator"], PATH, raised_by_id=CARITAS, status=status, response="Ja.")
        answer = await patch(callers["contributor"], PATH, made, status=following, visibility="partners")
        if following == status or (following in BY_WHO_RAISES and following in ALLOWED[status]):
            assert (answer.status_code, answer.json()["status"]) == (200, following)
            assert (answer.json()["visibility"], answer.json()["response"]) == ("partners", "Ja.")
            return
        if following in BY_WHO_RAISES:
            assert problem_of(answer, 409, "transition-not-allowed")["allowed"] == ALLOWED[status]
        else:
            assert rule_of(answer) == "role"
        await unchanged(callers["admin"], made)

    @any_database
    async def test_keeps_the_words_of_the_answer_from_contributors(self, callers: Callers) -> None:
        made = await make(callers["operator"], PATH, raised_by_id=CARITAS, response="Ja.")
        for response in (None, "", "Nein."):
            answer = await patch(callers["contributor"], PATH, made, response=response)
            assert rule_of(answer) == "role"
        await unchanged(callers["admin"], made)
        answer = await patch(callers["contributor"], PATH, made, response="Ja.", visibility="partners")
        assert (answer.status_code, answer.json()["visibility"]) == (200, "partners")

    @any_database
    async def test_tells_when_it_was_answered(self, client: httpx.AsyncClient) -> None:
        need = await make(client, PATH)
        steps: list[dict[str, Any]] = []
        for changes in (
            {"status": "answered", "response": "Ja."},
            {"response": "Ja, gern."},
            {"status": "in_discussion"},
            {"status": "answered"},
            {"status": "closed"},
            {"status": "open"},
        ):
            answer = await patch(client, PATH, need, **changes)
            assert answer.status_code == 200
            need = answer.json()
            steps.append(need)
        answered, reworded, discussed, again, closed, opened = (each["answered_at"] for each in steps)
        assert answered.endswith("Z")
        assert reworded == answered
        assert discussed is None
        assert again > answered
        assert closed == again
        assert opened is None
        assert steps[-1]["response"] == "Ja, gern."

    @any_database
    async def test_answers_only_with_words(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        assert errors_of(await patch(client, PATH, made, status="answered")) == [("#/response", "response_required")]
        await unchanged(client, made)
        answered = (await patch(client, PATH, made, status="answered", response="Ja.")).json()
        for response in (None, ""):
            answer = await patch(client, PATH, answered, response=response)
            assert errors_of(answer) == [("#/response", "response_required")]
        await unchanged(client, answered)

    @any_database
    async def test_never_says_itself_when_it_was_answered(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        answer = await patch(client, PATH, made, answered_at="2025-01-01T00:00:00Z")
        assert errors_of(answer) == [("#/answered_at", "extra_forbidden")]

    async def test_replaces_each_list_as_a_whole(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client, PATH, sub_measure_ids=[measure_id(1, 1), measure_id(1, 2)], districts=["Mitte", "Prohlis"]
        )
        lists = {"sub_measure_ids": [measure_id(1, 2)], "districts": []}
        answer = await patch(client, PATH, made, **lists)
        assert answer.json() == made | lists | {"version": 2, "updated_at": answer.json()["updated_at"]}
        assert await items_of(client, PATH, district="Mitte") == []
        assert await items_of(client, PATH, sub_measure_id=measure_id(1, 1)) == []

    @any_database
    async def test_is_the_right_of_the_partner(self, callers: Callers) -> None:
        made = await make(callers["other_contributor"], PATH, raised_by_id=LIGA)
        assert rule_of(await patch(callers["contributor"], PATH, made, title="Fremd")) == "ownership"
        assert rule_of(await patch(callers["contributor"], PATH, made, raised_by_id=CARITAS)) == "ownership"
        assert rule_of(await patch(callers["other_contributor"], PATH, made, raised_by_id=CITY)) == "ownership"
        assert rule_of(await patch(callers["reader"], PATH, made, title="Fremd")) == "role"
        await unchanged(callers["admin"], made)
        for caller in ("coordinator", "admin"):
            for said in ({"raised_by_id": CARITAS}, {"title": "Anders"}, {"urgency": "urgent"}, {"status": "closed"}):
                refused = await patch(callers[caller], PATH, made, **said)
                assert (rule_of(refused), refused.json()["writers"]) == ("ownership", ["partner"])
        await unchanged(callers["admin"], made)
        answered = await patch(
            callers["coordinator"], PATH, made, status="answered", response="Ja.", sub_measure_ids=[measure_id(1, 1)]
        )
        assert answered.status_code == 200
        assert (
            await patch(callers["other_contributor"], PATH, answered.json(), visibility="partners")
        ).status_code == 200


class TestDeleteNeed:
    @any_database
    async def test_is_the_right_of_the_partner(self, callers: Callers) -> None:
        made = await make(callers["contributor"], PATH, raised_by_id=CARITAS)
        for caller, rule in (("other_contributor", "ownership"), ("coordinator", "ownership"), ("reader", "role")):
            assert rule_of(await delete(callers[caller], PATH, made)) == rule
        await unchanged(callers["admin"], made)
        assert (await delete(callers["contributor"], PATH, made)).status_code == 204
        problem_of(await callers["anonymous"].get(f"/v1/{PATH}/{made['id']}"), 410, "gone")

    @any_database
    async def test_keeps_what_is_answered(self, callers: Callers) -> None:
        """Whoever deleted it would delete the city's words with it."""
        for said, status in (({"status": "acknowledged"}, 403), ({"response": "Ja."}, 409)):
            made = await make(callers["contributor"], PATH, raised_by_id=CARITAS)
            made = (await patch(callers["coordinator"], PATH, made, **said)).json()
            for caller in ("contributor", "coordinator", "admin"):
                assert (await delete(callers[caller], PATH, made)).status_code == status
            await unchanged(callers["admin"], made)

    async def test_frees_what_it_is_about(self, client: httpx.AsyncClient) -> None:
        topic, measure = await make(client, "topics"), await make(client, "sub-measures")
        event, decision = await make(client, "consultation-events"), await make(client, "decisions")
        referred = {"topics": topic, "sub-measures": measure, "consultation-events": event, "decisions": decision}
        made = await make(
            client,
            PATH,
            topic_id=topic["id"],
            sub_measure_ids=[measure["id"]],
            consultation_event_ids=[event["id"]],
            decision_ids=[decision["id"]],
            districts=["Mitte"],
        )
        for path, each in referred.items():
            assert referrers_of(await delete(client, path, each)) == {(PATH, made["id"])}
        assert (await delete(client, PATH, made)).status_code == 204
        for path, each in referred.items():
            assert (await delete(client, path, each)).status_code == 204
