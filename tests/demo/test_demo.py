"""`register demo`: an invented year that shows everything, says that it is invented, and is only there when asked for."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import httpx
import pytest

from app.cli.demo import built_in_demo, load_demo
from app.cli.failed import Failed
from app.cli.verify import verify_and_note
from app.consultation_events.terms import EventStatus
from app.decisions.rules import REPORTED
from app.decisions.terms import DecisionStatus
from app.http.errors import Invalid
from app.involvement.models import HeardBy, InvolvementState
from app.needs.terms import NeedStatus
from app.progress_reports.terms import ReportState
from app.proposals.terms import ProposalState
from app.reports.duty import DueKind
from app.reports.timeliness import Timeliness
from app.resources.ids import named_id
from app.settings import Settings
from app.statements.terms import Position, TakenUp
from app.vocabularies.event_format import EventFormat
from app.vocabularies.level import Level
from tests.conftest import KEY_OWNERS, Templates, client_of, running
from tests.databases import any_database
from tests.factories import LIGA, changes_after, delete, items_of, make, measure_id, patch, topic_id

MARK = "[Demo] "
LOADED = {
    "partners": 2,
    "sub-measures": 11,
    "consultation events": 28,
    "decisions": 14,
    "statements": 17,
    "needs": 9,
    "indicators": 7,
    "observations": 11,
    "progress reports": 14,
    "objections": 3,
    "proposals": 3,
}
ADDED = {
    "partners": 2,
    "consultation-events": 28,
    "decisions": 14,
    "statements": 17,
    "needs": 9,
    "indicators": 7,
    "observations": 11,
    "progress-reports": 14,
    "objections": 3,
    "proposals": 3,
}
BUILT_IN = {"agreements": 1, "topics": 5, "partners": 8, "goals": 5, "sub-measures": 17}
CHANGES = 227
MARKED = {
    "consultation-events": "title",
    "decisions": "title",
    "needs": "title",
    "indicators": "name",
    "progress-reports": "summary",
    "statements": "text",
    "observations": "comment",
    "objections": "text",
    "proposals": "reason",
}
PARITAET = str(named_id("partners", "paritaet-sachsen"))
FIRST_DAY, LAST_DAY = "2024-09-01", "2025-08-31"


async def load(settings: Settings) -> Mapping[str, int] | None:
    """What `register demo` does."""
    return await load_demo(settings, built_in_demo())


async def everything(client: httpx.AsyncClient) -> dict[str, list[dict[str, Any]]]:
    """The whole register."""
    tops = [*BUILT_IN, *(path for path in ADDED if path not in ("partners", "statements", "observations"))]
    register = {path: await items_of(client, path, limit=200) for path in tops}
    for above, below in (("decisions", "statements"), ("indicators", "observations")):
        lists = [await items_of(client, f"{above}/{each['id']}/{below}") for each in register[above]]
        register[below] = [each for items in lists for each in items]
    return register


async def position(client: httpx.AsyncClient) -> int:
    """The position of the last change."""
    answer = await client.get("/v1/reports/progress")
    return int(answer.json()["position"])


async def rows_of(client: httpx.AsyncClient, report: str, **params: Any) -> list[dict[str, Any]]:
    """The rows of a report."""
    answer = await client.get(f"/v1/reports/{report}", params=params)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows


class Year(NamedTuple):
    """A register with the invented year, on its last day; for tests that only read."""

    settings: Settings
    client: httpx.AsyncClient
    anyone: httpx.AsyncClient


@pytest.fixture(scope="module")
async def year(templates: Templates) -> AsyncIterator[Year]:
    """The invented year, with the operator's client and one without a key."""
    async with (
        templates.fresh("seeded") as settings,
        running(settings) as app,
        client_of(app, templates.keys["operator"]) as client,
        client_of(app) as anyone,
    ):
        app.state.runtime.clock = lambda: datetime.combine(date.fromisoformat(LAST_DAY), time(12), UTC)
        assert await load(settings) == LOADED
        yield Year(settings, client, anyone)


@pytest.fixture
def demo(year: Year) -> httpx.AsyncClient:
    """The operator's client that only reads."""
    return year.client


class TestLoad:
    @any_database
    async def test_adds_exactly_this(self, demo: httpx.AsyncClient) -> None:
        counts = {path: len(entries) for path, entries in (await everything(demo)).items()}
        assert counts == Counter(BUILT_IN) + Counter(ADDED)
        assert await position(demo) == CHANGES + len(KEY_OWNERS)

    async def test_passes_the_check_of_the_record(self, demo: httpx.AsyncClient, year: Year) -> None:
        assert (await verify_and_note(year.settings))[:2] == (sum(BUILT_IN.values()) + sum(ADDED.values()), [])
        assert len(await items_of(demo, "agreements")) == 1

    @any_database
    async def test_is_in_the_log_as_a_command(self, demo: httpx.AsyncClient) -> None:
        changes = [each for each in (await changes_after(demo, None))[0] if each["resource_type"] != "key"]
        assert len(changes) == CHANGES
        assert all(each["by"] is None for each in changes)
        assert {each["action"] for each in changes} == {"created", "updated", "corrected"}

    @any_database
    async def test_again_changes_nothing_and_brings_nothing_back(
        self, client: httpx.AsyncClient, settings: Settings
    ) -> None:
        await load(settings)
        (draft,) = await items_of(client, "progress-reports", state="draft", sub_measure_id=measure_id(5, 3))
        address, version = f"/v1/progress-reports/{draft['id']}", f'"{draft["version"]}"'
        assert (await client.delete(address, headers={"If-Match": version})).status_code == 204
        before = await everything(client)
        assert await load(settings) is None
        assert await everything(client) == before
        assert await position(client) == CHANGES + len(KEY_OWNERS) + 1
        assert (await client.get(address)).status_code == 410

    @any_database
    async def test_gives_every_register_the_same(
        self, demo: httpx.AsyncClient, client: httpx.AsyncClient, settings: Settings
    ) -> None:
        await load(settings)
        assert without_times(await everything(client)) == without_times(await everything(demo))

    @any_database
    async def test_happens_only_when_it_is_asked_for(self, client: httpx.AsyncClient) -> None:
        register = await everything(client)
        assert {path: len(entries) for path, entries in register.items()} == dict.fromkeys(ADDED, 0) | BUILT_IN
        assert MARK.strip() not in str(register)


def without_times(register: Mapping[str, list[dict[str, Any]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """The resources of a register by their ids, without when they were written."""
    return {
        path: {
            each["id"]: {name: value for name, value in each.items() if name not in ("created_at", "updated_at")}
            for each in entries
        }
        for path, entries in register.items()
    }


@any_database
class TestRefusal:
    async def test_without_the_agreement(self, empty_client: httpx.AsyncClient, empty_settings: Settings) -> None:
        with pytest.raises(Failed, match="run `register seed` first"):
            await load(empty_settings)
        assert await position(empty_client) == 0

    async def test_where_it_would_write_over_work(self, client: httpx.AsyncClient, settings: Settings) -> None:
        for code in ((4, 2), (2, 3), (3, 4)):
            measure = (await client.get(f"/v1/sub-measures/{measure_id(*code)}")).json()
            assert (await patch(client, "sub-measures", measure, summary="Unsere Arbeit")).status_code == 200
        before = await everything(client)
        with pytest.raises(Failed, match=r"the work on sub-measures 2\.3, 4\.2: load it into a new register"):
            await load(settings)
        assert await everything(client) == before

    async def test_where_something_it_is_about_was_deleted(self, client: httpx.AsyncClient, settings: Settings) -> None:
        topic = (await client.get(f"/v1/topics/{topic_id('health')}")).json()
        goals = (await client.get("/v1/goals", params={"topic_id": topic["id"]})).json()["items"]
        for goal in goals:
            assert (await patch(client, "goals", goal, topic_id=topic_id("work"))).status_code == 200
        assert (await delete(client, "topics", topic)).status_code == 204
        before = await everything(client)
        with pytest.raises(Invalid):
            await load(settings)
        assert await everything(client) == before, "it is one transaction"

    async def test_leaves_the_rest_of_a_register_alone(self, client: httpx.AsyncClient, settings: Settings) -> None:
        event = await make(client, "consultation-events", title="Ein wirkliches Gespräch")
        measure = (await client.get(f"/v1/sub-measures/{measure_id(3, 4)}")).json()
        changed = (await patch(client, "sub-measures", measure, progress_percent=20)).json()
        assert await load(settings) == LOADED
        assert (await client.get(f"/v1/consultation-events/{event['id']}")).json() == event
        assert (await client.get(f"/v1/sub-measures/{measure['id']}")).json() == changed


@any_database
class TestMark:
    async def test_stands_on_everything(self, demo: httpx.AsyncClient) -> None:
        register = await everything(demo)
        unmarked = [
            each
            for path, name in MARKED.items()
            for each in register[path]
            # A statement can consist of its position alone.
            if each[name] is not None and not each[name].startswith(MARK)
        ]
        assert unmarked == []
        for measure in (each for each in register["sub-measures"] if each["version"] > 1):
            assert measure["summary"].startswith(MARK)
            assert all(each["title"].startswith(MARK) for each in (*measure["milestones"], *measure["links"]))
            assert measure["status_reason"] is None or measure["status_reason"].startswith(MARK)

    async def test_stands_in_no_title_of_the_agreement(self, demo: httpx.AsyncClient) -> None:
        register = await everything(demo)
        assert not any(MARK in str(each.get("title")) for path in BUILT_IN for each in register[path])


@any_database
class TestYear:
    async def test_is_the_first_of_the_agreement(self, demo: httpx.AsyncClient) -> None:
        register = await everything(demo)
        days = [
            *(each["starts_at"][:10] for each in register["consultation-events"]),
            *(each["announced_on"] for each in register["decisions"] if each["announced_on"]),
            *(each["decided_on"] for each in register["decisions"] if each["decided_on"]),
            *(each["submitted_at"][:10] for each in register["statements"]),
            *(each["answered_at"][:10] for each in register["needs"] if each["answered_at"]),
            *(each["on"] for each in register["observations"]),
            *(each["period_to"] for each in register["progress-reports"]),
            *(each["submitted_at"][:10] for each in register["progress-reports"] if each["submitted_at"]),
            *(each["created_at"][:10] for path in ("objections", "proposals") for each in register[path]),
        ]
        assert min(days) >= FIRST_DAY
        assert max(days) <= LAST_DAY

    async def test_has_events_of_every_form_level_and_status(self, demo: httpx.AsyncClient) -> None:
        for by, terms in (("format", EventFormat), ("level", Level)):
            assert {row["group"] for row in await rows_of(demo, "exchange", by=by)} == set(terms)
        quarters = await rows_of(demo, "exchange", by="quarter")
        assert [(row["group"], row["events"], row["held"]) for row in quarters] == [
            ("2024-Q3", 2, 2),
            ("2024-Q4", 7, 6),
            ("2025-Q1", 8, 8),
            ("2025-Q2", 7, 5),
            ("2025-Q3", 4, 1),
        ]
        events = await items_of(demo, "consultation-events")
        assert {each["status"] for each in events} == set(EventStatus)
        assert {each["attendance_mode"] for each in events} == {"in_person", "online", "hybrid"}
        attendances = {participant["attendance"] for each in events for participant in each["participants"]}
        assert attendances == {"invited", "accepted", "declined", "attended", "absent"}

    async def test_has_one_event_that_the_public_does_not_see(self, demo: httpx.AsyncClient, year: Year) -> None:
        ids = {each["id"] for each in await items_of(demo, "consultation-events")}
        hidden = ids - {each["id"] for each in await items_of(year.anyone, "consultation-events")}
        assert len(hidden) == 1
        assert len(await rows_of(year.anyone, "early-involvement/decisions")) == ADDED["decisions"]

    async def test_shows_every_state_of_involvement(self, demo: httpx.AsyncClient) -> None:
        rows = await rows_of(demo, "early-involvement/decisions")
        states = Counter(row["state"] for row in rows)
        assert states == {
            "heard": 2,
            "partly_heard": 2,
            "missed": 6,
            "answered": 2,
            "open": 1,
            "not_required": 1,
        }
        assert set(states) == set(InvolvementState)
        assert {row["status"] for row in rows} == set(DecisionStatus)
        missed = {row["title"]: row["short_notice_reason"] for row in rows if row["state"] == "missed"}
        assert missed == {
            "[Demo] Umnutzung einer Begegnungsstätte in Cotta": None,
            "[Demo] Entgelte der Schuldnerberatung": None,
            "[Demo] Schließung eines Beratungszimmers im Bürgerbüro": None,
            "[Demo] Umzug eines Tagestreffs nach einem Wasserschaden": "Das Haus war nach dem Rohrbruch nicht mehr zu betreten.",
            "[Demo] Sperre der Sachmittel bis zum Jahresende": None,
            "[Demo] Kürzung der Fahrtkosten für Klassen": None,
        }
        answered = [(row["asked"], row["answered"], row["lead_days"]) for row in rows if row["state"] == "answered"]
        assert answered == [(7, 7, 44), (7, 7, 77)]
        (waived,) = (row for row in rows if row["state"] == "not_required")
        assert (waived["waiver_reason"], waived["open_objections"]) == ("Bestehender Vertrag, gleiche Bedingungen.", 1)

    async def test_has_a_statement_of_the_umbrella_for_all_and_one_dissent(self, demo: httpx.AsyncClient) -> None:
        rows = await rows_of(demo, "early-involvement/partners", state="answered", limit=200)
        joint = [row for row in rows if row["reference"] == "DEMO-0052/25"]
        assert {row["heard_by"] for row in joint} == {*HeardBy}
        assert [row["partner_id"] for row in joint if row["position"] == "object"] == [PARITAET]
        (statement,) = [each for each in (await everything(demo))["statements"] if each["on_behalf_of_ids"]]
        assert (statement["partner_id"], len(statement["on_behalf_of_ids"])) == (LIGA, 6)

    async def test_has_decisions_that_were_not_announced(self, demo: httpx.AsyncClient) -> None:
        reported = {each["status"]: each for each in await items_of(demo, "decisions") if each["reported_by_id"]}
        assert reported.keys() == REPORTED
        assert reported["reported"]["reported_by_id"] in reported["reported"]["involved_partner_ids"]
        assert reported["refused"]["refusal_reason"]

    async def test_has_a_decision_on_an_agenda(self, demo: httpx.AsyncClient) -> None:
        items = [item for each in await items_of(demo, "consultation-events") for item in each["agenda_items"]]
        (decision_id,) = (item["decision_id"] for item in items if item["decision_id"])
        decision = (await demo.get(f"/v1/decisions/{decision_id}")).json()
        assert decision["title"] == "[Demo] Strategiepapier Suchtprävention"

    async def test_has_corrections_and_objections_in_every_state_that_waits_or_was_answered(
        self, demo: httpx.AsyncClient
    ) -> None:
        proposals = {each["state"]: each for each in await items_of(demo, "proposals")}
        assert proposals.keys() == {*ProposalState} - {ProposalState.withdrawn}
        assert proposals["rejected"]["answer"].startswith(MARK)
        corrected = (await demo.get(f"/v1/decisions/{proposals['confirmed']['subject_id']}")).json()
        assert corrected["decided_on"] == "2025-03-27"
        objections = await items_of(demo, "objections")
        assert Counter((each["state"], each["answer"] is not None) for each in objections) == {
            ("settled", False): 1,
            ("open", True): 1,
            ("open", False): 1,
        }

    async def test_has_organisations_that_change(self, demo: httpx.AsyncClient) -> None:
        partners = {each["id"]: each for each in await items_of(demo, "partners")}
        (merged,) = (each for each in partners.values() if each["merged_into_id"])
        successor = partners[merged["merged_into_id"]]
        assert merged["dissolved_on"] == merged["memberships"][0]["until"] == "2025-06-30"
        assert [each["until"] for each in successor["former_names"]] == ["2025-06-30"]
        assert [(each["from"], each["until"]) for each in successor["memberships"]] == [
            (None, "2024-12-31"),
            ("2025-01-01", None),
        ]
        for each in (merged, successor):
            assert all(name.startswith(MARK) for name in (each["name"], *(old["name"] for old in each["former_names"])))
        (waiting,) = await rows_of(demo, "upcoming", partner_id=successor["id"], kind="statement")
        assert waiting["title"] == "[Demo] Aktionsplan Inklusion", "asked was the one that merged"

    async def test_is_counted_by_half_year(self, demo: httpx.AsyncClient) -> None:
        rows = await rows_of(demo, "early-involvement")
        names = (
            "kind",
            "half_year",
            "decisions",
            "heard",
            "partly_heard",
            "missed",
            "open",
            "waived",
            "short_notice_explained",
            "short_notice_unexplained",
            "reported",
            "unconfirmed",
            "contested",
            "median_lead_days",
        )
        assert [tuple(row[name] for name in names) for row in rows] == [
            ("financial", "2024-H2", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 29),
            ("financial", "2025-H1", 2, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, None),
            ("sectoral", "2025-H1", 5, 3, 0, 2, 0, 0, 0, 1, 1, 0, 0, 77),
            ("financial", "2025-H2", 2, 0, 0, 2, 0, 0, 0, 2, 1, 1, 0, None),
            ("sectoral", "2025-H2", 3, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 112),
        ]

    async def test_has_statements_and_answers_of_every_kind(self, demo: httpx.AsyncClient) -> None:
        statements = (await everything(demo))["statements"]
        assert {each["position"] for each in statements} == set(Position)
        assert {each["taken_up"] for each in statements} == {*TakenUp, None}

    async def test_has_needs_of_every_status(self, demo: httpx.AsyncClient) -> None:
        needs = await items_of(demo, "needs")
        assert {each["status"] for each in needs} == set(NeedStatus)
        assert [each["urgency"] for each in needs].count("urgent") == 3
        (winter,) = [each for each in needs if len(each["districts"]) > 1]
        assert (winter["status"], winter["answered_at"]) == ("answered", "2024-12-06T09:00:00Z")

    async def test_shows_every_timeliness(self, demo: httpx.AsyncClient) -> None:
        rows = await rows_of(demo, "progress/sub-measures")
        assert set(Timeliness) == {row["timeliness"] for row in rows}
        by_code = {row["code"]: (row["status"], row["timeliness"], row["progress_percent"]) for row in rows}
        assert by_code["2.1"] == ("completed", "done", 100)
        assert by_code["2.2"] == ("in_progress", "late", 15)
        assert by_code["2.3"] == ("in_progress", "on_time", 25)
        assert by_code["3.1"] == ("suspended", "late", 5)
        assert by_code["3.4"] == ("agreed", "not_scheduled", None)

    async def test_has_reports_of_every_state_and_accepted_ones_moved_their_sub_measures(
        self, demo: httpx.AsyncClient
    ) -> None:
        reports = await items_of(demo, "progress-reports", sort="period_to")
        states = Counter(each["state"] for each in reports)
        assert states == {"accepted": 8, "submitted": 2, "returned": 2, "draft": 2}
        assert set(states) == set(ReportState)
        last = {each["sub_measure_id"]: each for each in reports if each["state"] == "accepted"}
        for measure in await items_of(demo, "sub-measures"):
            report = last.get(measure["id"])
            moved = (report["status"], report["progress_percent"]) if report else ("agreed", None)
            assert (measure["status"], measure["progress_percent"]) == moved

    async def test_has_indicators_on_their_way(self, demo: httpx.AsyncClient) -> None:
        rows = await rows_of(demo, "indicators")
        assert {row["direction"] for row in rows} == {"higher_is_better", "lower_is_better", "neither"}
        assert {row["latest_state"] for row in rows} == {"provisional", "final", None}
        assert [row["achievement_percent"] for row in rows] == [26.7, 12.2, None, 104.2, None, 23.3, 47.1]
        assert any(row["goal_id"] for row in rows)
        assert any(row["sub_measure_id"] for row in rows)

    async def test_leaves_something_to_do(self, demo: httpx.AsyncClient) -> None:
        rows = await rows_of(demo, "upcoming", days=60, limit=200)
        assert {row["kind"] for row in rows} >= set(DueKind) - {"event", "event_to_close", "webhook_endpoint"}
        assert any(row["is_overdue"] for row in rows)
