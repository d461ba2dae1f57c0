"""A decision from its announcement to the council's vote, as a coordinator follows it in the reports."""

from typing import Any, NamedTuple

import httpx
import pytest

from app.resources.ids import named_id
from tests.clock import Clock
from tests.factories import CARITAS, CITY, LIGA, make, measure_id, patch, topic_id
from tests.problems import problem_of
from tests.tables import csv_of, rows_of

DRK = str(named_id("partners", "drk-dresden"))
TITLE = "Fortschreibung des Strategiepapiers Suchtprävention"
EVENT_TITLE = "Fachtag Suchtprävention"

Row = dict[str, Any]


class Council(NamedTuple):
    """When the council decides, and what comes of it."""

    decides_on: str
    lead_days: int
    last_is_in_time: bool
    median_of_heard: float


AS_PLANNED = Council("2025-05-15", 64, last_is_in_time=True, median_of_heard=35.0)
# What Caritas says on 9 May would have been in time.
A_WEEK_EARLIER = Council("2025-05-08", 57, last_is_in_time=False, median_of_heard=57.0)


class Walk:
    """One decision and what the register says about it."""

    def __init__(self, coordinator: httpx.AsyncClient, anyone: httpx.AsyncClient, clock: Clock) -> None:
        self.coordinator, self.anyone, self.clock = coordinator, anyone, clock
        self.decision: Row = {}
        self.event: Row = {}
        self.cursor: str | None = None

    async def announce(self) -> None:
        """Tell the partners, and ask the Liga and two of its members."""
        self.clock.set("2025-01-13")
        await self.changes()
        self.decision = await make(
            self.coordinator,
            "decisions",
            title=TITLE,
            announced_on="2025-01-13",
            statements_due_on="2025-05-02",
            decides_on="2025-05-15",
            topic_ids=[topic_id("health")],
            sub_measure_ids=[measure_id(2, 3)],
            involved_partner_ids=[LIGA, CARITAS, DRK],
        )

    async def invite(self) -> None:
        """Call an expert day and link it with the decision."""
        self.event = await make(
            self.coordinator,
            "consultation-events",
            title=EVENT_TITLE,
            format="expert_day",
            starts_at="2025-03-12T09:00:00+01:00",
            organiser_id=CITY,
            topic_ids=[topic_id("health")],
            participants=[{"partner_id": LIGA}, {"partner_id": DRK}],
        )
        await self.change("decisions", consultation_event_ids=[self.event["id"]], status="in_consultation")

    async def change(self, path: str, **changes: Any) -> None:
        """Change the decision or the event."""
        resource = self.decision if path == "decisions" else self.event
        answer = await patch(self.coordinator, path, resource, **changes)
        assert answer.status_code == 200, answer.text
        resource.update(answer.json())

    async def say(self, partner: str, position: str) -> None:
        """Give a partner's statement."""
        address = f"/v1/decisions/{self.decision['id']}/statements/{partner}"
        assert (await self.coordinator.put(address, json={"position": position})).status_code == 201

    async def involvement(self) -> tuple[Any, ...]:
        """State, first hearing, lead, whether it was in time, and who is missing; the same in the report of decisions."""
        answer = await self.anyone.get(f"/v1/decisions/{self.decision['id']}/involvement")
        found: Row = answer.json()
        (row,) = await rows_of(self.anyone, "early-involvement/decisions")
        partners = found.pop("partners")
        assert {name: row[name] for name in found} == found
        rows = await rows_of(self.anyone, "early-involvement/partners")
        shown = [{name: each[name] for name in partners[0]} for each in rows]
        assert sorted(shown, key=lambda each: str(each["name"])) == partners
        assert (row["title"], row["status"]) == (TITLE, self.decision["status"])
        names = ("state", "first_heard_on", "lead_days", "heard_before_decision")
        return (*(found[name] for name in names), found["answered"], set(found["missing_partner_ids"]))

    async def figures(self) -> tuple[Any, ...]:
        """The one row of the report by half-years: decided, partly heard, missed, open, median."""
        (row,) = await rows_of(self.anyone, "early-involvement", topic_id=topic_id("health"))
        assert (row.pop("kind"), row.pop("half_year")) == ("sectoral", "2025-H1")
        assert (row["decisions"], row["short_notice_unexplained"], row["waived"]) == (1, 0, 0)
        return tuple(row[name] for name in ("decided", "partly_heard", "missed", "open", "median_lead_days"))

    async def upcoming(self, **params: Any) -> list[tuple[str | None, str, bool, str]]:
        """What is due: the day, what, whether it is late, and for whom it waits."""
        rows = await rows_of(self.anyone, "upcoming", **params)
        assert {row["title"] for row in rows} <= {TITLE, EVENT_TITLE}
        return [(row["due_on"], row["kind"], row["is_overdue"], row["partner_id"]) for row in rows]

    async def changes(self) -> list[tuple[str, str]]:
        """What the feed says since it was last asked."""
        params = {"limit": "500"} | ({"cursor": self.cursor} if self.cursor else {})
        page = (await self.anyone.get("/v1/changes", params=params)).json()
        self.cursor = page["next_cursor"]
        return [(change["action"], change["resource_type"]) for change in page["items"]]


@pytest.fixture
def walk(callers: dict[str, httpx.AsyncClient], clock: Clock) -> Walk:
    """A coordinator records, and everybody can read."""
    return Walk(callers["coordinator"], callers["anonymous"], clock)


class TestWalkthrough:
    @pytest.mark.parametrize("council", [AS_PLANNED, A_WEEK_EARLIER], ids=["as planned", "a week earlier"])
    async def test_shows_at_each_step_what_a_coordinator_expects(self, walk: Walk, council: Council) -> None:
        asked = sorted([LIGA, CARITAS, DRK])
        to_answer = (None, "statement_to_answer", False, CITY)

        await walk.announce()
        assert await walk.involvement() == ("open", None, None, None, 0, {*asked})
        assert await walk.figures() == (0, 0, 0, 1, None)
        assert await walk.upcoming() == [], "nothing within thirty days"
        assert await walk.upcoming(days=122) == [
            *(("2025-05-02", "statement", False, partner) for partner in asked),
            ("2025-05-15", "decision", False, CITY),
        ]
        assert await walk.changes() == [("created", "decision")]

        walk.clock.set("2025-02-20")
        await walk.invite()
        assert await walk.involvement() == ("open", None, None, None, 0, {*asked})
        invited = sorted([CITY, LIGA, DRK])
        assert await walk.upcoming() == [("2025-03-12", "event", False, partner) for partner in invited]
        assert await walk.upcoming(partner_id=DRK) == [("2025-03-12", "event", False, DRK)]
        assert await walk.upcoming(partner_id=CARITAS) == [], "it is not invited"
        assert await walk.changes() == [("created", "consultation_event"), ("updated", "decision")]

        walk.clock.set("2025-03-12", "18:00")
        await walk.change(
            "consultation-events",
            status="held",
            participants=[
                {"partner_id": LIGA, "attendance": "attended"},
                {"partner_id": DRK, "attendance": "absent"},
            ],
        )
        assert await walk.involvement() == ("partly_heard", "2025-03-12", 64, True, 0, {*asked})
        assert await walk.figures() == (0, 1, 0, 0, 64.0)
        assert await walk.upcoming() == []
        exchange = await rows_of(walk.anyone, "exchange", topic_id=topic_id("health"))
        assert [(row["group"], row["events"], row["held"]) for row in exchange] == [("2025-Q1", 1, 1)]
        assert await walk.changes() == [("updated", "consultation_event")]

        walk.clock.set("2025-04-22")
        await walk.say(LIGA, "support_with_changes")
        assert await walk.involvement() == ("partly_heard", "2025-03-12", 64, True, 1, {CARITAS, DRK})
        assert await walk.upcoming() == [
            *(("2025-05-02", "statement", False, partner) for partner in sorted([CARITAS, DRK])),
            ("2025-05-15", "decision", False, CITY),
            to_answer,
        ]
        assert await walk.upcoming(partner_id=LIGA) == [("2025-05-15", "decision", False, CITY)]
        assert await walk.changes() == [("created", "statement")]

        if council.decides_on != "2025-05-15":
            await walk.change("decisions", decides_on=council.decides_on)
            assert await walk.changes() == [("updated", "decision")]
        assert await walk.involvement() == ("partly_heard", "2025-03-12", council.lead_days, True, 1, {CARITAS, DRK})
        assert await walk.figures() == (0, 1, 0, 0, float(council.lead_days))

        walk.clock.set("2025-05-09")
        await walk.say(CARITAS, "object")
        assert await walk.involvement() == ("partly_heard", "2025-03-12", council.lead_days, True, 2, {DRK})
        assert await walk.upcoming() == [
            ("2025-05-02", "statement", True, DRK),
            (council.decides_on, "decision", council.decides_on < "2025-05-09", CITY),
            to_answer,
            to_answer,
        ]
        assert await walk.changes() == [("created", "statement")]

        walk.clock.set("2025-05-16")
        await walk.change("decisions", status="decided", decided_on=council.decides_on, result="Beschlossen")
        answered, missing = (2, {DRK}) if council.last_is_in_time else (1, {CARITAS, DRK})
        assert await walk.involvement() == ("partly_heard", "2025-03-12", council.lead_days, True, answered, missing)
        assert await walk.figures() == (1, 1, 0, 0, council.median_of_heard)
        assert await walk.upcoming(days=366) == [to_answer, to_answer], "what was said still waits for its answer"
        assert await walk.changes() == [("updated", "decision")]
        (row,) = await csv_of(walk.anyone, "early-involvement/decisions", state="partly_heard")
        assert (row["decision_on"], row["answered"]) == (council.decides_on, str(answered))

    async def test_shows_a_decision_that_comes_before_everything_that_was_planned_for_it_as_missed(
        self, walk: Walk
    ) -> None:
        await walk.announce()
        await walk.invite()
        walk.clock.set("2025-03-01")
        await walk.change("decisions", status="decided", decided_on="2025-02-28")
        assert await walk.involvement() == ("missed", None, None, False, 0, {LIGA, CARITAS, DRK})
        assert await walk.figures() == (1, 0, 1, 0, None)
        walk.clock.set("2025-03-12", "18:00")
        attended = [{"partner_id": LIGA, "attendance": "attended"}]
        late = await patch(walk.coordinator, "consultation-events", walk.event, status="held", participants=attended)
        assert problem_of(late, 409, "frozen")["fields"] == ["status", "participants"]
        assert await walk.involvement() == ("missed", None, None, False, 0, {LIGA, CARITAS, DRK})
