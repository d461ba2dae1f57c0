"""`/v1/consultation-events`"""

from typing import Any

import httpx
import pytest

from app import migrating
from app.consultation_events.terms import EventStatus
from app.settings import Settings
from tests.conftest import Templates, client_of, running
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
    topic_id,
)
from tests.filters import Filter, check_filters, ids_of
from tests.problems import problem_of
from tests.schemas import defaults_of

PATH = "consultation-events"

# Written anew, not read from the code: a step more or less there must be noticed here.
ALLOWED = {
    "planned": ["cancelled", "confirmed", "held", "postponed"],
    "confirmed": ["cancelled", "held", "postponed"],
    "postponed": ["cancelled", "confirmed", "planned"],
    "held": [],
    "cancelled": [],
}

LISTS: dict[str, list[Any]] = {
    "topic_ids": [topic_id("work"), topic_id("health"), topic_id("democracy")],
    "goal_ids": [goal_id(5), goal_id(1), goal_id(2)],
    "sub_measure_ids": [measure_id(5, 1), measure_id(1, 1)],
    "participants": [
        {"partner_id": LIGA, "role": "moderator", "attendance": "invited", "delegates": 12},
        {"partner_id": CITY, "role": "host", "attendance": "accepted", "delegates": None},
        {"partner_id": CARITAS, "role": "participant", "attendance": "declined", "delegates": 0},
    ],
    "agenda_items": [
        {
            "title": "Zweites",
            "description": "Text",
            "duration_minutes": 90,
            "sub_measure_id": measure_id(2, 3),
            "decision_id": None,
            "outcome": "Beschluss",
        },
        {
            "title": "Erstes",
            "description": None,
            "duration_minutes": None,
            "sub_measure_id": None,
            "decision_id": None,
            "outcome": None,
        },
    ],
    "documents": [
        {"title": "B", "url": "https://b.de/", "media_type": "application/pdf"},
        {"title": "A", "url": "https://a.de/", "media_type": None},
    ],
}


class TestListConsultationEvents:
    async def test_is_in_the_order_of_time_wherever_events_take_place(self, client: httpx.AsyncClient) -> None:
        times = ("2025-03-12T10:00:00+01:00", "2025-03-12T08:59:59Z", "2025-03-12T04:00:01-05:00")
        made = [await make(client, PATH, starts_at=time) for time in times]
        expected = [made[1]["id"], made[0]["id"], made[2]["id"]]
        assert [each["id"] for each in await items_of(client, PATH)] == expected
        assert [each["id"] for each in await items_of(client, PATH, sort="-starts_at")] == expected[::-1]

    async def test_has_a_case_for_each_filter(self, client: httpx.AsyncClient) -> None:
        agreement = await make(client, "agreements")
        topic = (await make(client, "topics"))["id"]
        goal = (await make(client, "goals", topic_id=topic))["id"]
        measure = (await make(client, "sub-measures", goal_id=goal))["id"]
        early, late = "2025-03-12T08:59:59.999999Z", "2025-03-12T09:00:00Z"
        before = {"starts_at": "2025-01-01T00:00:00Z"}
        await check_filters(
            client,
            PATH,
            [
                Filter("format", "talk", {"format": "talk"}, {"format": "expert_day"}, "expert_day"),
                Filter("level", "strategic", {"level": "strategic"}, {"level": "operational"}, "operational"),
                Filter("status", "held", {"status": "held"}, {"status": "planned"}, "planned"),
                Filter(
                    "attendance_mode", "online", {"attendance_mode": "online"}, {"attendance_mode": "hybrid"}, "hybrid"
                ),
                Filter("starts_at_from", "2025-03-12T10:00:00+01:00", {"starts_at": late}, {"starts_at": early}),
                Filter("starts_at_before", "2025-03-12T10:00:00+01:00", {"starts_at": early}, {"starts_at": late}),
                Filter("ends_at_from", late, before | {"ends_at": late}, before | {"ends_at": early}),
                Filter("ends_at_from", late, before | {"ends_at": "2026-01-01T00:00:00Z"}, before),
                Filter("ends_at_before", late, before | {"ends_at": early}, before | {"ends_at": late}),
                Filter("ends_at_before", late, before | {"ends_at": "2025-01-02T00:00:00Z"}, before),
                Filter("partner_id", LIGA, {"organiser_id": LIGA}, {"participants": [{"partner_id": CITY}]}, CITY),
                Filter("partner_id", LIGA, {"participants": [{"partner_id": LIGA}]}, {"organiser_id": CITY}, CITY),
                Filter(
                    "organiser_id",
                    LIGA,
                    {"organiser_id": LIGA},
                    {"organiser_id": CITY, "participants": [{"partner_id": LIGA}]},
                    CITY,
                ),
                Filter(
                    "topic_id",
                    topic,
                    {"topic_ids": [topic_id("work"), topic]},
                    {"topic_ids": [topic_id("health")]},
                    topic_id("health"),
                ),
                Filter("goal_id", goal, {"goal_ids": [goal_id(1), goal]}, {"goal_ids": [goal_id(2)]}, goal_id(2)),
                Filter(
                    "sub_measure_id",
                    measure,
                    {"sub_measure_ids": [measure_id(1, 1), measure]},
                    {"agenda_items": [{"title": "x", "sub_measure_id": measure_id(2, 1)}]},
                    measure_id(2, 1),
                ),
                Filter("agreement_id", agreement["id"], {"agreement_id": agreement["id"]}, {}, AGREEMENT),
            ],
        )

    async def test_knows_what_an_event_is_about_by_its_agenda_too(self, client: httpx.AsyncClient) -> None:
        """An agenda item links an event to the measure's goal just as it does to the measure."""
        made = await make(client, PATH, agenda_items=[{"title": "x", "sub_measure_id": measure_id(2, 1)}])
        other = await make(client, PATH, agenda_items=[{"title": "x"}])
        assert await ids_of(client, PATH, sub_measure_id=measure_id(2, 1)) == {made["id"]}
        assert await ids_of(client, PATH, goal_id=goal_id(2)) == {made["id"]}
        assert await ids_of(client, PATH) == {made["id"], other["id"]}

    async def test_shows_an_event_once_that_matches_in_several_ways(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, organiser_id=LIGA, **LISTS)
        for params in (
            {"partner_id": [LIGA, CITY, CARITAS]},
            {"agreement_id": AGREEMENT},
            {"topic_id": LISTS["topic_ids"]},
            {"goal_id": LISTS["goal_ids"]},
            {"sub_measure_id": [measure_id(2, 3), measure_id(5, 1)]},
        ):
            assert await items_of(client, PATH, **params) == [made]


class TestCreateConsultationEvent:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "agreement_id": AGREEMENT,
            "visibility": "public",
            "title": "Gespräch",
            "format": "talk",
            "level": "operational",
            "status": "planned",
            "starts_at": "2025-03-12T09:00:00Z",
            "timezone": "Europe/Berlin",
            "attendance_mode": "in_person",
            "topic_ids": [],
            "goal_ids": [],
            "sub_measure_ids": [],
            "participants": [],
            "agenda_items": [],
            "documents": [],
        }

    @any_database
    async def test_sets_what_is_not_given_in_its_lists(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, participants=[{"partner_id": CITY}], agenda_items=[{"title": "x"}])
        assert made["participants"] == [
            {"partner_id": CITY, "role": "participant", "attendance": "invited", "delegates": None}
        ]
        assert made["agenda_items"] == [
            {
                "title": "x",
                "description": None,
                "duration_minutes": None,
                "sub_measure_id": None,
                "decision_id": None,
                "outcome": None,
            }
        ]

    async def test_keeps_the_order_of_what_it_lists(self, client: httpx.AsyncClient) -> None:
        for lists in (LISTS, {name: entries[::-1] for name, entries in LISTS.items()}):
            made = await make(client, PATH, **lists)
            assert {name: made[name] for name in lists} == lists
            assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made

    @any_database
    async def test_answers_times_in_utc(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, starts_at="2025-03-12T09:00:00+01:00", ends_at="2025-03-12T23:30:00.120-02:00")
        assert (made["starts_at"], made["ends_at"]) == ("2025-03-12T08:00:00Z", "2025-03-13T01:30:00.120000Z")

    @any_database
    async def test_refuses_an_end_that_is_not_after_the_start(self, client: httpx.AsyncClient) -> None:
        for end in ("2025-03-12T09:00:00Z", "2025-03-12T09:30:00+01:00"):
            answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, ends_at=end))
            assert errors_of(answer) == [("#/ends_at", "before_start")]
        assert (await make(client, PATH, ends_at="2025-03-12T10:00:01+01:00"))["ends_at"] == "2025-03-12T09:00:01Z"

    @any_database
    async def test_refuses_a_partner_that_takes_part_twice(self, client: httpx.AsyncClient) -> None:
        participants = [{"partner_id": each} for each in (CITY, LIGA, CITY.upper(), LIGA)]
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, participants=participants))
        assert errors_of(answer) == [
            ("#/participants/2/partner_id", "repeated"),
            ("#/participants/3/partner_id", "repeated"),
        ]

    @any_database
    async def test_names_every_mistake_between_fields_and_every_unknown_reference(
        self, client: httpx.AsyncClient
    ) -> None:
        body = body_of(
            PATH,
            ends_at="2025-03-12T08:00:00Z",
            status="cancelled",
            organiser_id=NOWHERE,
            topic_ids=[topic_id("health"), goal_id(1)],
            goal_ids=[topic_id("health")],
            sub_measure_ids=[measure_id(1, 1), NOWHERE],
            participants=[{"partner_id": CITY}, {"partner_id": NOWHERE}],
            agenda_items=[{"title": "x"}, {"title": "y", "sub_measure_id": goal_id(1)}],
        )
        assert sorted(errors_of(await client.post(f"/v1/{PATH}", json=body))) == [
            ("#/agenda_items/1/sub_measure_id", "unknown_reference"),
            ("#/ends_at", "before_start"),
            ("#/goal_ids/0", "unknown_reference"),
            ("#/organiser_id", "unknown_reference"),
            ("#/participants/1/partner_id", "unknown_reference"),
            ("#/status_reason", "reason_required"),
            ("#/sub_measure_ids/1", "unknown_reference"),
            ("#/topic_ids/1", "unknown_reference"),
        ]

    @any_database
    @pytest.mark.parametrize("status", EventStatus)
    async def test_begins_with_any_status_and_its_reason(self, client: httpx.AsyncClient, status: EventStatus) -> None:
        for reason in (None, ""):
            answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, status=status, status_reason=reason))
            if status in {"postponed", "cancelled"}:
                assert errors_of(answer) == [("#/status_reason", "reason_required")]
            else:
                assert (answer.status_code, answer.json()["status"]) == (201, status)
        assert (await make(client, PATH, status=status, status_reason="Grund"))["status_reason"] == "Grund"

    async def test_takes_place_in_the_time_zone_of_the_installation_unless_it_says_otherwise(
        self, settings: Settings, templates: Templates
    ) -> None:
        elsewhere = settings.model_copy(update={"timezone": "Europe/Lisbon"})
        await migrating.upgrade(elsewhere)
        async with running(elsewhere) as app, client_of(app, templates.keys["admin"]) as client:
            made = await make(client, PATH)
            assert made["timezone"] == "Europe/Lisbon"
            assert (await make(client, PATH, timezone="Europe/Vienna"))["timezone"] == "Europe/Vienna"
            changed = (await patch(client, PATH, made, title="Anders")).json()
            assert changed["timezone"] == "Europe/Lisbon"


class TestUpdateConsultationEvent:
    @any_database
    @pytest.mark.parametrize("status", EventStatus)
    async def test_follows_the_written_state_machine(self, client: httpx.AsyncClient, status: EventStatus) -> None:
        for following in EventStatus:
            made = await make(client, PATH, status=status, status_reason="Grund")
            answer = await patch(client, PATH, made, status=following, outcome="geändert")
            if following == status or following in ALLOWED[status]:
                assert (answer.status_code, answer.json()["status"]) == (200, following)
            else:
                problem = problem_of(answer, 409, "transition-not-allowed")
                assert problem["allowed"] == ALLOWED[status]
                assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made

    async def test_replaces_each_list_as_a_whole(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, **LISTS)
        for name, entries in LISTS.items():
            for wanted in (entries[1:], [entries[-1], entries[0]], []):
                answer = await patch(client, PATH, made, **{name: wanted})
                changed = {"version": made["version"] + 1, "updated_at": answer.json()["updated_at"], name: wanted}
                assert answer.json() == made | changed
                made = answer.json()
        assert (await client.get(f"/v1/{PATH}/{made['id']}")).json() == made

    @any_database
    async def test_forgets_links_that_were_replaced(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, **LISTS)
        ways = {
            "topic_ids": {"topic_id": topic_id("work")},
            "sub_measure_ids": {"sub_measure_id": measure_id(5, 1)},
            "participants": {"partner_id": CARITAS},
            "agenda_items": {"sub_measure_id": measure_id(2, 3)},
            "goal_ids": {"goal_id": goal_id(5)},
        }
        for name, params in ways.items():
            assert await ids_of(client, PATH, **params) == {made["id"]}
            made = (await patch(client, PATH, made, **{name: []})).json()
            assert await ids_of(client, PATH, **params) == set()

    async def test_keeps_its_version_for_the_same_moment_in_another_zone(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, starts_at="2025-03-12T09:00:00Z", ends_at="2025-03-12T10:00:00Z")
        answer = await patch(
            client, PATH, made, starts_at="2025-03-12T10:00:00+01:00", ends_at="2025-03-12t05:00:00.000-05:00"
        )
        assert answer.json() == made

    @any_database
    async def test_refuses_a_partner_that_takes_part_twice(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        answer = await patch(client, PATH, made, participants=[{"partner_id": CITY}, {"partner_id": CITY}])
        assert errors_of(answer) == [("#/participants/1/partner_id", "repeated")]

    @any_database
    async def test_weighs_what_is_sent_against_what_is_there(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, ends_at="2025-03-12T10:00:00Z")
        answer = await patch(client, PATH, made, starts_at="2025-03-12T10:00:00Z", status="postponed")
        assert errors_of(answer) == [("#/ends_at", "before_start"), ("#/status_reason", "reason_required")]
        answer = await patch(client, PATH, made, starts_at="2025-03-12T10:00:00Z", ends_at=None)
        assert (answer.status_code, answer.json()["ends_at"]) == (200, None)

    @any_database
    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        answer = await patch(
            client, PATH, await make(client, PATH), organiser_id=NOWHERE, participants=[{"partner_id": NOWHERE}]
        )
        assert errors_of(answer) == [
            ("#/organiser_id", "unknown_reference"),
            ("#/participants/0/partner_id", "unknown_reference"),
        ]


class TestDeleteConsultationEvent:
    async def test_takes_its_lists_along(self, client: httpx.AsyncClient) -> None:
        partner, measure = await make(client, "partners"), await make(client, "sub-measures")
        made = await make(
            client,
            PATH,
            organiser_id=partner["id"],
            sub_measure_ids=[measure["id"]],
            participants=[{"partner_id": partner["id"]}],
            agenda_items=[{"title": "x", "sub_measure_id": measure["id"]}],
        )
        assert (await delete(client, PATH, made)).status_code == 204
        assert (await delete(client, "partners", partner)).status_code == 204
        assert (await delete(client, "sub-measures", measure)).status_code == 204
