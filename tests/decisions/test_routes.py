"""`/v1/decisions`"""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.decisions.rules import EVIDENCE
from app.decisions.terms import DecisionStatus
from tests.databases import any_database
from tests.dresden import ASSOCIATIONS
from tests.factories import (
    AGREEMENT,
    CARITAS,
    CITY,
    LIGA,
    NOWHERE,
    body_of,
    changes_after,
    delete,
    end_of_feed,
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

PATH = "decisions"
Callers = Mapping[str, httpx.AsyncClient]

# Written anew, not read from the code: a step more or less there must be noticed here.
ALLOWED = {
    "announced": ["decided", "in_consultation", "withdrawn"],
    "in_consultation": ["decided", "withdrawn"],
    "decided": [],
    "withdrawn": ["announced"],
    "reported": ["announced", "decided", "in_consultation", "refused"],
    "refused": ["announced", "decided", "in_consultation"],
}
MAY_HAVE_DAY = ("decided", "reported", "refused")
# The Liga and its members in the order of their names.


def day_of(status: str) -> str | None:
    """The day that goes with a status."""
    return "2025-05-15" if status == "decided" else None


async def decision_with(client: httpx.AsyncClient, status: str, **fields: Any) -> dict[str, Any]:
    """A decision that has a status."""
    reason = "Davon wissen wir nichts." if status == "refused" else None
    return await make(client, PATH, status=status, decided_on=day_of(status), refusal_reason=reason, **fields)


async def unchanged(client: httpx.AsyncClient, decision: Mapping[str, Any]) -> None:
    """Check that a decision is as it was."""
    answer = await client.get(f"/v1/{PATH}/{decision['id']}")
    assert (answer.status_code, answer.json()) == (200, decision)


class TestListDecisions:
    async def test_stands_in_the_order_in_which_they_are_to_be_made(self, client: httpx.AsyncClient) -> None:
        days = ["2025-06-01", None, "2024-12-31", "2025-03-31"]
        made = {day: (await make(client, PATH, decides_on=day))["id"] for day in days}
        in_order = ["2024-12-31", "2025-03-31", "2025-06-01", None]
        assert [each["id"] for each in await items_of(client, PATH, limit=1)] == [made[day] for day in in_order]

    async def test_filters_by_each_of_its_fields(self, client: httpx.AsyncClient) -> None:
        agreement = await make(client, "agreements")
        topic = (await make(client, "topics"))["id"]
        goal = (await make(client, "goals", topic_id=topic))["id"]
        measure = (await make(client, "sub-measures", goal_id=goal))["id"]
        event, other_event = [(await make(client, "consultation-events"))["id"] for _ in range(2)]
        decided, day = {"status": "decided"}, "2025-01-02"
        await check_filters(
            client,
            PATH,
            [
                Filter("kind", "financial", {"kind": "financial"}, {"kind": "sectoral"}, "sectoral"),
                Filter("status", "withdrawn", {"status": "withdrawn"}, {"status": "announced"}, "announced"),
                Filter("reference", "V1/25", {"reference": "V1/25"}, {"reference": "V1/2"}, "V1/2"),
                Filter(
                    "partner_id",
                    CARITAS,
                    {"involved_partner_ids": [LIGA, CARITAS]},
                    {"involved_partner_ids": [CITY]},
                    CITY,
                ),
                Filter("partner_id", CARITAS, {}, {"involved_partner_ids": [CITY]}, CITY),
                Filter("agreement_id", agreement["id"], {"agreement_id": agreement["id"]}, {}, AGREEMENT),
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
                    {"sub_measure_ids": [measure_id(1, 2)]},
                    measure_id(1, 2),
                ),
                Filter(
                    "consultation_event_id",
                    event,
                    {"consultation_event_ids": [event]},
                    {"consultation_event_ids": [other_event]},
                    other_event,
                ),
                Filter("announced_on_from", day, {"announced_on": day}, {"announced_on": "2025-01-01"}),
                Filter("announced_on_from", day, {"announced_on": "2026-01-01"}, {"announced_on": None}),
                Filter("announced_on_before", day, {"announced_on": "2025-01-01"}, {"announced_on": day}),
                Filter("announced_on_before", day, {"announced_on": "2024-01-01"}, {"announced_on": None}),
                Filter("statements_due_on_from", day, {"statements_due_on": day}, {"statements_due_on": "2025-01-01"}),
                Filter("statements_due_on_from", day, {"statements_due_on": day}, {"statements_due_on": None}),
                Filter(
                    "statements_due_on_before", day, {"statements_due_on": "2025-01-01"}, {"statements_due_on": day}
                ),
                Filter(
                    "statements_due_on_before", day, {"statements_due_on": "2025-01-01"}, {"statements_due_on": None}
                ),
                Filter("decides_on_from", day, {"decides_on": day}, {"decides_on": "2025-01-01"}),
                Filter("decides_on_from", day, {"decides_on": day}, {"decides_on": None}),
                Filter("decides_on_before", day, {"decides_on": "2025-01-01"}, {"decides_on": day}),
                Filter("decides_on_before", day, {"decides_on": "2025-01-01"}, {"decides_on": None}),
                Filter("decided_on_from", day, decided | {"decided_on": day}, decided | {"decided_on": "2025-01-01"}),
                Filter("decided_on_from", day, decided | {"decided_on": day}, {}),
                Filter("decided_on_before", day, decided | {"decided_on": "2025-01-01"}, decided | {"decided_on": day}),
                Filter("decided_on_before", day, decided | {"decided_on": "2025-01-01"}, {}),
            ],
        )

    async def test_shows_a_decision_once_that_matches_in_several_ways(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client,
            PATH,
            topic_ids=[topic_id("health"), topic_id("work")],
            goal_ids=[goal_id(1), goal_id(2)],
            sub_measure_ids=[measure_id(1, 1), measure_id(2, 1)],
        )
        for params in (
            {"agreement_id": AGREEMENT},
            {"partner_id": [LIGA, CARITAS]},
            {"topic_id": [topic_id("health"), topic_id("work")]},
            {"goal_id": [goal_id(1), goal_id(2)]},
            {"sub_measure_id": [measure_id(1, 1), measure_id(2, 1)]},
        ):
            assert await items_of(client, PATH, **params) == [made]

    async def test_finds_nothing_through_what_the_caller_does_not_see(self, callers: Callers) -> None:
        hidden = {"visibility": "partners"}
        goal = await make(callers["operator"], "goals", **hidden)
        of_hidden = await make(callers["operator"], "sub-measures", goal_id=goal["id"])
        shown = await make(callers["operator"], "goals")
        of_shown = await make(callers["operator"], "sub-measures", goal_id=shown["id"], **hidden)
        for field, id in (
            ("goal_ids", goal["id"]),
            ("sub_measure_ids", of_hidden["id"]),
            ("sub_measure_ids", of_shown["id"]),
        ):
            made = await make(callers["operator"], PATH, **{field: [id]})
            asked = {"goal_id": [goal["id"], shown["id"]]}
            assert await items_of(callers["anonymous"], PATH, **asked) == []
            assert await items_of(callers["reader"], PATH, **asked) == [made]
            assert (await delete(callers["admin"], PATH, made)).status_code == 204

    async def test_searches_titles_and_descriptions(self, client: httpx.AsyncClient) -> None:
        for field in ("title", "description"):
            made = await make(client, PATH, **{field: f"Größe {field}"})
            assert await items_of(client, PATH, q=f"GRÖSSE {field}") == [made]


class TestCreateDecision:
    @any_database
    async def test_sets_what_is_not_given(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"/v1/{PATH}", json={"title": "Haushalt", "kind": "financial"})
        assert answer.status_code == 201
        made = answer.json()
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            "version": 1,
            "agreement_id": AGREEMENT,
            "visibility": "public",
            "title": "Haushalt",
            "kind": "financial",
            "status": "announced",
            "involvement_required": True,
            "reported_by_id": None,
            "waiver_reason": None,
            "short_notice_reason": None,
            "topic_ids": [],
            "goal_ids": [],
            "sub_measure_ids": [],
            "consultation_event_ids": [],
            "involved_partner_ids": ASSOCIATIONS,
        }

    @any_database
    async def test_asks_the_associations_that_are_parties_on_the_day_of_the_announcement(
        self, client: httpx.AsyncClient
    ) -> None:
        early = await make(client, "partners", name="Frühere Partei")
        late = await make(client, "partners", name="Spätere Partei")
        ended = await make(client, "partners", name="Aufgelöste Partei", dissolved_on="2025-06-30")
        agreement = await make(
            client,
            "agreements",
            parties=[
                {"partner_id": CITY, "side": "authority"},
                {"partner_id": early["id"], "side": "associations", "until": "2025-03-31"},
                {"partner_id": late["id"], "side": "associations", "from": "2025-04-01"},
                {"partner_id": ended["id"], "side": "associations"},
                {"partner_id": CARITAS, "side": "other"},
            ],
        )
        for day, asked in (
            ("2025-03-31", [ended, early]),
            ("2025-04-01", [ended, late]),
            ("2025-06-30", [ended, late]),
            ("2025-07-01", [late]),
            (None, [late]),
        ):
            made = await make(client, PATH, agreement_id=agreement["id"], announced_on=day)
            assert made["involved_partner_ids"] == [each["id"] for each in asked], day
        assert (await make(client, PATH, announced_on="2025-03-31"))["involved_partner_ids"] == ASSOCIATIONS

    @any_database
    async def test_asks_whom_it_says(self, client: httpx.AsyncClient) -> None:
        for partners in ([CITY, CARITAS], []):
            made = await make(client, PATH, involved_partner_ids=partners)
            assert made["involved_partner_ids"] == partners

    async def test_keeps_the_order_of_what_it_lists(self, client: httpx.AsyncClient) -> None:
        events = [(await make(client, "consultation-events"))["id"] for _ in range(2)]
        lists: dict[str, list[str]] = {
            "topic_ids": [topic_id("work"), topic_id("health")],
            "goal_ids": [goal_id(5), goal_id(1)],
            "sub_measure_ids": [measure_id(3, 7), measure_id(1, 1)],
            "consultation_event_ids": events,
            "involved_partner_ids": [LIGA, CARITAS, CITY],
        }
        for turned in (lists, {name: entries[::-1] for name, entries in lists.items()}):
            made = await make(client, PATH, **turned)
            assert {name: made[name] for name in lists} == turned

    @any_database
    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        body = body_of(
            PATH,
            topic_ids=[topic_id("health"), LIGA],
            goal_ids=[NOWHERE],
            sub_measure_ids=[goal_id(1)],
            consultation_event_ids=[NOWHERE],
            involved_partner_ids=[LIGA, NOWHERE],
        )
        assert sorted(errors_of(await client.post(f"/v1/{PATH}", json=body))) == [
            ("#/consultation_event_ids/0", "unknown_reference"),
            ("#/goal_ids/0", "unknown_reference"),
            ("#/involved_partner_ids/1", "unknown_reference"),
            ("#/sub_measure_ids/0", "unknown_reference"),
            ("#/topic_ids/1", "unknown_reference"),
        ]

    @any_database
    @pytest.mark.parametrize("status", sorted(DecisionStatus))
    async def test_has_its_day_when_it_is_made_and_only_then(self, client: httpx.AsyncClient, status: str) -> None:
        for day in (None, "2025-05-15"):
            body = body_of(PATH, status=status, decided_on=day, refusal_reason="Davon wissen wir nichts.")
            answer = await client.post(f"/v1/{PATH}", json=body)
            if day == day_of(status) or status in MAY_HAVE_DAY[1:]:
                assert (answer.status_code, answer.json()["status"]) == (201, status)
            else:
                code = "not_decided" if day else "day_required"
                assert errors_of(answer) == [("#/decided_on", code)]

    @any_database
    async def test_names_every_day_out_of_order(self, client: httpx.AsyncClient) -> None:
        body = body_of(PATH, announced_on="2025-03-01", statements_due_on="2025-02-28", decides_on="2025-02-27")
        assert errors_of(await client.post(f"/v1/{PATH}", json=body)) == [
            ("#/statements_due_on", "before_start"),
            ("#/decides_on", "before_start"),
        ]
        day = "2025-03-01"
        made = await make(client, PATH, announced_on=day, statements_due_on=day, decides_on=day)
        assert made["decides_on"] == day

    @any_database
    async def test_says_why_nobody_is_to_be_heard(self, client: httpx.AsyncClient) -> None:
        wanted = [("#/waiver_reason", "reason_required")]
        for reason in (None, "", " \n"):
            body = body_of(PATH, involvement_required=False, waiver_reason=reason)
            assert errors_of(await client.post(f"/v1/{PATH}", json=body)) == wanted
        made = await make(client, PATH)
        assert errors_of(await patch(client, PATH, made, involvement_required=False)) == wanted
        answer = await patch(client, PATH, made, involvement_required=False, waiver_reason="Nur eine Verlängerung")
        assert (answer.status_code, answer.json()["waiver_reason"]) == (200, "Nur eine Verlängerung")

    @any_database
    async def test_is_the_right_of_coordinators(self, callers: Callers) -> None:
        for caller in ("contributor", "other_contributor", "reader"):
            assert rule_of(await callers[caller].post(f"/v1/{PATH}", json=body_of(PATH))) == "role"
        assert (await make(callers["coordinator"], PATH))["version"] == 1


class TestUpdateDecision:
    @any_database
    @pytest.mark.parametrize("following", sorted(DecisionStatus))
    @pytest.mark.parametrize("status", sorted(DecisionStatus))
    async def test_follows_the_written_state_machine(
        self, client: httpx.AsyncClient, status: str, following: str
    ) -> None:
        made = await decision_with(client, status)
        changes = {} if status == "decided" else {"decided_on": day_of(following), "refusal_reason": "Nein."}
        answer = await patch(client, PATH, made, status=following, description="geändert", **changes)
        if following == status or following in ALLOWED[status]:
            assert (answer.status_code, answer.json()["status"]) == (200, following)
            assert (answer.json()["description"], answer.json()["version"]) == ("geändert", 2)
        else:
            assert problem_of(answer, 409, "transition-not-allowed")["allowed"] == ALLOWED[status]
            await unchanged(client, made)

    @any_database
    async def test_weighs_what_is_sent_against_what_is_there(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, announced_on="2025-01-10", statements_due_on="2025-02-10")
        for changes, error in (
            ({"status": "decided"}, ("#/decided_on", "day_required")),
            ({"decided_on": "2025-03-10"}, ("#/decided_on", "not_decided")),
            ({"announced_on": "2025-02-11"}, ("#/statements_due_on", "before_start")),
            ({"decides_on": "2025-02-09"}, ("#/decides_on", "before_start")),
        ):
            assert errors_of(await patch(client, PATH, made, **changes)) == [error]
        await unchanged(client, made)

    @any_database
    async def test_asks_nobody_only_when_it_says_so(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        assert errors_of(await patch(client, PATH, made, involved_partner_ids=None)) == [
            ("#/involved_partner_ids", "list_type")
        ]
        answer = await patch(client, PATH, made, involved_partner_ids=[])
        assert (answer.status_code, answer.json()["involved_partner_ids"]) == (200, [])
        assert await items_of(client, PATH, partner_id=LIGA) == []

    async def test_replaces_each_list_as_a_whole(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client,
            PATH,
            topic_ids=[topic_id("health"), topic_id("work")],
            goal_ids=[goal_id(1)],
            sub_measure_ids=[measure_id(1, 1)],
        )
        lists = {"topic_ids": [topic_id("work")], "goal_ids": [], "sub_measure_ids": [measure_id(1, 2)]}
        answer = await patch(client, PATH, made, **lists)
        assert answer.json() == made | lists | {"version": 2, "updated_at": answer.json()["updated_at"]}
        assert await items_of(client, PATH, topic_id=topic_id("health")) == []
        assert await items_of(client, PATH, sub_measure_id=measure_id(1, 2)) == [answer.json()]

    @any_database
    async def test_keeps_what_tells_whether_the_partners_were_heard(self, client: httpx.AsyncClient) -> None:
        event, other_event = [(await make(client, "consultation-events"))["id"] for _ in range(2)]
        made = await decision_with(
            client,
            "decided",
            announced_on="2025-01-10",
            decides_on="2025-05-15",
            waiver_reason="Dringend",
            involved_partner_ids=[LIGA, CARITAS],
            consultation_event_ids=[event],
        )
        evidence = {
            "visibility": "partners",
            "title": "Neuer Titel",
            "kind": "financial",
            "reference": "V2345/25",
            "announced_on": "2025-01-09",
            "statements_due_on": "2025-03-31",
            "decides_on": "2025-05-16",
            "decided_on": "2025-05-16",
            "result": "Anders beschlossen.",
            "involvement_required": False,
            "waiver_reason": "Eilt",
            "short_notice_reason": "Frist des Landes",
            "topic_ids": [topic_id("health")],
            "goal_ids": [goal_id(2)],
            "sub_measure_ids": [measure_id(2, 3)],
            "consultation_event_ids": [event, other_event],
            "involved_partner_ids": [CARITAS, LIGA],
        }
        assert tuple(evidence) == EVIDENCE
        for name, value in evidence.items():
            answer = await patch(client, PATH, made, description="Neu", **{name: value})
            assert problem_of(answer, 409, "frozen")["fields"] == [name]
        answer = await patch(client, PATH, made, **evidence)
        assert problem_of(answer, 409, "frozen")["fields"] == list(evidence)
        nothing: dict[str, Any] = {"announced_on": None, "decides_on": None, "involved_partner_ids": []}
        for name, value in nothing.items():
            answer = await patch(client, PATH, made, **{name: value})
            assert problem_of(answer, 409, "frozen")["fields"] == [name]
        await unchanged(client, made)

    async def test_still_tells_more_about_one_that_is_made(self, client: httpx.AsyncClient) -> None:
        made = await decision_with(client, "decided", announced_on="2025-01-10")
        same = {name: made[name] for name in ("announced_on", "decided_on", "involved_partner_ids")}
        more = {
            "description": "Mehr dazu.",
            "deciding_body": "Stadtrat",
            "source_url": "https://ratsinfo.dresden.de/v2345",
        }
        answer = await patch(client, PATH, made, **same, **more)
        assert answer.status_code == 200
        assert answer.json() == made | more | {"version": 2, "updated_at": answer.json()["updated_at"]}

    @any_database
    async def test_may_set_the_evidence_in_the_step_that_makes_it(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        changes = {
            "status": "decided",
            "decided_on": "2025-05-15",
            "announced_on": "2025-01-10",
            "involved_partner_ids": [LIGA],
        }
        answer = await patch(client, PATH, made, **changes)
        assert answer.json() == made | changes | {"version": 2, "updated_at": answer.json()["updated_at"]}

    @any_database
    async def test_is_the_right_of_coordinators(self, callers: Callers) -> None:
        made = await make(callers["operator"], PATH, involved_partner_ids=[CARITAS])
        for caller in ("contributor", "reader"):
            assert rule_of(await patch(callers[caller], PATH, made, title="Fremd")) == "role"
            assert rule_of(await delete(callers[caller], PATH, made)) == "role"
        await unchanged(callers["admin"], made)
        assert (await patch(callers["coordinator"], PATH, made, title="Neu")).status_code == 200

    @any_database
    async def test_tells_the_feed_which_fields_changed(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        cursor = await end_of_feed(client)
        await patch(client, PATH, made, status="in_consultation", goal_ids=[goal_id(1)])
        (change,), _ = await changes_after(client, cursor)
        assert (change["resource_type"], change["resource_id"]) == ("decision", made["id"])
        assert sorted(change["changed_fields"]) == ["goal_ids", "status"]


class TestReportedDecision:
    @any_database
    async def test_is_recorded_by_associations_and_taken_on_by_the_authority(self, callers: Callers) -> None:
        city, liga = callers["coordinator"], callers["other_contributor"]
        made = await make(liga, PATH, status="reported", decided_on="2025-05-15")
        assert (made["status"], made["reported_by_id"], made["involved_partner_ids"]) == (
            "reported",
            LIGA,
            ASSOCIATIONS,
        )
        corrected = (await patch(liga, PATH, made, decided_on="2025-05-14")).json()
        assert corrected["decided_on"] == "2025-05-14"
        words: list[dict[str, Any]] = [{"title": "Anders"}, {"decided_on": None}, {"involved_partner_ids": []}]
        for said in words:
            for caller in ("coordinator", "admin", "contributor"):
                refused = await patch(callers[caller], PATH, corrected, **said)
                assert (rule_of(refused), refused.json()["writers"]) == ("ownership", ["partner"])
        for status in ("announced", "refused"):
            refused = await patch(liga, PATH, corrected, status=status, decided_on=None, refusal_reason="Nein.")
            assert refused.status_code == 403
        await unchanged(city, corrected)
        taken_on = await patch(city, PATH, corrected, status="decided", decided_on="2025-05-15", reference="V1/25")
        assert (taken_on.status_code, taken_on.json()["reported_by_id"]) == (200, LIGA)
        assert rule_of(await patch(liga, PATH, taken_on.json(), title="Anders")) == "role"

    @any_database
    async def test_is_refused_with_a_reason_and_stays(self, callers: Callers) -> None:
        city, liga = callers["coordinator"], callers["other_contributor"]
        made = await make(liga, PATH, status="reported")
        answer = await patch(city, PATH, made, status="refused")
        assert errors_of(answer) == [("#/refusal_reason", "reason_required")]
        answer = await patch(city, PATH, made, status="refused", refusal_reason="Nein.", title="Anders")
        assert rule_of(answer) == "ownership"
        refused = (await patch(city, PATH, made, status="refused", refusal_reason="Davon wissen wir nichts.")).json()
        assert refused["status"] == "refused"
        assert rule_of(await patch(liga, PATH, refused, refusal_reason=None)) == "role"
        for caller in ("other_contributor", "coordinator", "admin"):
            assert (await delete(callers[caller], PATH, refused)).status_code == 403
        assert await items_of(callers["anonymous"], PATH, status="refused") == [refused]
        again = await patch(city, PATH, refused, status="announced")
        assert (again.status_code, again.json()["reported_by_id"]) == (200, LIGA)
        assert rule_of(await delete(city, PATH, again.json())) == "ownership"

    @any_database
    async def test_is_taken_back_by_who_reported_it(self, callers: Callers) -> None:
        made = await make(callers["contributor"], PATH, status="reported")
        for caller in ("other_contributor", "coordinator", "admin"):
            assert rule_of(await delete(callers[caller], PATH, made)) == "ownership"
        assert (await delete(callers["contributor"], PATH, made)).status_code == 204

    @any_database
    async def test_is_nothing_that_the_authority_records(self, callers: Callers) -> None:
        answer = await callers["coordinator"].post(f"/v1/{PATH}", json=body_of(PATH, status="reported"))
        assert (rule_of(answer), answer.json()["writers"]) == ("side", ["associations"])


class TestDeleteDecision:
    @pytest.mark.parametrize("status", ["announced", "in_consultation", "withdrawn"])
    async def test_deletes_one_that_is_not_made(self, client: httpx.AsyncClient, status: str) -> None:
        event, partner = await make(client, "consultation-events"), await make(client, "partners")
        made = await decision_with(
            client, status, consultation_event_ids=[event["id"]], involved_partner_ids=[partner["id"]]
        )
        for path, referred in (("consultation-events", event), ("partners", partner)):
            assert referrers_of(await delete(client, path, referred)) == {(PATH, made["id"])}
        assert (await delete(client, PATH, made)).status_code == 204
        problem_of(await client.get(f"/v1/{PATH}/{made['id']}"), 410, "gone")
        for path, referred in (("consultation-events", event), ("partners", partner)):
            assert (await delete(client, path, referred)).status_code == 204

    async def test_refuses_one_that_is_made(self, client: httpx.AsyncClient) -> None:
        made = await decision_with(client, "decided")
        assert "fields" not in problem_of(await delete(client, PATH, made), 409, "frozen")
        await unchanged(client, made)

    async def test_refuses_one_that_a_need_is_about(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH)
        need = await make(client, "needs", decision_ids=[made["id"]])
        assert referrers_of(await delete(client, PATH, made)) == {("needs", need["id"])}
        assert (await delete(client, "needs", need)).status_code == 204
        assert (await delete(client, PATH, made)).status_code == 204
