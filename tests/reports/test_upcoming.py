"""`/v1/reports/upcoming`; it is 1 March 2025 where nothing else is said."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from app import migrating
from app.consultation_events.models import ConsultationEvent
from app.indicators.models import Indicator
from app.settings import Settings
from app.sub_measures.models import SubMeasure
from tests.clock import Clock
from tests.conftest import Templates, client_of, running
from tests.databases import any_database
from tests.factories import CARITAS, CITY, LIGA, errors_of, goal_id, items_of, make, patch
from tests.reports.making import accepted, fill, months_later, observed, stated
from tests.tables import rows_of

REPORT = "upcoming"
KINDS = ("event", "statement", "decision", "milestone", "report", "observation")
"""What `fill` makes one of each of."""

Row = dict[str, Any]


async def due(client: httpx.AsyncClient, *shown: str, **params: Any) -> list[Any]:
    """What is due: its day and title, or what else is to be shown of it."""
    rows = await rows_of(client, REPORT, limit=200, **params)
    return [tuple(row[name] for name in shown or ("due_on", "title")) for row in rows]


async def event(client: httpx.AsyncClient, starts_at: str, **fields: Any) -> Row:
    """An event."""
    return await make(client, "consultation-events", starts_at=starts_at, **fields)


async def measure(client: httpx.AsyncClient, **fields: Any) -> Row:
    """A sub-measure in progress that began on 1 January 2025: a report on it is due on 1 July."""
    return await make(client, "sub-measures", **{"status": "in_progress", "starts_on": "2025-01-01", **fields})


@pytest.mark.usefixtures("clock")
class TestEvents:
    async def test_are_shown_with_their_start_on_their_local_day(self, client: httpx.AsyncClient) -> None:
        made = await event(client, "2025-03-12T23:30:00Z", title="Fachtag", organiser_id=CITY)
        assert await rows_of(client, REPORT) == [
            {
                "due_on": "2025-03-13",
                "kind": "event",
                "is_overdue": False,
                "title": "Fachtag",
                "resource_type": "consultation_event",
                "resource_id": made["id"],
                "partner_id": CITY,
                "partner_name": "Landeshauptstadt Dresden",
                "waiting_partner_id": None,
                "waiting_partner_name": None,
                "starts_at": "2025-03-12T23:30:00Z",
            }
        ]

    async def test_are_all_there_once_however_few_a_page_has(self, client: httpx.AsyncClient) -> None:
        """Whether a page ends within a day, on one that has more events, or between two."""
        invited = [{"partner_id": LIGA}, {"partner_id": CARITAS, "attendance": "declined"}]
        for day in ("2025-02-27", "2025-03-02", "2025-03-09"):
            for hour, status in ((9, "confirmed"), (11, "planned"), (22, "planned"), (23, "confirmed")):
                fields = {"status": status, "organiser_id": CITY if hour < 22 else None, "participants": invited}
                await event(client, f"{day}T{hour:02}:30:00Z", **fields)
        kinds = ["event", "event_to_close"]
        for limit, asked, count in ((1, {}, 20), (3, {"partner_id": LIGA}, 8), (5, {"days": 2}, 12)):
            rows = await rows_of(client, REPORT, limit=200, kind=kinds, **asked)
            assert len(rows) == count
            assert await items_of(client, f"reports/{REPORT}", limit=limit, kind=kinds, **asked) == rows

    async def test_are_there_while_they_can_still_take_place(self, client: httpx.AsyncClient) -> None:
        for status in ("planned", "confirmed", "held", "postponed", "cancelled"):
            await event(client, "2025-03-01T16:00:00Z", title=status, status=status, status_reason="Grund")
        assert {title for _, title in await due(client)} == {"planned", "confirmed"}

    async def test_are_to_be_closed_from_the_day_after(self, client: httpx.AsyncClient, clock: Clock) -> None:
        """By who organises it, and by nobody once it is said what became of it."""
        participants = [{"partner_id": CARITAS}]
        today = await event(
            client, "2025-03-01T06:00:00Z", title="heute früh", organiser_id=LIGA, participants=participants
        )
        await event(client, "2025-02-28T20:00:00Z", title="gestern")
        shown = ("kind", "title", "partner_id", "is_overdue")
        assert await due(client, *shown) == [
            ("event_to_close", "gestern", CITY, True),
            *(("event", "heute früh", partner, False) for partner in sorted((LIGA, CARITAS))),
        ]
        clock.set("2025-03-02")
        assert await due(client, *shown, partner_id=[LIGA, CARITAS]) == [("event_to_close", "heute früh", LIGA, True)]
        assert (await patch(client, "consultation-events", today, status="held")).status_code == 200
        assert await due(client, partner_id=LIGA) == []

    async def test_are_over_when_they_end(self, client: httpx.AsyncClient, clock: Clock) -> None:
        await event(client, "2025-02-28T20:00:00Z", ends_at="2025-03-01T20:00:00Z")
        assert await due(client) == []
        clock.set("2025-03-02")
        assert await due(client, "kind", "due_on") == [("event_to_close", "2025-02-28")]

    async def test_change_the_day_at_midnight_in_the_city(self, client: httpx.AsyncClient, clock: Clock) -> None:
        await event(client, "2025-03-01T20:00:00Z", title="heute Abend")
        clock.set("2025-03-01", "22:59")
        assert await due(client, kind="event") == [("2025-03-01", "heute Abend")]
        clock.set("2025-03-01", "23:00")
        assert await due(client, kind="event") == []

    async def test_belong_to_who_organises_or_takes_part_and_did_not_decline(self, client: httpx.AsyncClient) -> None:
        for attendance in ("invited", "accepted", "declined"):
            participants = [{"partner_id": CARITAS, "attendance": attendance}, {"partner_id": LIGA}]
            await event(client, "2025-03-12T10:00:00Z", title=attendance, participants=participants)
        await event(client, "2025-03-12T10:00:00Z", title="organised", organiser_id=CARITAS)
        found = [title for _, title in await due(client, partner_id=CARITAS)]
        assert sorted(found) == ["accepted", "invited", "organised"]
        # Where nobody is said to organise, it is the authority's.
        assert await due(client, "title", partner_id=CITY) == await due(client, "title", partner_id=LIGA)
        assert len(await due(client, partner_id=[CITY, LIGA])) == 6
        assert len(await due(client)) == 9


@any_database
@pytest.mark.usefixtures("clock")
class TestStatements:
    async def test_are_due_from_each_partner_that_was_asked_and_did_not_answer(self, client: httpx.AsyncClient) -> None:
        asked = {"involved_partner_ids": [LIGA, CARITAS, CITY], "statements_due_on": "2025-03-20"}
        decision = await make(client, "decisions", title="Haushalt", **asked)
        await stated(client, decision, CITY)
        names = {LIGA: "Liga der freien Wohlfahrtspflege Dresden", CARITAS: "Caritasverband für Dresden e. V."}
        assert await rows_of(client, REPORT, kind="statement") == [
            {
                "due_on": "2025-03-20",
                "kind": "statement",
                "is_overdue": False,
                "title": "Haushalt",
                "resource_type": "decision",
                "resource_id": decision["id"],
                "partner_id": partner,
                "partner_name": names[partner],
                "waiting_partner_id": None,
                "waiting_partner_name": None,
                "starts_at": None,
            }
            for partner in sorted([LIGA, CARITAS])
        ]
        assert await due(client, "partner_id", kind="statement", partner_id=LIGA) == [(LIGA,)]
        assert await due(client, kind="statement", partner_id=CITY) == []

    async def test_are_not_due_any_more_once_it_is_decided_or_withdrawn(self, client: httpx.AsyncClient) -> None:
        for status in ("announced", "in_consultation", "decided", "withdrawn"):
            days = {"statements_due_on": "2025-03-20", "decided_on": "2025-03-01" if status == "decided" else None}
            await make(client, "decisions", title=status, status=status, involved_partner_ids=[LIGA], **days)
        assert {title for _, title in await due(client, kind="statement")} == {"announced", "in_consultation"}

    async def test_wait_without_a_day_where_partners_are_to_be_heard(self, client: httpx.AsyncClient) -> None:
        await make(client, "decisions", title="ohne Tag", involved_partner_ids=[LIGA])
        await make(client, "decisions", involved_partner_ids=[LIGA], involvement_required=False, waiver_reason="Eilt.")
        assert await due(client, "due_on", "is_overdue", "title", kind="statement") == [(None, False, "ohne Tag")]

    async def test_to_another_decision_do_not_count(self, client: httpx.AsyncClient) -> None:
        asked = {"involved_partner_ids": [LIGA], "statements_due_on": "2025-03-20"}
        await make(client, "decisions", title="offen", **asked)
        await stated(client, await make(client, "decisions", title="beantwortet", **asked))
        assert await due(client, kind="statement") == [("2025-03-20", "offen")]

    async def test_are_to_be_answered_by_the_authority(self, client: httpx.AsyncClient) -> None:
        asked = {"involved_partner_ids": [LIGA, CARITAS], "decided_on": "2025-02-20", "status": "decided"}
        decision = await make(client, "decisions", title="Haushalt", decides_on="2025-02-20", **asked)
        withdrawn = await make(client, "decisions", status="withdrawn", involved_partner_ids=[LIGA])
        for partner in (LIGA, CARITAS):
            await stated(client, decision, partner)
        await stated(client, withdrawn)
        shown = ("kind", "due_on", "is_overdue", "resource_id", "partner_id", "waiting_partner_id")
        rows = [("statement_to_answer", None, False, decision["id"], CITY, each) for each in sorted((LIGA, CARITAS))]
        assert await due(client, *shown) == rows == await due(client, *shown, partner_id=CITY)
        address = f"/v1/decisions/{decision['id']}/statements/{LIGA}"
        answer = await client.patch(address, json={"taken_up": "adopted"}, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        assert await due(client, "waiting_partner_name") == [("Caritasverband für Dresden e. V.",)]


@any_database
@pytest.mark.usefixtures("clock")
class TestDecisions:
    async def test_are_due_until_they_are_made(self, client: httpx.AsyncClient) -> None:
        for status in ("announced", "in_consultation", "decided", "withdrawn"):
            days = {"decides_on": "2025-03-20", "decided_on": "2025-02-20" if status == "decided" else None}
            await make(client, "decisions", title=status, status=status, involved_partner_ids=[LIGA], **days)
        await make(client, "decisions", title="ohne Tag", involved_partner_ids=[LIGA])
        await make(client, "decisions", title="überfällig", decides_on="2025-02-28", involved_partner_ids=[])
        found = await due(client, "title", "due_on", "is_overdue", "partner_id", "resource_type", kind="decision")
        assert sorted(found) == [
            ("announced", "2025-03-20", False, CITY, "decision"),
            ("in_consultation", "2025-03-20", False, CITY, "decision"),
            ("ohne Tag", None, False, CITY, "decision"),
            ("überfällig", "2025-02-28", True, CITY, "decision"),
        ]

    async def test_are_shown_to_who_is_asked_also_after_it_answered(self, client: httpx.AsyncClient) -> None:
        decision = await make(client, "decisions", decides_on="2025-03-20", involved_partner_ids=[LIGA])
        await stated(client, decision)
        assert await due(client, "kind", "partner_id", partner_id=LIGA) == [("decision", CITY)]
        assert await due(client, partner_id=CARITAS) == []


@any_database
@pytest.mark.usefixtures("clock")
class TestMilestones:
    async def test_are_due_until_they_are_reached(self, client: httpx.AsyncClient) -> None:
        milestones = [
            {"title": "Erstes", "due_on": "2025-03-20"},
            {"title": "Erreichtes", "due_on": "2025-03-20", "reached_on": "2025-03-01"},
            {"title": "Zweites", "due_on": "2025-03-20"},
            {"title": "Ohne Tag"},
            {"title": "Überfälliges", "due_on": "2025-02-28"},
        ]
        made = await measure(client, lead_partner_id=LIGA, milestones=milestones)
        assert await due(client, "due_on", "title", "is_overdue", "partner_id", "resource_id", "resource_type") == [
            (day, title, late, LIGA, made["id"], "sub_measure")
            for day, title, late in (
                ("2025-02-28", "Überfälliges", True),
                ("2025-03-20", "Erstes", False),
                ("2025-03-20", "Zweites", False),
            )
        ]

    @pytest.mark.parametrize(
        ("status", "is_due"),
        [
            ("proposed", True),
            ("agreed", True),
            ("in_progress", True),
            ("suspended", True),
            ("completed", False),
            ("cancelled", False),
        ],
    )
    async def test_are_not_due_where_the_work_is_done(
        self, client: httpx.AsyncClient, status: str, *, is_due: bool
    ) -> None:
        milestones = [{"title": "Meilenstein", "due_on": "2025-03-20"}]
        await measure(client, status=status, status_reason="Grund", milestones=milestones)
        assert await due(client, "kind", "partner_id") == ([("milestone", CITY)] if is_due else [])

    async def test_belong_to_who_leads_and_are_shown_to_who_supports(self, client: httpx.AsyncClient) -> None:
        milestones = [{"title": "Meilenstein", "due_on": "2025-03-20"}]
        await measure(client, lead_partner_id=LIGA, supporting_partner_ids=[CARITAS], milestones=milestones)
        for partner, count in ((LIGA, 1), (CARITAS, 1), (CITY, 0)):
            assert await due(client, "partner_id", partner_id=partner) == [(LIGA,)] * count


class TestReports:
    async def test_are_due_half_a_year_after_the_last_day_that_was_reported_on(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        made = await measure(client, title="Beratung", lead_partner_id=LIGA)
        clock.set("2025-06-30")
        shown = ("due_on", "kind", "title", "partner_id", "resource_id", "resource_type", "is_overdue")
        whose = ("Beratung", LIGA, made["id"], "sub_measure")
        assert await due(client, *shown) == [("2025-07-01", "report", *whose, False)]
        await accepted(client, made, "2025-02-15")
        await accepted(client, made, "2025-02-28")
        await accepted(client, made, "2025-01-31")
        assert await due(client, days=100) == [("2025-08-28", "Beratung")]
        clock.set("2025-08-29")
        assert await due(client, *shown) == [("2025-08-28", "report", *whose, True)]

    @pytest.mark.parametrize(
        ("reported_on", "months", "due_on"),
        [
            ("2024-08-31", 6, "2025-02-28"),
            ("2023-08-31", 6, "2024-02-29"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2024-12-31", 2, "2025-02-28"),
            ("2025-01-30", 1, "2025-02-28"),
            ("2025-01-28", 1, "2025-02-28"),
            ("2024-12-31", 3, "2025-03-31"),
            ("2024-10-31", 1, "2024-11-30"),
            ("2024-12-15", 1, "2025-01-15"),
            ("2015-02-28", 120, "2025-02-28"),
        ],
    )
    async def test_are_due_on_the_last_day_of_a_shorter_month(
        self, client: httpx.AsyncClient, clock: Clock, reported_on: str, months: int, due_on: str
    ) -> None:
        assert str(months_later(date.fromisoformat(reported_on), months)) == due_on
        clock.set("2025-03-31")
        await accepted(client, await measure(client, title="Beratung"), reported_on)
        assert await due(client, report_months=months, kind="report") == [(due_on, "Beratung")]

    async def test_are_given_when_they_are_submitted_and_then_wait_for_the_authority(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        made = await measure(client, title="Beratung", lead_partner_id=LIGA)
        report = {"sub_measure_id": made["id"], "partner_id": LIGA, "period_to": "2025-03-31"}
        await make(client, "progress-reports", **report, state="draft")
        clock.set("2025-07-01")
        shown = ("kind", "due_on", "partner_id", "waiting_partner_id", "resource_type")
        assert await due(client, *shown) == [("report", "2025-07-01", LIGA, None, "sub_measure")]
        submitted = await make(client, "progress-reports", **report, state="submitted")
        assert await due(client, *shown) == [("report_to_accept", None, CITY, LIGA, "progress_report")]
        returned = await patch(client, "progress-reports", submitted, state="returned", return_reason="Bitte genauer.")
        assert returned.status_code == 200
        assert await due(client, *shown) == [("report", "2025-07-01", LIGA, None, "sub_measure")]

    @pytest.mark.parametrize("status", ["proposed", "completed", "cancelled"])
    async def test_are_not_due_on_what_is_not_agreed_or_done(
        self, client: httpx.AsyncClient, clock: Clock, status: str
    ) -> None:
        await measure(client, status=status, status_reason="Grund")
        clock.set("2025-08-01")
        assert await due(client) == []

    async def test_count_from_the_day_of_recording_where_no_beginning_is_known(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        made = await measure(client, title="Beratung", starts_on=None, status="agreed", lead_partner_id=LIGA)
        created_on = date.fromisoformat(made["created_at"][:10])
        clock.set(str(created_on))
        assert await due(client, partner_id=LIGA, days=200) == [(str(months_later(created_on, 6)), "Beratung")]

    async def test_belong_to_who_leads_and_not_to_who_supports(self, client: httpx.AsyncClient, clock: Clock) -> None:
        await measure(client, title="Beratung", lead_partner_id=LIGA, supporting_partner_ids=[CARITAS])
        clock.set("2025-07-01")
        assert await due(client, partner_id=LIGA) == [("2025-07-01", "Beratung")]
        assert await due(client, partner_id=CARITAS) == []

    async def test_can_be_wanted_more_often(self, client: httpx.AsyncClient, clock: Clock) -> None:
        await measure(client, title="Beratung")
        clock.set("2025-01-15")
        assert await due(client) == []
        assert await due(client, report_months=1) == [("2025-02-01", "Beratung")]
        for months in ("0", "121"):
            answer = await client.get(f"/v1/reports/{REPORT}", params={"report_months": months})
            assert errors_of(answer) == [
                ("report_months", "less_than_equal" if months == "121" else "greater_than_equal")
            ]


@pytest.mark.usefixtures("clock")
class TestObservations:
    async def test_are_due_by_their_interval_since_the_last_one(self, client: httpx.AsyncClient) -> None:
        led = await measure(client, lead_partner_id=LIGA)
        fields = {"sub_measure_id": led["id"], "goal_id": None, "interval_months": 3, "baseline_on": "2024-11-30"}
        made = await make(client, "indicators", name="Plätze", **fields)
        shown = ("due_on", "kind", "title", "is_overdue", "partner_id", "resource_id", "resource_type")
        whose = (LIGA, made["id"], "indicator")
        assert await due(client, *shown) == [("2025-02-28", "observation", "Plätze", True, *whose)]
        await observed(client, made, "2024-12-31")
        await observed(client, made, "2024-12-15")
        assert await due(client, *shown) == [("2025-03-31", "observation", "Plätze", False, *whose)]
        assert await due(client, "title", partner_id=LIGA, kind="observation") == [("Plätze",)]
        assert await due(client, partner_id=CARITAS) == []

    async def test_are_due_at_the_day_of_the_target_without_an_interval(self, client: httpx.AsyncClient) -> None:
        made = await make(client, "indicators", name="Plätze", target_on="2025-03-01")
        assert await due(client, "due_on", "partner_id") == [("2025-03-01", CITY)]
        await observed(client, made, "2025-02-28")
        assert await due(client) == [("2025-03-01", "Plätze")]
        await observed(client, made, "2025-03-01")
        assert await due(client) == []

    async def test_are_never_due_without_interval_and_target(self, client: httpx.AsyncClient, clock: Clock) -> None:
        await make(client, "indicators")
        clock.set("2999-01-01")
        assert await due(client, kind="observation") == []

    async def test_count_from_the_day_of_recording_where_no_beginning_is_known(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        made = await make(client, "indicators", name="Plätze", interval_months=1)
        created_on = date.fromisoformat(made["created_at"][:10])
        clock.set(str(created_on))
        assert await due(client, kind="observation", days=40) == [(str(months_later(created_on, 1)), "Plätze")]

    async def test_belong_to_the_authority_where_the_indicator_is_a_goals(self, client: httpx.AsyncClient) -> None:
        await make(client, "indicators", goal_id=goal_id(1), target_on="2025-03-20")
        assert await due(client, "partner_id") == [(CITY,)]
        assert await due(client, partner_id=[LIGA, CARITAS]) == []


@pytest.mark.usefixtures("clock")
class TestNeeds:
    async def test_wait_for_the_authority_until_they_are_answered(self, client: httpx.AsyncClient) -> None:
        for status in ("open", "acknowledged", "in_discussion", "answered", "closed"):
            await make(client, "needs", title=status, status=status, response="Antwort", raised_by_id=CARITAS)
        shown = ("kind", "title", "due_on", "partner_id", "waiting_partner_id", "resource_type")
        found = await due(client, *shown, partner_id=CITY)
        assert sorted(found) == [
            ("need", status, None, CITY, CARITAS, "need") for status in ("acknowledged", "in_discussion", "open")
        ]
        assert await due(client, partner_id=CARITAS) == []


@pytest.mark.usefixtures("clock")
class TestReportUpcoming:
    async def test_stands_in_the_order_of_days_and_of_kinds_within_a_day(self, client: httpx.AsyncClient) -> None:
        for day in ("2025-03-20", "2025-02-20", "2025-03-05"):
            await fill(client, day)
        on_a_day = ("decision", "event_to_close", "milestone", "observation", "report", "statement")
        on_a_day_ahead = ("decision", "event", "milestone", "observation", "report", "statement")
        assert await due(client, "due_on", "kind", "is_overdue") == [
            *(("2025-02-20", kind, True) for kind in on_a_day),
            *(("2025-03-05", kind, False) for kind in on_a_day_ahead),
            *(("2025-03-20", kind, False) for kind in on_a_day_ahead),
        ]

    @pytest.mark.parametrize("kind", KINDS)
    async def test_shows_one_kind_alone(self, client: httpx.AsyncClient, kind: str) -> None:
        await fill(client, "2025-03-20")
        assert await due(client, "kind", kind=kind) == [(kind,)]
        others = [each for each in KINDS if each != kind]
        assert sorted(await due(client, "kind", kind=others)) == sorted((each,) for each in others)

    @pytest.mark.parametrize(("days", "last"), [(1, "2025-02-21"), (30, "2025-03-22"), (366, "2026-02-21")])
    async def test_reaches_as_far_as_is_asked(
        self, client: httpx.AsyncClient, clock: Clock, days: int, last: str
    ) -> None:
        clock.set("2025-02-20")
        beyond = str(date.fromisoformat(last) + timedelta(days=1))
        for day in ("2025-02-20", last, beyond):
            await fill(client, day)
        found = await due(client, "due_on", "kind", days=days)
        assert sorted(found) == sorted((day, kind) for day in ("2025-02-20", last) for kind in KINDS)
        if days == 30:
            assert await due(client, "due_on", "kind") == found, "thirty days when nothing is said"

    @pytest.mark.parametrize(("days", "code"), [(0, "greater_than_equal"), (367, "less_than_equal")])
    async def test_refuses_to_look_less_than_a_day_or_more_than_a_year_ahead(
        self, client: httpx.AsyncClient, days: int, code: str
    ) -> None:
        answer = await client.get(f"/v1/reports/{REPORT}", params={"days": days})
        assert errors_of(answer) == [("days", code)]

    async def test_shows_what_is_a_partners_and_nothing_else(self, client: httpx.AsyncClient) -> None:
        await fill(client, "2025-03-20")
        assert {kind for (kind,) in await due(client, "kind", partner_id=LIGA)} == set(KINDS)
        assert await due(client, partner_id=CARITAS) == []
        assert len(await due(client, partner_id=[CARITAS, LIGA])) == len(KINDS), "each once"

    @pytest.mark.parametrize("limit", [1, 4, 5])
    async def test_pages_without_repetition_or_gap(self, client: httpx.AsyncClient, limit: int) -> None:
        for day in ("2025-03-05", "2025-03-05", "2025-02-20", "2025-03-20"):
            await fill(client, day)
        whole = await rows_of(client, REPORT, limit=200)
        assert len(whole) == 24
        assert await items_of(client, f"reports/{REPORT}", limit=limit) == whole

    async def test_goes_on_behind_the_cursor_while_rows_come_and_go(self, client: httpx.AsyncClient) -> None:
        days = ("2025-03-05", "2025-03-10", "2025-03-15", "2025-03-20")
        await make(client, "decisions", involved_partner_ids=[])
        made = [await make(client, "decisions", title=day, decides_on=day, involved_partner_ids=[]) for day in days]
        first = (await client.get(f"/v1/reports/{REPORT}", params={"limit": 2})).json()
        assert [row["due_on"] for row in first["items"]] == [*days[:2]]
        headers = {"If-Match": '"1"'}
        assert (await client.delete(f"/v1/decisions/{made[1]['id']}", headers=headers)).status_code == 204
        for day in ("2025-03-04", "2025-03-12"):
            await make(client, "decisions", decides_on=day, involved_partner_ids=[])
        rest = (await client.get(f"/v1/reports/{REPORT}", params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [row["due_on"] for row in rest["items"]] == ["2025-03-12", "2025-03-15"]
        last = (await client.get(f"/v1/reports/{REPORT}", params={"limit": 2, "cursor": rest["next_cursor"]})).json()
        assert [row["due_on"] for row in last["items"]] == ["2025-03-20", None], "what has no day stands last"
        assert last["next_cursor"] is None

    async def test_shows_nothing_that_is_for_partners_to_anybody_else(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        await fill(callers["operator"], "2025-03-20", visibility="partners")
        assert len(await due(callers["reader"])) == len(KINDS)
        assert await due(callers["anonymous"]) == []
        assert await due(callers["anonymous"], partner_id=LIGA) == []

    async def test_does_not_tell_by_its_days_what_is_for_partners(self, callers: dict[str, httpx.AsyncClient]) -> None:
        """A report and a value that only partners see move the next ones for partners only."""
        made = await measure(callers["operator"], starts_on="2024-09-10", title="Beratung")
        interval = {"baseline_on": "2024-09-12", "interval_months": 6}
        indicator = await make(callers["operator"], "indicators", name="Plätze", **interval)
        await accepted(callers["operator"], made, "2024-09-20", visibility="partners")
        await observed(callers["operator"], indicator, "2024-09-22", visibility="partners")
        assert await due(callers["reader"]) == [("2025-03-20", "Beratung"), ("2025-03-22", "Plätze")]
        assert await due(callers["anonymous"]) == [("2025-03-10", "Beratung"), ("2025-03-12", "Plätze")]


# Moments around the midnights of a city, in winter, in summer and where the one becomes the other, with their days there.
MIDNIGHTS = {
    "Europe/Berlin": [
        ("2025-01-31T22:59:59.999999Z", "2025-01-31"),
        ("2025-01-31T23:00:00Z", "2025-02-01"),
        ("2025-02-01T22:59:59Z", "2025-02-01"),
        ("2025-03-29T22:59:59Z", "2025-03-29"),
        ("2025-03-29T23:00:00Z", "2025-03-30"),
        ("2025-03-30T21:59:59Z", "2025-03-30"),
        ("2025-03-30T22:00:00Z", "2025-03-31"),
        ("2025-10-25T21:59:59Z", "2025-10-25"),
        ("2025-10-25T22:00:00Z", "2025-10-26"),
        ("2025-10-26T22:59:59Z", "2025-10-26"),
        ("2025-10-26T23:00:00Z", "2025-10-27"),
    ],
    "America/New_York": [
        ("2025-03-09T04:59:59Z", "2025-03-08"),
        ("2025-03-09T05:00:00Z", "2025-03-09"),
        ("2025-03-10T03:59:59Z", "2025-03-09"),
    ],
    "UTC": [("2025-03-30T23:59:59Z", "2025-03-30")],
}


class TestDays:
    """What is due on a day is due on the city's day, wherever it takes place and in whatever zone it was written."""

    @pytest.mark.parametrize("zone", MIDNIGHTS)
    async def test_are_those_of_the_city(self, settings: Settings, templates: Templates, zone: str) -> None:
        in_the_city = settings.model_copy(update={"timezone": zone})
        await migrating.upgrade(in_the_city)
        async with running(in_the_city) as app, client_of(app, templates.keys["operator"]) as client:
            clock = Clock(app)
            report = await make(client, "sub-measures", status="in_progress", title="x")
            observation = await make(client, "indicators", interval_months=1)
            held = await event(client, "2025-01-01T00:00:00Z", timezone="Pacific/Auckland")
            moved = ((SubMeasure, "created_at", report), (Indicator, "created_at", observation))
            for moment, day in MIDNIGHTS[zone]:
                async with app.state.runtime.database.transaction() as session:
                    for table, column, made in (*moved, (ConsultationEvent, "starts_at", held)):
                        changed = update(table).where(col(table.id) == UUID(made["id"]))
                        await session.execute(changed.values({column: datetime.fromisoformat(moment)}))
                clock.set(day)
                rows = await rows_of(client, REPORT, limit=200, days=60, report_months=1)
                due_on = {row["resource_id"]: row["due_on"] for row in rows}
                later = months_later(date.fromisoformat(day), 1).isoformat()
                found = [due_on.get(made["id"]) for made in (held, report, observation)]
                assert found == [day, later, later], moment
                clock.wait(days=1)
                assert await rows_of(client, REPORT, limit=200, kind="event") == [], moment
                assert len(await rows_of(client, REPORT, limit=200, kind="event_to_close")) == 1, moment
