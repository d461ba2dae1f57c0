"""`/v1/progress-reports`"""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.progress_reports.terms import ReportState
from app.sub_measures.terms import SubMeasureStatus
from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
    CARITAS,
    CITY,
    LIGA,
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

PATH = "progress-reports"
Callers = Mapping[str, httpx.AsyncClient]

# Written anew, not read from the code: a step more or less there must be noticed here.
ALLOWED = {
    "draft": ["submitted"],
    "submitted": ["accepted", "draft", "returned"],
    "returned": ["draft", "submitted"],
    "accepted": [],
}
ALLOWED_OF_MEASURES = {
    "proposed": ["agreed", "cancelled", "in_progress"],
    "agreed": ["cancelled", "completed", "in_progress", "suspended"],
    "in_progress": ["cancelled", "completed", "suspended"],
    "completed": ["in_progress"],
    "suspended": ["agreed", "cancelled", "in_progress"],
    "cancelled": ["proposed"],
}


REASON = "Bitte genauer."


async def seen_by(client: httpx.AsyncClient, report: Mapping[str, Any], cursor: str) -> set[str]:
    """What the feed tells a caller of a report, which is in its list and in its export where it is there."""
    there = {each["id"] for each in await items_of(client, PATH)}
    exported = (await client.get(f"/v1/exports/{PATH}.jsonl")).text
    assert (report["id"] in there) == (report["id"] in exported) == (report["visibility"] == "public")
    changes, _ = await changes_after(client, cursor)
    return {each["action"] for each in changes if each["resource_id"] == report["id"]}


async def report_in(client: httpx.AsyncClient, state: str, **fields: Any) -> dict[str, Any]:
    """A report that has come to a state."""
    if state in ("draft", "submitted"):
        return await make(client, PATH, state=state, **fields)
    submitted = await make(client, PATH, state="submitted", **fields)
    answer = await patch(client, PATH, submitted, state=state, return_reason=REASON)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


async def read(client: httpx.AsyncClient, path: str, id: str) -> dict[str, Any]:
    """A resource as it is now."""
    answer = await client.get(f"/v1/{path}/{id}")
    assert answer.status_code == 200, answer.text
    resource: dict[str, Any] = answer.json()
    return resource


class TestListProgressReports:
    async def test_stands_by_the_end_of_the_period_the_latest_first(self, client: httpx.AsyncClient) -> None:
        ends = ["2025-06-30", "2025-12-31", "2025-03-31"]
        made = {end: (await make(client, PATH, period_to=end))["id"] for end in ends}
        assert [each["id"] for each in await items_of(client, PATH, limit=1)] == [
            made[end] for end in sorted(ends, reverse=True)
        ]

    async def test_filters_by_each_of_its_fields(self, client: httpx.AsyncClient) -> None:
        agreement = await make(client, "agreements")
        topic = await make(client, "topics", agreement_id=agreement["id"])
        goal = (await make(client, "goals", agreement_id=agreement["id"], topic_id=topic["id"]))["id"]
        measure = (await make(client, "sub-measures", goal_id=goal))["id"]
        here, there = {"sub_measure_id": measure}, {"sub_measure_id": measure_id(2, 1)}
        sent, kept = {"state": "submitted"}, {"state": "draft"}
        await check_filters(
            client,
            PATH,
            [
                Filter("partner_id", LIGA, {"partner_id": LIGA}, {"partner_id": CITY}, CITY),
                Filter("agreement_id", agreement["id"], here, there, AGREEMENT),
                Filter("topic_id", topic["id"], here, there, topic_id("health")),
                Filter("goal_id", goal, here, there, goal_id(2)),
                Filter("sub_measure_id", measure, here, there, measure_id(2, 1)),
                Filter("state", "submitted", sent, kept, "draft"),
                Filter("status", "completed", {"status": "completed"}, {"status": "agreed"}, "agreed"),
                Filter("period_from_from", "2025-01-02", {"period_from": "2025-01-02"}, {"period_from": "2025-01-01"}),
                Filter(
                    "period_from_before", "2025-01-02", {"period_from": "2025-01-01"}, {"period_from": "2025-01-02"}
                ),
                Filter("period_to_from", "2025-02-02", {"period_to": "2025-02-02"}, {"period_to": "2025-02-01"}),
                Filter("period_to_before", "2025-02-02", {"period_to": "2025-02-01"}, {"period_to": "2025-02-02"}),
                Filter("submitted_at_from", "2020-01-01T00:00:00Z", sent, kept),
                Filter("submitted_at_before", "2999-01-01T00:00:00Z", sent, kept),
            ],
        )

    async def test_counts_from_the_very_moment_of_submission(self, client: httpx.AsyncClient) -> None:
        report = await make(client, PATH, state="submitted")
        moment = report["submitted_at"]
        assert await items_of(client, PATH, submitted_at_from=moment) == [report]
        assert await items_of(client, PATH, submitted_at_before=moment) == []

    async def test_knows_a_status_that_is_not_proposed_from_one_that_is(self, client: httpx.AsyncClient) -> None:
        await make(client, PATH)
        proposing = await make(client, PATH, status="completed")
        assert await items_of(client, PATH, status=sorted(SubMeasureStatus)) == [proposing]

    async def test_finds_nothing_through_what_the_caller_does_not_see(self, callers: Callers) -> None:
        shown = await make(callers["operator"], "goals", topic_id=topic_id("work"))
        hidden = await make(callers["operator"], "goals", topic_id=topic_id("work"), visibility="partners")
        for goal, visibility in ((shown, "partners"), (hidden, "public")):
            measure = await make(callers["operator"], "sub-measures", goal_id=goal["id"], visibility=visibility)
            report = await make(callers["operator"], PATH, sub_measure_id=measure["id"])
            for params in ({"goal_id": goal["id"]}, {"topic_id": topic_id("work")}, {"agreement_id": AGREEMENT}):
                params["created_at_from"] = report["created_at"]
                assert await items_of(callers["anonymous"], PATH, **params) == [], params
                assert await items_of(callers["reader"], PATH, **params) == [report], params

    async def test_searches_what_it_tells(self, client: httpx.AsyncClient) -> None:
        for field in ("summary", "achievements", "obstacles", "next_steps"):
            report = await make(client, PATH, **{field: f"Größere {field}"})
            assert await items_of(client, PATH, q=f"GRÖSSERE {field}") == [report]


class TestCreateProgressReport:
    @any_database
    async def test_sets_what_is_not_given(self, callers: Callers) -> None:
        body = {
            "sub_measure_id": measure_id(1, 1),
            "partner_id": CARITAS,
            "period_from": "2025-01-01",
            "period_to": "2025-06-30",
            "summary": "Es geht voran.",
        }
        answer = await callers["contributor"].post(f"/v1/{PATH}", json=body)
        assert answer.status_code == 201
        made = answer.json()
        for stamp in ("id", "created_at", "updated_at"):
            made.pop(stamp)
        assert made == {
            **defaults_of(PATH),
            **body,
            "version": 1,
            "visibility": "partners",
            "visibility_once_submitted": "public",
            "state": "draft",
            "submitted_at": None,
        }

    @any_database
    async def test_names_every_field_that_it_needs(self, client: httpx.AsyncClient) -> None:
        needed = ["partner_id", "period_from", "period_to", "sub_measure_id", "summary"]
        errors = errors_of(await client.post(f"/v1/{PATH}", json={}))
        assert sorted(errors) == [(f"#/{name}", "missing") for name in needed]
        assert errors_of(await client.post(f"/v1/{PATH}", json=body_of(PATH, summary=""))) == [
            ("#/summary", "string_too_short")
        ]

    @any_database
    @pytest.mark.parametrize("state", sorted(ReportState))
    async def test_begins_as_a_draft_or_submitted(self, client: httpx.AsyncClient, state: str) -> None:
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, state=state, return_reason=REASON))
        if state in ("draft", "submitted"):
            assert (answer.status_code, answer.json()["state"]) == (201, state)
            assert (answer.json()["submitted_at"] is None) == (state == "draft")
        else:
            assert errors_of(answer) == [("#/state", "not_a_first_state")]
            assert await items_of(client, PATH) == []

    async def test_leaves_the_measure_as_it_is(self, client: httpx.AsyncClient) -> None:
        before = await read(client, "sub-measures", measure_id(1, 1))
        await make(client, PATH, state="submitted", status="completed", progress_percent=100)
        assert await read(client, "sub-measures", measure_id(1, 1)) == before

    async def test_may_be_about_a_single_day(self, client: httpx.AsyncClient) -> None:
        made = await make(client, PATH, period_from="2025-02-01", period_to="2025-02-01")
        assert made["period_to"] == "2025-02-01"
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, period_from="2025-02-01", period_to="2025-01-31"))
        assert errors_of(answer) == [("#/period_to", "before_start")]

    @any_database
    async def test_names_every_unknown_reference(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(f"/v1/{PATH}", json=body_of(PATH, sub_measure_id=goal_id(1), partner_id=goal_id(1)))
        assert sorted(errors_of(answer)) == [
            ("#/partner_id", "unknown_reference"),
            ("#/sub_measure_id", "unknown_reference"),
        ]

    @any_database
    async def test_is_the_right_of_the_partner(self, callers: Callers) -> None:
        for caller, partner_id, rule in (
            ("contributor", LIGA, "ownership"),
            ("other_contributor", CARITAS, "ownership"),
            ("reader", LIGA, "role"),
        ):
            answer = await callers[caller].post(f"/v1/{PATH}", json=body_of(PATH, partner_id=partner_id))
            assert rule_of(answer) == rule
        assert (await make(callers["other_contributor"], PATH, partner_id=LIGA))["partner_id"] == LIGA
        for caller in ("coordinator", "admin"):
            answer = await callers[caller].post(f"/v1/{PATH}", json=body_of(PATH, partner_id=CARITAS))
            assert rule_of(answer) == "ownership"


class TestUpdateProgressReport:
    @any_database
    @pytest.mark.parametrize("following", sorted(ReportState))
    @pytest.mark.parametrize("state", ["draft", "returned", "submitted"])
    async def test_follows_the_written_state_machine(
        self, client: httpx.AsyncClient, state: str, following: str
    ) -> None:
        report = await report_in(client, state)
        answer = await patch(client, PATH, report, state=following, next_steps="Weiter so.", return_reason=REASON)
        if following == state or following in ALLOWED[state]:
            assert (answer.status_code, answer.json()["state"]) == (200, following)
            assert (answer.json()["version"], answer.json()["next_steps"]) == (report["version"] + 1, "Weiter so.")
        else:
            assert problem_of(answer, 409, "transition-not-allowed")["allowed"] == ALLOWED[state]
            assert await read(client, PATH, report["id"]) == report

    @any_database
    @pytest.mark.parametrize("following", sorted(ReportState))
    async def test_leaves_one_that_is_accepted_as_it_is(self, client: httpx.AsyncClient, following: str) -> None:
        report = await report_in(client, "accepted")
        answer = await patch(client, PATH, report, state=following)
        if following == "accepted":
            assert (answer.status_code, answer.json()) == (200, report), "what changes nothing is no change"
        else:
            assert problem_of(answer, 409, "frozen")["fields"] == ["state"]
        problem_of(await patch(client, PATH, report, summary="Anders"), 409, "frozen")
        assert await read(client, PATH, report["id"]) == report

    @any_database
    @pytest.mark.parametrize("following", sorted(ReportState))
    @pytest.mark.parametrize("state", ["draft", "returned", "submitted"])
    async def test_lets_a_contributor_submit_and_take_back(self, callers: Callers, state: str, following: str) -> None:
        report = await report_in(callers["operator"], state, partner_id=CARITAS)
        answer = await patch(callers["contributor"], PATH, report, state=following)
        if following == state:
            assert (answer.status_code, answer.json()) == (200, report)
        elif following in ("accepted", "returned"):
            assert rule_of(answer) == "role"
            assert await read(callers["admin"], PATH, report["id"]) == report
        else:
            assert (answer.status_code, answer.json()["state"]) == (200, following)

    async def test_lets_a_contributor_work_on_one_that_was_returned(self, callers: Callers) -> None:
        report = await report_in(callers["operator"], "returned", partner_id=CARITAS)
        answer = await patch(callers["contributor"], PATH, report, summary="Genauer.", progress_percent=40)
        assert (answer.status_code, answer.json()["state"], answer.json()["progress_percent"]) == (200, "returned", 40)

    @any_database
    async def test_tells_when_it_was_last_submitted(self, client: httpx.AsyncClient) -> None:
        draft = await make(client, PATH)
        submitted = (await patch(client, PATH, draft, state="submitted")).json()
        assert draft["updated_at"] < submitted["submitted_at"]
        corrected = (await patch(client, PATH, submitted, summary="Neu")).json()
        returned = (await patch(client, PATH, corrected, state="returned", return_reason=REASON)).json()
        assert returned["submitted_at"] == corrected["submitted_at"] == submitted["submitted_at"]
        again = (await patch(client, PATH, returned, state="submitted")).json()
        assert again["submitted_at"] > submitted["submitted_at"]
        withdrawn = (await patch(client, PATH, again, state="draft")).json()
        assert withdrawn["submitted_at"] is None
        accepted = (
            await patch(
                client, PATH, (await patch(client, PATH, withdrawn, state="submitted")).json(), state="accepted"
            )
        ).json()
        assert accepted["submitted_at"] > again["submitted_at"]

    @any_database
    @pytest.mark.parametrize(
        ("said", "now", "submission", "then"),
        [
            ({}, "partners", {}, "public"),
            ({"visibility": "public"}, "public", {}, "public"),
            ({"visibility": "partners"}, "partners", {}, "partners"),
            ({"visibility_once_submitted": "partners"}, "partners", {}, "partners"),
            ({"visibility": "public", "visibility_once_submitted": "partners"}, "public", {}, "partners"),
            ({}, "partners", {"visibility": "partners"}, "partners"),
            ({"visibility": "partners"}, "partners", {"visibility": "public"}, "public"),
        ],
    )
    async def test_shows_a_draft_to_partners_until_it_is_submitted_unless_something_else_is_said(
        self, callers: Callers, said: dict[str, str], now: str, submission: dict[str, str], then: str
    ) -> None:
        """In lists, exports and the feed alike, where it enters the public's view by its submission."""
        caritas, anyone = callers["contributor"], callers["anonymous"]
        cursor = await end_of_feed(anyone)
        body = {**body_of(PATH, partner_id=CARITAS), **said}
        if "visibility" not in said:
            del body["visibility"]
        draft = (await caritas.post(f"/v1/{PATH}", json=body)).json()
        assert draft["visibility"] == now
        assert await seen_by(anyone, draft, cursor) == ({"created"} if now == "public" else set())
        submitted = await patch(caritas, PATH, draft, state="submitted", **submission)
        assert submitted.status_code == 200, submitted.text
        report = submitted.json()
        assert report["visibility"] == report["visibility_once_submitted"] == then
        told = {("public", "public"): "updated", ("public", "partners"): "deleted", ("partners", "public"): "created"}
        action = told.get((now, then))
        assert await seen_by(anyone, report, cursor) >= ({action} if action else set())
        assert ((await anyone.get(f"/v1/{PATH}/{draft['id']}")).status_code == 200) == (then == "public")
        assert (await callers["reader"].get(f"/v1/{PATH}/{draft['id']}")).status_code == 200

    @any_database
    @pytest.mark.parametrize(
        "said",
        [
            {"visibility": "partners"},
            {"visibility": "public"},
            {"visibility": "public", "visibility_once_submitted": "partners"},
            {"visibility_once_submitted": "partners"},
        ],
    )
    @pytest.mark.parametrize("before", [{}, {"visibility": "partners"}])
    async def test_has_the_readers_that_are_said_by_whichever_id(
        self, client: httpx.AsyncClient, before: dict[str, str], said: dict[str, str]
    ) -> None:
        body = {name: value for name, value in body_of(PATH).items() if name != "visibility"}
        known = "/v1/progress-reports/external/crm/1"
        draft = (await client.post(f"/v1/{PATH}", json={**body, **before})).json()
        assert (await client.put(known, json={**body, **before})).status_code == 201
        patched = (await patch(client, PATH, draft, **said)).json()
        put = (await client.put(known, json={**body, **said})).json()
        for name in said.keys() | {"visibility_once_submitted"}:
            wanted = said.get(name, said.get("visibility"))
            assert (put[name], patched[name]) == (wanted, wanted)

    @any_database
    async def test_says_no_more_who_reads_it_later_once_it_is_submitted(self, client: httpx.AsyncClient) -> None:
        report = await make(client, PATH, state="submitted")
        answer = await patch(client, PATH, report, visibility_once_submitted="partners")
        assert errors_of(answer) == [("#/visibility_once_submitted", "not_a_draft")]
        hidden = (await patch(client, PATH, report, visibility="partners")).json()
        assert hidden["visibility"] == hidden["visibility_once_submitted"] == "partners"
        withdrawn = (await patch(client, PATH, hidden, state="draft")).json()
        assert (withdrawn["visibility"], withdrawn["visibility_once_submitted"]) == ("partners", "partners")

    @any_database
    async def test_weighs_what_is_sent_against_what_is_there(self, client: httpx.AsyncClient) -> None:
        report = await make(client, PATH, period_from="2025-01-01", period_to="2025-06-30")
        answer = await patch(client, PATH, report, period_from="2025-07-01")
        assert errors_of(answer) == [("#/period_to", "before_start")]
        answer = await patch(client, PATH, report, period_from="2025-07-01", period_to="2025-07-01")
        assert answer.status_code == 200

    @any_database
    async def test_never_moves_to_another_measure_or_partner(self, client: httpx.AsyncClient) -> None:
        report = await make(client, PATH)
        for field, value in (("sub_measure_id", measure_id(1, 2)), ("partner_id", CITY), ("submitted_at", None)):
            assert errors_of(await patch(client, PATH, report, **{field: value})) == [(f"#/{field}", "extra_forbidden")]
        assert await read(client, PATH, report["id"]) == report

    @any_database
    async def test_is_the_right_of_the_partner(self, callers: Callers) -> None:
        report = await make(callers["other_contributor"], PATH, partner_id=LIGA)
        assert rule_of(await patch(callers["contributor"], PATH, report, summary="Fremd")) == "ownership"
        assert rule_of(await patch(callers["contributor"], PATH, report, state="accepted")) == "ownership"
        assert rule_of(await patch(callers["reader"], PATH, report, summary="Fremd")) == "role"
        assert await read(callers["admin"], PATH, report["id"]) == report
        for caller in ("coordinator", "admin"):
            answer = await patch(callers[caller], PATH, report, summary="Berichtigt")
            assert (rule_of(answer), answer.json()["writers"]) == ("ownership", ["partner"])
        submitted = (await patch(callers["other_contributor"], PATH, report, state="submitted")).json()
        answer = await patch(callers["coordinator"], PATH, submitted, state="accepted", summary="Berichtigt")
        assert rule_of(answer) == "ownership"
        answer = await patch(callers["coordinator"], PATH, submitted, state="returned")
        assert errors_of(answer) == [("#/return_reason", "reason_required")]
        answer = await patch(callers["coordinator"], PATH, submitted, state="returned", return_reason=REASON)
        assert (answer.status_code, answer.json()["return_reason"]) == (200, REASON)
        assert rule_of(await patch(callers["other_contributor"], PATH, answer.json(), return_reason=None)) == "role"
        again = await patch(callers["other_contributor"], PATH, answer.json(), state="submitted")
        assert (again.status_code, again.json()["return_reason"]) == (200, REASON)


class TestAcceptProgressReport:
    async def test_moves_the_measure_in_the_same_transaction(self, callers: Callers) -> None:
        measure = await read(callers["admin"], "sub-measures", measure_id(1, 1))
        assert measure["status"] == "agreed"
        report = await make(
            callers["contributor"],
            PATH,
            partner_id=CARITAS,
            state="submitted",
            status="in_progress",
            progress_percent=30,
        )
        cursor = await end_of_feed(callers["admin"])
        answer = await patch(callers["coordinator"], PATH, report, state="accepted")
        accepted = {**report, "state": "accepted", "version": 2, "updated_at": answer.json()["updated_at"]}
        assert (answer.status_code, answer.headers["etag"], answer.json()) == (200, '"2"', accepted)
        moved = await read(callers["anonymous"], "sub-measures", measure["id"])
        assert moved == {
            **measure,
            "status": "in_progress",
            "progress_percent": 30,
            "version": measure["version"] + 1,
            "updated_at": moved["updated_at"],
        }
        (of_report, of_measure), _ = await changes_after(callers["admin"], cursor)
        assert of_measure["position"] == of_report["position"] + 1
        assert [
            (each["action"], each["resource_id"], each["changed_fields"], each["data"], each["by"])
            for each in (of_report, of_measure)
        ] == [
            ("updated", report["id"], ["state"], accepted, {"partner_id": CITY}),
            ("updated", measure["id"], ["status", "progress_percent"], moved, {"partner_id": CITY}),
        ]

    async def test_takes_what_the_coordinator_corrects_in_the_same_step(self, client: httpx.AsyncClient) -> None:
        report = await make(client, PATH, state="submitted", status="completed", progress_percent=100)
        answer = await patch(client, PATH, report, state="accepted", status="in_progress", progress_percent=90)
        assert answer.status_code == 200
        moved = await read(client, "sub-measures", measure_id(1, 1))
        assert (moved["status"], moved["progress_percent"]) == ("in_progress", 90)

    @any_database
    @pytest.mark.parametrize("status", sorted(SubMeasureStatus))
    async def test_moves_the_measure_only_where_it_can_go(self, client: httpx.AsyncClient, status: str) -> None:
        for following in sorted(SubMeasureStatus):
            measure = await make(client, "sub-measures", status=status, status_reason="Damals", progress_percent=10)
            report = await make(
                client,
                PATH,
                sub_measure_id=measure["id"],
                state="submitted",
                status=following,
                progress_percent=20,
                summary="Heute",
            )
            cursor = await end_of_feed(client)
            answer = await patch(client, PATH, report, state="accepted")
            moved = await read(client, "sub-measures", measure["id"])
            if following != status and following not in ALLOWED_OF_MEASURES[status]:
                document = problem_of(answer, 409, "transition-not-allowed")
                assert document["allowed"] == ALLOWED_OF_MEASURES[status]
                assert await read(client, PATH, report["id"]) == report
                assert moved == measure
                assert await changes_after(client, cursor) == ([], cursor)
                continue
            assert (answer.status_code, answer.json()["state"]) == (200, "accepted")
            reason = "Heute" if following in ("cancelled", "suspended") else None
            assert (moved["status"], moved["progress_percent"]) == (following, 20)
            assert moved["status_reason"] == ("Damals" if following == status else reason)
            assert moved["version"] == 2

    @any_database
    async def test_leaves_what_the_report_does_not_propose(self, client: httpx.AsyncClient) -> None:
        measure = await make(client, "sub-measures", status="in_progress", status_reason="Läuft", progress_percent=10)
        here = {"sub_measure_id": measure["id"]}
        await report_in(client, "accepted", **here, status="in_progress", progress_percent=10)
        await report_in(client, "accepted", **here)
        assert await read(client, "sub-measures", measure["id"]) == measure
        await report_in(client, "accepted", **here, progress_percent=0)
        moved = await read(client, "sub-measures", measure["id"])
        assert moved == {**measure, "progress_percent": 0, "version": 2, "updated_at": moved["updated_at"]}
        await report_in(client, "accepted", **here, status="completed")
        moved = await read(client, "sub-measures", measure["id"])
        assert (moved["status"], moved["progress_percent"], moved["version"]) == ("completed", 0, 3)

    async def test_keeps_the_place_of_the_measure_in_the_agreement(self, client: httpx.AsyncClient) -> None:
        codes = [each["code"] for each in await items_of(client, "sub-measures")]
        await report_in(client, "accepted", sub_measure_id=measure_id(3, 2), status="in_progress")
        assert [each["code"] for each in await items_of(client, "sub-measures")] == codes
        assert [each["id"] for each in await items_of(client, "sub-measures", code="3.2")] == [measure_id(3, 2)]

    async def test_gives_no_public_measure_a_reason_that_is_for_partners(self, client: httpx.AsyncClient) -> None:
        for visibility, accepted in (("public", 422), ("partners", 200)):
            measure = await make(client, "sub-measures", status="agreed", visibility=visibility)
            report = await report_in(
                client, "submitted", sub_measure_id=measure["id"], status="suspended", visibility="partners"
            )
            answer = await patch(client, PATH, report, state="accepted")
            assert answer.status_code == accepted, answer.text
            if accepted == 422:
                assert errors_of(answer) == [("#/visibility", "too_hidden")]
                assert (await read(client, "sub-measures", measure["id"])) == measure
                assert (await patch(client, PATH, report, state="accepted", visibility="public")).status_code == 200


class TestDeleteProgressReport:
    @any_database
    @pytest.mark.parametrize("state", ["draft", "returned", "submitted"])
    async def test_lets_the_partner_take_back_what_is_not_accepted(self, callers: Callers, state: str) -> None:
        report = await report_in(callers["operator"], state, partner_id=CARITAS)
        assert rule_of(await delete(callers["other_contributor"], PATH, report)) == "ownership"
        assert rule_of(await delete(callers["reader"], PATH, report)) == "role"
        assert rule_of(await delete(callers["coordinator"], PATH, report)) == "ownership"
        if state == "returned":
            # The city's reason would go with it.
            assert rule_of(await delete(callers["contributor"], PATH, report)) == "role"
            return
        assert (await delete(callers["contributor"], PATH, report)).status_code == 204
        problem_of(await callers["anonymous"].get(f"/v1/{PATH}/{report['id']}"), 410, "gone")

    @pytest.mark.parametrize("caller", ["contributor", "coordinator"])
    async def test_refuses_one_that_is_accepted(self, callers: Callers, caller: str) -> None:
        report = await report_in(callers["operator"], "accepted", partner_id=CARITAS)
        assert "fields" not in problem_of(await delete(callers[caller], PATH, report), 409, "frozen")
        assert await read(callers["admin"], PATH, report["id"]) == report

    async def test_refuses_the_measure_that_is_reported_on(self, client: httpx.AsyncClient) -> None:
        measure = await make(client, "sub-measures")
        report = await make(client, PATH, sub_measure_id=measure["id"])
        assert referrers_of(await delete(client, "sub-measures", measure)) == {(PATH, report["id"])}
        assert (await delete(client, PATH, report)).status_code == 204
        assert (await delete(client, "sub-measures", measure)).status_code == 204
