"""Involvement: `/v1/decisions/{id}/involvement` and the reports that are made of it."""

import os
import random
from collections import Counter
from datetime import date, timedelta
from typing import Any, ClassVar

import httpx
import pytest

from app.involvement.models import HeardBy, InvolvementState
from app.resources.ids import named_id
from tests.clock import Clock
from tests.databases import IS_SOAK, any_database
from tests.dresden import AGREEMENT, ASSOCIATIONS
from tests.factories import CARITAS, CITY, LIGA, NOWHERE, delete, items_of, make, patch
from tests.involvement.reference import half_years, involvements, row_of, rows_of_partners
from tests.problems import problem_of
from tests.tables import cells, csv_of, rows_of

DRK = str(named_id("partners", "drk-dresden"))
PARTNERS = (LIGA, CARITAS, DRK, CITY)
ATTENDANCES = ("invited", "accepted", "declined", "attended", "attended", "attended", "absent")
SEEDS = range(int(os.environ["REGISTER_SOAK_ROUNDS"])) if IS_SOAK else (5,)
BY_DECISION, BY_PARTNER = "early-involvement/decisions", "early-involvement/partners"
LIGA_NAME, CARITAS_NAME = "Liga der freien Wohlfahrtspflege Dresden", "Caritasverband für Dresden e. V."
UNHEARD = {
    "heard_on": None,
    "heard_by": None,
    "is_entered_later": False,
    "event_id": None,
    "lead_days": None,
    "is_in_time": None,
    "position": None,
}


async def involvement_of(client: httpx.AsyncClient, decision: dict[str, Any]) -> dict[str, Any]:
    """The involvement in a decision."""
    answer = await client.get(f"/v1/decisions/{decision['id']}/involvement")
    assert answer.status_code == 200, answer.text
    involvement: dict[str, Any] = answer.json()
    return involvement


async def heard(client: httpx.AsyncClient, decision: dict[str, Any]) -> list[tuple[Any, ...]]:
    """When and by what each asked partner was heard, whether in time, and its position; in the order of their names."""
    names = ("heard_on", "heard_by", "is_in_time", "position")
    return [tuple(row[name] for name in names) for row in (await involvement_of(client, decision))["partners"]]


async def state(client: httpx.AsyncClient, decision: dict[str, Any]) -> str:
    """How far the involvement in a decision is."""
    return str((await involvement_of(client, decision))["state"])


async def current(client: httpx.AsyncClient, path: str, resource: dict[str, Any]) -> dict[str, Any]:
    """A resource as it is now."""
    now: dict[str, Any] = (await client.get(f"/v1/{path}/{resource['id']}")).json()
    return now


async def changed(client: httpx.AsyncClient, path: str, resource: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A resource after a change that must be allowed."""
    answer = await patch(client, path, await current(client, path, resource), **changes)
    assert answer.status_code == 200, answer.text
    after: dict[str, Any] = answer.json()
    return after


async def say(client: httpx.AsyncClient, decision: dict[str, Any], partner: str, **more: Any) -> httpx.Response:
    """Give a partner's statement, now."""
    body = {"position": "support", **more}
    return await client.put(f"/v1/decisions/{decision['id']}/statements/{partner}", json=body)


async def meeting(client: httpx.AsyncClient, starts_at: str, partner: str = LIGA, **fields: Any) -> dict[str, Any]:
    """An event that was held, with one partner that attended."""
    shown = {"participants": [{"partner_id": partner, "attendance": "attended"}], "status": "held"}
    return await make(client, "consultation-events", starts_at=starts_at, **{**shown, **fields})


async def asking(client: httpx.AsyncClient, *partners: str, **fields: Any) -> dict[str, Any]:
    """A decision of 15 May 2025 that asks these partners, announced in January."""
    days = {"announced_on": "2025-01-13", "decides_on": "2025-05-15"}
    return await make(client, "decisions", involved_partner_ids=partners, **{**days, **fields})


async def decide(client: httpx.AsyncClient, decision: dict[str, Any], on: str = "2025-05-15") -> dict[str, Any]:
    """Make a decision."""
    return await changed(client, "decisions", decision, status="decided", decided_on=on)


@any_database
class TestGetInvolvement:
    async def test_is_open_until_somebody_was_heard(self, client: httpx.AsyncClient) -> None:
        decision = await asking(client, LIGA, CARITAS)
        assert await involvement_of(client, decision) == {
            "decision_id": decision["id"],
            "state": "open",
            "decision_on": "2025-05-15",
            "first_heard_on": None,
            "lead_days": None,
            "heard_before_decision": None,
            "notice_days": 122,
            "is_short_notice": False,
            "asked": 2,
            "heard": 0,
            "heard_in_time": 0,
            "answered": 0,
            "missing_partner_ids": sorted([LIGA, CARITAS]),
            "partners": [
                {"partner_id": CARITAS, "name": CARITAS_NAME, "asked_on": "2025-01-13", **UNHEARD},
                {"partner_id": LIGA, "name": LIGA_NAME, "asked_on": "2025-01-13", **UNHEARD},
            ],
        }

    async def test_is_partly_heard_once_one_has_answered_and_answered_once_all_have(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        decision = await asking(client, LIGA, CARITAS)
        clock.set("2025-04-01")
        assert (await say(client, decision, LIGA)).status_code == 201
        partly = await involvement_of(client, decision)
        assert (partly["state"], partly["answered"], partly["missing_partner_ids"]) == ("partly_heard", 1, [CARITAS])
        assert (partly["first_heard_on"], partly["lead_days"], partly["heard_before_decision"]) == (
            "2025-04-01",
            44,
            True,
        )
        clock.set("2025-04-20")
        assert (await say(client, decision, CARITAS)).status_code == 201
        answered = await involvement_of(client, decision)
        assert (answered["state"], answered["answered"], answered["missing_partner_ids"]) == ("answered", 2, [])
        assert (answered["first_heard_on"], answered["lead_days"]) == ("2025-04-01", 44)

    async def test_takes_the_earlier_of_event_and_statement(self, client: httpx.AsyncClient, clock: Clock) -> None:
        clock.set("2025-04-10")
        late = await meeting(client, "2025-04-10T09:00:00Z")
        early = await meeting(client, "2025-03-12T09:00:00Z")
        decision = await asking(client, LIGA, consultation_event_ids=[late["id"], early["id"]])
        clock.set("2025-03-20")
        assert (await say(client, decision, LIGA)).status_code == 201
        assert (await involvement_of(client, decision))["first_heard_on"] == "2025-03-12"
        await changed(client, "decisions", decision, consultation_event_ids=[late["id"]])
        assert (await involvement_of(client, decision))["first_heard_on"] == "2025-03-20"

    async def test_does_not_count_the_day_of_the_decision_as_before_it(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        clock.set("2025-05-15", "06:00")
        event = await meeting(client, "2025-05-15T07:00:00Z")
        decision = await asking(client, LIGA, consultation_event_ids=[event["id"]])
        assert (await say(client, decision, LIGA)).status_code == 201
        pending = await involvement_of(client, decision)
        assert (pending["state"], pending["lead_days"], pending["heard_before_decision"]) == ("answered", 0, False)
        made = await involvement_of(client, await decide(client, decision))
        assert (made["state"], made["lead_days"], made["heard_before_decision"]) == ("missed", None, False)
        assert (made["answered"], made["missing_partner_ids"]) == (0, [LIGA])

    async def test_counts_the_day_before_the_decision(self, client: httpx.AsyncClient) -> None:
        event = await meeting(client, "2025-05-14T07:00:00Z")
        decision = await decide(client, await asking(client, LIGA, consultation_event_ids=[event["id"]]))
        made = await involvement_of(client, decision)
        assert (made["state"], made["lead_days"], made["heard_before_decision"]) == ("heard", 1, True)

    async def test_judges_by_the_day_on_which_it_was_really_decided(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        """Heard in time for the day that was announced, but the council was faster."""
        clock.set("2025-05-10")
        decision = await asking(client, LIGA)
        assert (await say(client, decision, LIGA)).status_code == 201
        assert await state(client, decision) == "answered"
        made = await involvement_of(client, await decide(client, decision, "2025-05-08"))
        assert (made["state"], made["decision_on"], made["lead_days"]) == ("missed", "2025-05-08", None)
        assert (made["heard_before_decision"], made["answered"]) == (False, 0)

    async def test_does_not_count_who_is_not_asked(self, client: httpx.AsyncClient, clock: Clock) -> None:
        clock.set("2025-04-01")
        event = await meeting(client, "2025-03-12T09:00:00Z", CARITAS)
        decision = await asking(client, LIGA, consultation_event_ids=[event["id"]])
        assert (await say(client, decision, CARITAS)).status_code == 201
        unheard = await involvement_of(client, decision)
        assert (unheard["state"], unheard["first_heard_on"], unheard["answered"]) == ("open", None, 0)
        await changed(client, "decisions", decision, involved_partner_ids=[LIGA, CARITAS])
        asked = await involvement_of(client, decision)
        assert (asked["state"], asked["first_heard_on"], asked["answered"]) == ("partly_heard", "2025-03-12", 1)

    @pytest.mark.parametrize("attendance", ["invited", "accepted", "declined", "absent"])
    async def test_does_not_count_who_did_not_attend(self, client: httpx.AsyncClient, attendance: str) -> None:
        participants = [{"partner_id": LIGA, "attendance": attendance}]
        event = await meeting(client, "2025-03-12T09:00:00Z", participants=participants)
        decision = await asking(client, LIGA, consultation_event_ids=[event["id"]])
        assert await state(client, decision) == "open"
        address = f"/v1/consultation-events/{event['id']}/participants/{LIGA}"
        assert (await client.put(address, json={"attendance": "attended"})).is_success
        assert await state(client, decision) == "heard"

    @pytest.mark.parametrize("status", ["planned", "confirmed", "postponed", "cancelled"])
    async def test_does_not_count_an_event_that_was_not_held(self, client: httpx.AsyncClient, status: str) -> None:
        event = await meeting(client, "2025-03-12T09:00:00Z", status=status, status_reason="Krank")
        decision = await asking(client, LIGA, consultation_event_ids=[event["id"]])
        assert await state(client, decision) == "open"

    async def test_does_not_count_an_event_of_another_decision(self, client: httpx.AsyncClient) -> None:
        event = await meeting(client, "2025-03-12T09:00:00Z")
        other = await asking(client, LIGA, consultation_event_ids=[event["id"]])
        assert await state(client, other) == "heard"
        assert await state(client, await asking(client, LIGA)) == "open"

    async def test_counts_an_event_late_in_the_evening_on_its_local_day(self, client: httpx.AsyncClient) -> None:
        """23:30 in UTC is half past midnight in Dresden, on the day of the decision; in Lisbon it is still the day before."""
        event = await meeting(client, "2025-01-15T23:30:00Z")
        decision = await asking(client, LIGA, decides_on="2025-01-16", consultation_event_ids=[event["id"]])
        in_dresden = await involvement_of(client, decision)
        assert (in_dresden["first_heard_on"], in_dresden["heard_before_decision"]) == ("2025-01-16", False)
        await changed(client, "consultation-events", event, timezone="Europe/Lisbon")
        in_lisbon = await involvement_of(client, decision)
        assert (in_lisbon["first_heard_on"], in_lisbon["heard_before_decision"]) == ("2025-01-15", True)

    async def test_counts_a_statement_late_in_the_evening_on_the_citys_day(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        decision = await asking(client, LIGA, decides_on="2025-01-16")
        clock.set("2025-01-15", "23:30")
        assert (await say(client, decision, LIGA)).json()["submitted_at"] == "2025-01-15T23:30:00Z"
        assert (await involvement_of(client, decision))["first_heard_on"] == "2025-01-16"

    async def test_keeps_the_day_of_a_statement_that_is_reworded(self, client: httpx.AsyncClient, clock: Clock) -> None:
        decision = await asking(client, LIGA)
        clock.set("2025-04-01")
        assert (await say(client, decision, LIGA)).status_code == 201
        clock.set("2025-05-20")
        assert (await say(client, decision, LIGA, position="object")).status_code == 200
        assert (await involvement_of(client, decision))["first_heard_on"] == "2025-04-01"

    async def test_counts_a_letter_from_the_day_on_which_it_came_and_says_that_it_was_entered_later(
        self, client: httpx.AsyncClient, callers: dict[str, httpx.AsyncClient], clock: Clock
    ) -> None:
        """Also for the members that it speaks for; by the decision's day alone it would have come too late."""
        decision = await asking(client, LIGA, CARITAS)
        clock.set("2025-05-15", "08:00")
        said = await say(client, decision, LIGA, on_behalf_of_ids=[CARITAS])
        assert said.status_code == 201
        address = f"/v1/decisions/{decision['id']}/statements/{LIGA}"
        came = {"received_on": "2025-05-02"}
        answer = await callers["keeper"].patch(address, json=came, headers={"If-Match": '"1"'})
        assert answer.status_code == 200, answer.text
        assert answer.json() == said.json() | came | {"version": 2, "updated_at": answer.json()["updated_at"]}
        clock.set("2025-05-16")
        await decide(client, decision)
        rows = (await involvement_of(client, decision))["partners"]
        assert [(row["heard_on"], row["heard_by"], row["is_entered_later"]) for row in rows] == [
            ("2025-05-02", "umbrella", True),
            ("2025-05-02", "statement", True),
        ]

    async def test_is_open_again_when_the_only_statement_is_taken_back(self, client: httpx.AsyncClient) -> None:
        decision = await asking(client, LIGA)
        assert (await say(client, decision, LIGA)).status_code == 201
        assert await state(client, decision) == "answered"
        assert (await client.delete(f"/v1/decisions/{decision['id']}/statements/{LIGA}")).status_code == 428
        headers = {"If-Match": '"1"'}
        answer = await client.delete(f"/v1/decisions/{decision['id']}/statements/{LIGA}", headers=headers)
        assert answer.status_code == 204
        assert await state(client, decision) == "open"

    async def test_is_missed_where_nobody_was_asked(self, client: httpx.AsyncClient) -> None:
        event = await meeting(client, "2025-03-12T09:00:00Z")
        decision = await asking(client, consultation_event_ids=[event["id"]])
        unasked = await involvement_of(client, decision)
        assert (unasked["state"], unasked["asked"], unasked["answered"]) == ("open", 0, 0)
        assert unasked["missing_partner_ids"] == []
        made = await involvement_of(client, await decide(client, decision))
        assert (made["state"], made["heard_before_decision"]) == ("missed", False)

    async def test_is_not_required_whatever_happens(self, client: httpx.AsyncClient) -> None:
        decision = await asking(client, LIGA, involvement_required=False, waiver_reason="Eilt")
        assert await state(client, decision) == "not_required"
        assert (await say(client, decision, LIGA)).status_code == 201
        assert await state(client, decision) == "not_required"
        made = await involvement_of(client, await decide(client, decision, "2025-02-01"))
        assert (made["state"], made["heard_before_decision"]) == ("not_required", False)

    async def test_is_not_missed_by_a_decision_that_was_withdrawn(self, client: httpx.AsyncClient) -> None:
        decision = await changed(client, "decisions", await asking(client, LIGA), status="withdrawn")
        withdrawn = await involvement_of(client, decision)
        assert (withdrawn["state"], withdrawn["heard_before_decision"]) == ("open", None)

    async def test_judges_a_decision_that_had_no_day_before_it_was_made(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        decision = await asking(client, LIGA, decides_on=None)
        clock.set("2025-04-01")
        assert (await say(client, decision, LIGA)).status_code == 201
        pending = await involvement_of(client, decision)
        assert (pending["decision_on"], pending["lead_days"], pending["heard_before_decision"]) == (None, None, None)
        assert (pending["state"], pending["first_heard_on"]) == ("answered", "2025-04-01")
        clock.set("2025-04-03")
        made = await involvement_of(client, await decide(client, decision, "2025-04-03"))
        assert (made["decision_on"], made["lead_days"], made["state"]) == ("2025-04-03", 2, "answered")

    @pytest.mark.parametrize(
        ("announced_on", "is_on_agenda", "expected"),
        [
            ("2025-03-12", False, "heard"),
            ("2025-03-13", False, "open"),
            ("2025-03-13", True, "heard"),
            (None, False, "open"),
            (None, True, "heard"),
        ],
    )
    async def test_counts_no_event_before_the_announcement_without_the_decision_on_its_agenda(
        self, client: httpx.AsyncClient, announced_on: str | None, expected: str, *, is_on_agenda: bool
    ) -> None:
        event = await meeting(client, "2025-03-12T09:00:00Z")
        decision = await asking(client, LIGA, announced_on=announced_on, consultation_event_ids=[event["id"]])
        other = await asking(client, LIGA)
        about = decision if is_on_agenda else other
        items = [{"title": "Vorlage", "decision_id": about["id"]}]
        assert (await changed(client, "consultation-events", event, agenda_items=items))["agenda_items"] == [
            {**dict.fromkeys(("description", "duration_minutes", "sub_measure_id", "outcome")), **items[0]}
        ]
        assert await state(client, decision) == expected
        assert await state(client, other) == "open", "the agenda alone does not link it"

    async def test_tells_of_each_partner_when_and_how_it_was_heard(
        self, callers: dict[str, httpx.AsyncClient], clock: Clock
    ) -> None:
        """The Liga speaks for six members: one was at a talk before, one says no by itself."""
        client = callers["admin"]
        hearing = {"source": "agreement", "minimum_lead_days": 30}
        agreement = await current(client, "agreements", {"id": AGREEMENT})
        await changed(callers["operator"], "agreements", agreement, hearing=hearing)
        clock.set("2025-03-13")
        event = await meeting(client, "2025-03-12T09:00:00Z", DRK, title="Fachgespräch", visibility="partners")
        decision = await make(client, "decisions", announced_on="2025-01-13", decides_on="2025-05-15")
        decision = await changed(client, "decisions", decision, consultation_event_ids=[event["id"]])
        clock.set("2025-04-15")
        members = [id for id in ASSOCIATIONS if id != LIGA]
        body = {"position": "support", "on_behalf_of_ids": members, "visibility": "partners"}
        assert (await say(client, decision, LIGA, **body)).status_code == 201
        clock.set("2025-04-20")
        assert (await say(client, decision, CARITAS, position="object")).status_code == 201
        clock.set("2025-06-01")
        assert (await say(client, decision, CITY)).status_code == 201
        for_them = ("2025-04-15", "umbrella", True, "support")
        expected = {
            **dict.fromkeys(ASSOCIATIONS, for_them),
            LIGA: ("2025-04-15", "statement", True, "support"),
            DRK: ("2025-03-12", "event", True, "support"),
            CARITAS: ("2025-04-20", "statement", False, "object"),
        }
        made = await decide(client, decision)
        assert await heard(callers["reader"], made) == [expected[id] for id in ASSOCIATIONS]
        facts = await involvement_of(client, made)
        assert (facts["state"], facts["asked"], facts["answered"]) == ("answered", 7, 7)
        assert (facts["heard"], facts["heard_in_time"], facts["missing_partner_ids"]) == (7, 6, [])
        rows = await items_of(callers["reader"], f"reports/{BY_PARTNER}", partner_id=DRK)
        assert [(row["title"], row["name"], row["event_title"], row["event_id"]) for row in rows] == [
            ("Entscheidung", "Deutsches Rotes Kreuz Kreisverband Dresden e. V.", "Fachgespräch", event["id"])
        ]
        seen = await heard(callers["anonymous"], made)
        hidden = {id: (*row[:3], row[3] if id == CARITAS else None) for id, row in expected.items()}
        assert seen == [hidden[id] for id in ASSOCIATIONS], "that it was heard is told, what was said is not"
        (row,) = await items_of(callers["anonymous"], f"reports/{BY_PARTNER}", partner_id=DRK)
        assert (row["heard_on"], row["event_id"], row["event_title"]) == ("2025-03-12", None, None)

    @pytest.mark.parametrize(
        ("days", "notice", "is_short"),
        [
            ({"announced_on": "2025-05-15"}, 0, True),
            ({"announced_on": "2025-05-14"}, 1, False),
            ({"announced_on": None}, None, None),
            ({"announced_on": "2025-05-14", "status": "decided", "decided_on": "2025-05-14"}, 0, True),
            ({"announced_on": "2025-05-15", "status": "decided", "decided_on": "2025-06-30"}, 0, True),
            ({"announced_on": None, "status": "decided", "decided_on": "2025-05-15"}, None, True),
        ],
    )
    async def test_counts_the_days_of_notice_to_the_planned_or_the_real_day(
        self,
        client: httpx.AsyncClient,
        clock: Clock,
        days: dict[str, Any],
        notice: int | None,
        is_short: bool | None,  # noqa: FBT001 (true, false or not known)
    ) -> None:
        clock.set("2025-07-01")
        decision = await asking(client, LIGA, **days)
        found = await involvement_of(client, decision)
        assert (found["notice_days"], found["is_short_notice"]) == (notice, is_short)
        (row,) = await rows_of(client, "early-involvement")
        assert (row["short_notice_explained"], row["short_notice_unexplained"]) == (0, int(is_short is True))
        if days.get("status") != "decided":
            await changed(client, "decisions", decision, short_notice_reason="Fristen des Landes")
            (row,) = await rows_of(client, "early-involvement")
            assert (row["short_notice_explained"], row["short_notice_unexplained"]) == (int(is_short is True), 0)

    async def test_lists_what_is_missing_in_order(self, client: httpx.AsyncClient) -> None:
        decision = await asking(client, *PARTNERS)
        assert (await say(client, decision, CARITAS)).status_code == 201
        assert (await involvement_of(client, decision))["missing_partner_ids"] == sorted({*PARTNERS} - {CARITAS})

    async def test_is_that_of_the_decision_when_that_is_not_there(self, client: httpx.AsyncClient) -> None:
        problem_of(await client.get(f"/v1/decisions/{NOWHERE}/involvement"), 404, "not-found")
        decision = await asking(client, LIGA)
        assert (await delete(client, "decisions", decision)).status_code == 204
        problem_of(await client.get(f"/v1/decisions/{decision['id']}/involvement"), 410, "gone")


@any_database
class TestVisibility:
    async def test_hides_the_involvement_in_a_decision_for_partners(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        decision = await asking(callers["admin"], LIGA, visibility="partners")
        address = f"/v1/decisions/{decision['id']}/involvement"
        problem_of(await callers["anonymous"].get(address), 404, "not-found")
        answer = await callers["reader"].get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")

    async def test_tells_everyone_that_and_when_a_partner_was_heard_behind_closed_doors(
        self, callers: dict[str, httpx.AsyncClient], clock: Clock
    ) -> None:
        """By design: the record shows whether the partners were heard, also where what they said is not public."""
        clock.set("2025-03-12")
        event = await meeting(callers["admin"], "2025-03-12T09:00:00Z", visibility="partners")
        at_event = await asking(callers["admin"], LIGA, CARITAS)
        await changed(callers["admin"], "decisions", at_event, consultation_event_ids=[event["id"]])
        in_writing = await asking(callers["admin"], LIGA)
        clock.set("2025-04-01")
        assert (await say(callers["admin"], in_writing, LIGA, visibility="partners")).status_code == 201
        assert (await callers["anonymous"].get(f"/v1/consultation-events/{event['id']}")).status_code == 404
        assert (
            await callers["anonymous"].get(f"/v1/decisions/{in_writing['id']}/statements/{LIGA}")
        ).status_code == 404
        for decision, day, state in ((at_event, "2025-03-12", "partly_heard"), (in_writing, "2025-04-01", "answered")):
            seen = await involvement_of(callers["anonymous"], decision)
            assert (seen["state"], seen["first_heard_on"], seen["heard_before_decision"]) == (state, day, True)
            known = await involvement_of(callers["reader"], decision)
            assert [{**row, "event_id": None, "position": None} for row in known.pop("partners")] == seen.pop(
                "partners"
            )
            assert seen == known


@any_database
class TestMissed:
    @pytest.mark.parametrize("seed", range(3))
    async def test_stays_missed_whatever_is_recorded_of_later_days(
        self, client: httpx.AsyncClient, clock: Clock, seed: int
    ) -> None:
        planned = await make(client, "consultation-events", starts_at="2025-05-15T09:00:00Z")
        decision = await asking(client, LIGA, CARITAS, consultation_event_ids=[planned["id"]])
        clock.set("2025-05-15")
        assert await state(client, await decide(client, decision)) == "missed"
        attended = [{"partner_id": LIGA, "attendance": "attended"}, {"partner_id": CARITAS, "attendance": "attended"}]
        clock.set("2025-05-16")
        later = await meeting(client, "2025-05-16T09:00:00Z")
        attempts: list[tuple[int, str, dict[str, Any], dict[str, Any]]] = [
            (409, "consultation-events", planned, {"status": "held"}),
            (409, "consultation-events", planned, {"participants": attended}),
            (409, "consultation-events", planned, {"starts_at": "2025-06-01T09:00:00Z"}),
            (409, "decisions", decision, {"result": "Beschlossen", "title": "Neu"}),
            (409, "decisions", decision, {"visibility": "partners"}),
            (409, "decisions", decision, {"consultation_event_ids": [planned["id"], later["id"]]}),
            (409, "decisions", decision, {"involved_partner_ids": [DRK]}),
            (409, "decisions", decision, {"decided_on": "2025-07-01"}),
            (409, "decisions", decision, {"decides_on": "2025-07-01"}),
            (409, "decisions", decision, {"involvement_required": False, "waiver_reason": "Eilt"}),
            (409, "decisions", decision, {"short_notice_reason": "Eilt"}),
            (409, "decisions", decision, {"status": "withdrawn", "decided_on": None}),
            (409, "decisions", decision, {"status": "announced", "decided_on": None}),
        ]
        statements = [(LIGA, "support"), (CARITAS, "object"), (DRK, "support"), (LIGA, "object")]
        choice = random.Random(seed)  # noqa: S311 (a history that can be repeated)
        steps = choice.sample([*attempts, *statements, None, None], len(attempts) + len(statements) + 2)
        said: set[str] = set()
        for step in steps:
            match step:
                case (int(status), str(path), dict(resource), dict(changes)):
                    answer = await patch(client, path, await current(client, path, resource), **changes)
                    assert answer.status_code == status, answer.text
                case (str(partner), str(position)):
                    answer = await say(client, decision, partner, position=position)
                    assert answer.status_code == (409 if partner in said else 201), answer.text
                    said.add(partner)
                case _:
                    clock.wait(3)
            made = await involvement_of(client, decision)
            assert (made["state"], made["heard_before_decision"]) == ("missed", False), step
            assert (made["answered"], made["decision_on"]) == (0, "2025-05-15"), step
        assert (await delete(client, "decisions", await current(client, "decisions", decision))).status_code == 409


@any_database
class TestReported:
    async def test_counts_what_the_city_never_announced_from_the_first_day(
        self, callers: dict[str, httpx.AsyncClient], clock: Clock
    ) -> None:
        """The Liga shows that two financial decisions were made without hearing; the city says why it told of one so late."""
        clock.set("2025-04-01")
        asked = {"kind": "financial", "involved_partner_ids": [LIGA, CARITAS]}
        days = {"announced_on": "2025-03-27", "decides_on": "2025-03-27", "short_notice_reason": "Haushaltssperre"}
        announced = await make(callers["coordinator"], "decisions", **asked, **days)
        await changed(callers["coordinator"], "decisions", announced, status="decided", decided_on="2025-03-27")
        reported = await make(callers["umbrella"], "decisions", **asked, status="reported", decided_on="2025-03-20")
        assert await state(callers["anonymous"], reported) == "missed"
        names = ("missed", "short_notice_explained", "short_notice_unexplained", "reported", "unconfirmed", "refused")
        (row,) = await rows_of(callers["anonymous"], "early-involvement")
        assert (row["decisions"], row["decided"], *(row[name] for name in names)) == (2, 2, 2, 1, 1, 1, 1, 0)
        refused = {"status": "refused", "refusal_reason": "Nur ein Vermerk"}
        await changed(callers["coordinator"], "decisions", reported, **refused)
        (row,) = await rows_of(callers["anonymous"], "early-involvement")
        assert [row[name] for name in names] == [2, 1, 1, 1, 0, 1], "one side alone takes nothing out of the figures"
        body = {"subject_type": "decision", "subject_id": reported["id"], "text": "Er wurde beschlossen."}
        assert (await callers["umbrella"].post("/v1/objections", json={**body, "visibility": "partners"})).is_success
        for caller, count in (("anonymous", 0), ("reader", 1)):
            (row,) = await rows_of(callers[caller], "early-involvement")
            assert row["contested"] == count
            for report in (BY_DECISION, BY_PARTNER):
                rows = await rows_of(callers[caller], report, state="missed")
                objections = {each["decision_id"]: each["open_objections"] for each in rows}
                assert objections == {announced["id"]: 0, reported["id"]: count}


@pytest.mark.thorough
class TestReference:
    @pytest.mark.parametrize("seed", SEEDS)
    async def test_agrees_with_plain_python_on_a_random_history(
        self, client: httpx.AsyncClient, callers: dict[str, httpx.AsyncClient], clock: Clock, seed: int
    ) -> None:
        history = History(random.Random(seed), client, callers["umbrella"], clock)  # noqa: S311 (a history with every kind of step in it)
        seen: Counter[str] = Counter()
        for step in range(160):
            await history.act()
            if step % 32 == 31:
                await history.object_to(step)
                await history.receive(callers["keeper"])
                seen += await compare(client)
        if not IS_SOAK:
            assert seen.keys() >= {*InvolvementState, *HeardBy}, "it must be worth comparing"
            assert {"link", "move", "put_on_agenda", "say_for_members", "decide", "report", "receive"} <= (
                +history.done
            ).keys()


class History:
    """A random history: what both sides record, one step after the other, some of it late and some refused."""

    WEIGHTS: ClassVar = {
        "announce": 5,
        "ask": 3,
        "link": 6,
        "meet": 5,
        "hold": 7,
        "attend": 9,
        "move": 2,
        "put_on_agenda": 5,
        "say": 6,
        "say_for_members": 6,
        "set_minimum": 2,
        "take_back": 3,
        "bring_forward": 3,
        "decide": 3,
        "withdraw": 4,
        "report": 2,
        "refuse": 2,
    }

    def __init__(
        self, choice: random.Random, client: httpx.AsyncClient, umbrella: httpx.AsyncClient, clock: Clock
    ) -> None:
        self.choice, self.client, self.umbrella, self.clock = choice, client, umbrella, clock
        self.done: Counter[str] = Counter()

    async def act(self) -> None:
        """One step; refused ones leave the register as it was."""
        if self.choice.random() < 0.4:
            self.clock.wait(self.choice.randrange(1, 12))
        decisions = await items_of(self.client, "decisions", limit=200, sort="created_at")
        events = await items_of(self.client, "consultation-events", limit=200, sort="created_at")
        name = self.choice.choices(list(self.WEIGHTS), list(self.WEIGHTS.values()))[0]
        if not (decisions and events):
            name = "announce" if events else "meet"
        pending = [each for each in decisions if each["status"] != "decided"]
        decision = self.choice.choice((pending if self.choice.random() < 0.8 else decisions) or decisions or [{}])
        linked = [each for each in events if each["id"] in decision.get("consultation_event_ids", ())]
        event = self.choice.choice((linked if self.choice.random() < 0.7 else events) or events or [{}])
        answer = await getattr(self, name)(decision, event)
        assert answer.status_code < 500, answer.text
        self.done[name] += answer.is_success

    def some(self) -> list[str]:
        """Some partners, or none."""
        return self.choice.sample(PARTNERS, self.choice.choice([0, 1, 1, 1, 2, 3]))

    def day(self, earliest: int, latest: int) -> str:
        """A day around the present one."""
        return str(self.clock.day + timedelta(days=self.choice.randint(earliest, latest)))

    async def announce(self, _decision: dict[str, Any], event: dict[str, Any]) -> httpx.Response:
        body = {
            "title": "Entscheidung",
            "kind": self.choice.choice(["sectoral", "financial"]),
            "announced_on": self.choice.choice([None, *(self.day(-30, 0) for _ in range(5))]),
            "decides_on": self.choice.choice([None, self.day(0, 60), self.day(1, 60)]),
            "involvement_required": self.choice.random() < 0.8,
            "waiver_reason": "Dringend",
            "short_notice_reason": self.choice.choice([None, "Frist"]),
            "consultation_event_ids": self.choice.choice([[], [event["id"]]]),
        }
        if self.choice.random() < 0.9:
            body["involved_partner_ids"] = self.some()
        return await self.client.post("/v1/decisions", json=body)

    async def ask(self, decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        return await patch(self.client, "decisions", decision, involved_partner_ids=self.some())

    async def link(self, decision: dict[str, Any], event: dict[str, Any]) -> httpx.Response:
        linked = {*decision["consultation_event_ids"], event["id"]}
        return await patch(self.client, "decisions", decision, consultation_event_ids=sorted(linked))

    async def meet(self, _decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        status = self.choice.choice(["planned", "held"])
        body = {
            "title": "Gespräch",
            "format": "talk",
            "level": "operational",
            "status": status,
            "starts_at": f"{self.day(-20, -1 if status == 'held' else 5)}T{self.choice.choice(['09:00', '22:30', '23:30', '00:30'])}:00Z",
            "timezone": self.choice.choice(["Europe/Berlin", "Europe/Berlin", "America/New_York", "Asia/Tokyo"]),
            "participants": [
                {"partner_id": partner, "attendance": self.choice.choice(ATTENDANCES)} for partner in self.some()
            ],
        }
        return await self.client.post("/v1/consultation-events", json=body)

    async def hold(self, _decision: dict[str, Any], event: dict[str, Any]) -> httpx.Response:
        return await patch(self.client, "consultation-events", event, status="held")

    async def attend(self, decision: dict[str, Any], event: dict[str, Any]) -> httpx.Response:
        partner = self.choice.choice(decision["involved_partner_ids"] or PARTNERS)
        address = f"/v1/consultation-events/{event['id']}/participants/{partner}"
        return await self.client.put(address, json={"attendance": self.choice.choice(ATTENDANCES)})

    async def move(self, _decision: dict[str, Any], event: dict[str, Any]) -> httpx.Response:
        return await patch(self.client, "consultation-events", event, starts_at=f"{self.day(-20, 5)}T12:00:00Z")

    async def put_on_agenda(self, decision: dict[str, Any], event: dict[str, Any]) -> httpx.Response:
        items = [{"title": "Begrüßung"}, {"title": "Vorlage", "decision_id": decision["id"]}]
        return await patch(self.client, "consultation-events", event, agenda_items=items)

    async def set_minimum(self, _decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        agreement = await current(self.client, "agreements", {"id": AGREEMENT})
        minimum = self.choice.choice([None, 7, 14, 30])
        hearing = self.choice.choice([None, {"source": "agreement", "minimum_lead_days": minimum}])
        return await patch(self.client, "agreements", agreement, hearing=hearing)

    async def say_for_members(self, decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        members = [id for id in decision["involved_partner_ids"] if id not in (LIGA, CITY)]
        on_behalf = self.choice.sample(members, self.choice.randint(0, len(members)))
        return await say(self.client, decision, LIGA, on_behalf_of_ids=on_behalf)

    async def say(self, decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        position = self.choice.choice(["support", "object", "no_objection"])
        asked = decision["involved_partner_ids"] if self.choice.random() < 0.8 else []
        return await say(self.client, decision, self.choice.choice(asked or PARTNERS), position=position)

    async def take_back(self, decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        path = f"decisions/{decision['id']}/statements"
        given = await items_of(self.client, path) or [{"partner_id": LIGA, "version": 1}]
        statement = self.choice.choice(given)
        headers = {"If-Match": f'"{statement["version"]}"'}
        return await self.client.delete(f"/v1/{path}/{statement['partner_id']}", headers=headers)

    async def bring_forward(self, decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        return await patch(self.client, "decisions", decision, decides_on=self.day(0, 14))

    async def decide(self, decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        return await patch(self.client, "decisions", decision, status="decided", decided_on=self.day(-10, 0))

    async def report(self, _decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        body = {
            "title": "Gemeldet",
            "kind": "financial",
            "status": "reported",
            "decided_on": self.choice.choice([None, self.day(-20, 0)]),
            "involved_partner_ids": self.some(),
        }
        return await self.umbrella.post("/v1/decisions", json=body)

    async def object_to(self, place: int) -> None:
        """Take back an objection, say of two decisions that they are not so; no step, or the history would be another."""
        for raised in (await items_of(self.client, "objections", state="open"))[:1]:
            assert (await patch(self.umbrella, "objections", raised, state="withdrawn")).is_success
        decisions = await items_of(self.client, "decisions", limit=200, sort="created_at")
        for decision in (decisions[place % len(decisions)], decisions[-1]):
            said = {"subject_type": "decision", "subject_id": decision["id"], "text": "Das war anders"}
            assert (await self.umbrella.post("/v1/objections", json=said)).is_success

    async def receive(self, keeper: httpx.AsyncClient) -> None:
        """Enter of the last statement to each decision that it came a while before; refused where it may not."""
        for decision in await items_of(self.client, "decisions", limit=200):
            for said in (await items_of(self.client, f"decisions/{decision['id']}/statements", sort="-submitted_at"))[
                :1
            ]:
                entered = date.fromisoformat(said["submitted_at"][:10])
                headers = {"If-Match": f'"{said["version"]}"'}
                address = f"/v1/decisions/{decision['id']}/statements/{said['partner_id']}"
                came = {"received_on": str(entered - timedelta(days=3))}
                answer = await keeper.patch(address, json=came, headers=headers)
                assert answer.status_code in (200, 403, 409, 422), answer.text
                self.done["receive"] += answer.is_success

    async def refuse(self, _decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        reported = await items_of(self.client, "decisions", status="reported") or [{"id": NOWHERE, "version": 1}]
        reason = {"status": "refused", "refusal_reason": "Davon wissen wir nichts"}
        return await patch(self.client, "decisions", self.choice.choice(reported), **reason)

    async def withdraw(self, decision: dict[str, Any], _event: dict[str, Any]) -> httpx.Response:
        """Withdraw a decision, or announce it again."""
        after = "announced" if decision["status"] == "withdrawn" else "withdrawn"
        return await patch(self.client, "decisions", decision, status=after)


async def compare(client: httpx.AsyncClient) -> Counter[str]:
    """Compare all that says something about involvement with the reference.

    Returns how often each state was there, and each way to be heard.
    """
    found = await involvements(client)
    for each in found:
        assert await involvement_of(client, each.decision) == each.involvement
    rows = [row_of(each) for each in found]
    assert await items_of(client, f"reports/{BY_DECISION}", limit=3) == rows
    assert await csv_of(client, BY_DECISION) == [cells(row) for row in rows]
    of_partners = [row for each in found for row in rows_of_partners(each)]
    assert await items_of(client, f"reports/{BY_PARTNER}", limit=9) == of_partners
    assert await csv_of(client, BY_PARTNER) == [cells(row) for row in of_partners]
    assert await rows_of(client, "early-involvement") == half_years(found)
    assert await csv_of(client, "early-involvement") == [cells(row) for row in half_years(found)]
    return Counter([*(each.involvement["state"] for each in found), *(row["heard_by"] for row in of_partners)])
