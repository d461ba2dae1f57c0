"""`/v1/reports/exchange`; the day that it is decides how long nothing was held."""

from typing import Any

import httpx
import pytest

from tests.clock import Clock
from tests.databases import any_database
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, NOWHERE, goal_id, make, measure_id, topic_id
from tests.tables import rows_of

REPORT = "exchange"
STATUSES = ("planned", "confirmed", "held", "postponed", "cancelled")

Row = dict[str, Any]

FILTERS: list[tuple[Row, str]] = [
    ({}, "2025-01-01..2025-01-06 6"),
    ({"partner_id": LIGA}, "2025-01-01..2025-01-02 2"),
    ({"partner_id": CARITAS}, ""),
    ({"partner_id": [CARITAS, CITY]}, "2025-01-03..2025-01-03 1"),
    ({"format": "expert_day"}, "2025-01-04..2025-01-04 1"),
    ({"format": ["expert_day", "other"]}, "2025-01-04..2025-01-05 2"),
    ({"level": "strategic"}, "2025-01-05..2025-01-06 2"),
    ({"level": ["strategic", "operational"]}, "2025-01-01..2025-01-06 6"),
    ({"topic_id": topic_id("health")}, "2025-01-01..2025-01-01 1"),
    ({"topic_id": [topic_id("health"), topic_id("work")]}, "2025-01-01..2025-01-06 2"),
    ({"agreement_id": AGREEMENT}, "2025-01-01..2025-01-06 6"),
    ({"goal_id": goal_id(1)}, "2025-01-02..2025-01-04 3"),
    ({"goal_id": goal_id(2)}, ""),
    ({"period_from": "2025-01-05"}, "2025-01-05..2025-01-06 2"),
    ({"period_before": "2025-01-02"}, "2025-01-01..2025-01-01 1"),
    ({"period_from": "2025-01-02", "period_before": "2025-01-04"}, "2025-01-02..2025-01-03 2"),
    ({"level": "strategic", "format": "other", "goal_id": goal_id(2)}, ""),
]


async def event(client: httpx.AsyncClient, on: str, status: str = "held", **fields: Any) -> Row:
    """An event on a day."""
    shown = {"starts_at": f"{on}T10:00:00Z", "status": status, "status_reason": "Grund"}
    return await make(client, "consultation-events", **{**shown, **fields})


async def exchange(client: httpx.AsyncClient, **params: Any) -> list[tuple[Any, ...]]:
    """The rows as tuples, after their sums were checked: group, events, held, expected, off, first, last, gap."""
    rows = await rows_of(client, REPORT, **params)
    for row in rows:
        assert row["held"] + row["expected"] + row["off"] == row["events"]
        assert (row["first_held_on"] is None) == (row["last_held_on"] is None) == (row["held"] == 0)
    return [tuple(value for name, value in row.items() if name != "name") for row in rows]


async def days(client: httpx.AsyncClient, **params: Any) -> list[str]:
    """The days of the events that are asked for, in order, as quarters cannot tell."""
    rows = await rows_of(client, REPORT, by="everything", **params)
    return [f"{row['first_held_on']}..{row['last_held_on']} {row['events']}" for row in rows]


class TestReportExchange:
    async def test_counts_all_together(self, client: httpx.AsyncClient, clock: Clock) -> None:
        clock.set("2025-02-12")
        assert await exchange(client, by="everything") == []
        for number, status in enumerate(STATUSES, 1):
            await event(client, f"2025-01-0{number}", status)
        assert await exchange(client, by="everything") == [("everything", 5, 1, 2, 2, "2025-01-03", "2025-01-03", 40)]
        await event(client, "2025-02-10")
        await event(client, "2025-02-12")
        assert await exchange(client, by="everything") == [("everything", 7, 3, 2, 2, "2025-01-03", "2025-02-12", 38)]

    async def test_counts_two_on_one_day_without_a_gap(self, client: httpx.AsyncClient, clock: Clock) -> None:
        clock.set("2025-01-15")
        await event(client, "2025-01-15")
        await event(client, "2025-01-15")
        assert await exchange(client, by="everything") == [("everything", 2, 2, 0, 0, "2025-01-15", "2025-01-15", 0)]

    async def test_counts_by_quarter_with_the_gaps_where_they_end(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        """A cancelled event closes no gap; a quarter without any is a row of zeros, the gap that it left stands behind it."""
        clock.set("2025-12-01")
        for day in ("2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01", "2025-10-01"):
            await event(client, day)
        await event(client, "2025-02-01", "cancelled")
        await event(client, "2025-12-31", "planned")
        await event(client, "2026-02-01", "planned")
        nothing = (0, 0, 0, 0, None, None)
        quarters = await exchange(client)
        assert quarters == [
            ("2024-Q4", 1, 1, 0, 0, "2024-12-31", "2024-12-31", None),
            ("2025-Q1", 3, 2, 0, 1, "2025-01-01", "2025-03-31", 89),
            ("2025-Q2", 1, 1, 0, 0, "2025-04-01", "2025-04-01", 1),
            ("2025-Q3", *nothing, None),
            ("2025-Q4", 2, 1, 1, 0, "2025-10-01", "2025-10-01", 183),
            ("2026-Q1", 1, 0, 1, 0, None, None, None),
        ]
        assert await exchange(client, by="quarter") == quarters
        until_october = [*quarters[:3], ("2025-Q3", *nothing, 182)]
        assert await exchange(client, period_before="2025-10-01") == until_october
        before = [(f"2024-Q{number}", *nothing, None) for number in (2, 3)]
        found = await exchange(client, period_from="2024-06-30", period_before="2025-01-01")
        assert found == [*before, quarters[0]]
        # The silence goes on: up to today it is a gap that ends today.
        clock.set("2026-06-01")
        assert await exchange(client) == [*quarters, ("2026-Q2", *nothing, 243)]
        assert [row[-1] for row in await exchange(client, by="everything")] == [243]
        assert await exchange(client, period_from="2026-07-01") == []
        assert await exchange(client, agreement_id=NOWHERE) == []

    async def test_puts_each_month_into_its_quarter(self, client: httpx.AsyncClient) -> None:
        for month in range(1, 13):
            await event(client, f"20{month:02}-{month:02}-28")
        expected = [(f"20{month:02}-Q{(month + 2) // 3}", 1) for month in range(1, 13)]
        assert [row[:2] for row in await exchange(client, period_before="2013-01-01") if row[1]] == expected

    async def test_counts_an_event_in_the_quarter_of_its_local_day(self, client: httpx.AsyncClient) -> None:
        await event(client, "2025-03-31", starts_at="2025-03-31T22:30:00Z")
        await event(client, "2025-03-31", starts_at="2025-03-31T22:30:00Z", timezone="Europe/London")
        assert [(row[0], row[5]) for row in await exchange(client) if row[1]] == [
            ("2025-Q1", "2025-03-31"),
            ("2025-Q2", "2025-04-01"),
        ]

    async def test_counts_by_format_and_by_level_each_with_its_own_gaps(
        self, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        clock.set("2025-01-31")
        await event(client, "2025-01-01", format="talk", level="strategic")
        await event(client, "2025-01-11", format="expert_day", level="strategic")
        await event(client, "2025-01-31", format="talk", level="operational")
        await event(client, "2025-03-01", "planned", format="conference", level="operational")
        assert await exchange(client, by="format") == [
            ("conference", 1, 0, 1, 0, None, None, None),
            ("expert_day", 1, 1, 0, 0, "2025-01-11", "2025-01-11", 20),
            ("talk", 2, 2, 0, 0, "2025-01-01", "2025-01-31", 30),
        ]
        assert await exchange(client, by="level") == [
            ("operational", 2, 1, 1, 0, "2025-01-31", "2025-01-31", None),
            ("strategic", 2, 2, 0, 0, "2025-01-01", "2025-01-11", 20),
        ]

    async def test_counts_by_partner_who_organises_or_takes_part(self, client: httpx.AsyncClient, clock: Clock) -> None:
        """One that does both counts once; one that declined or stayed away does not count."""
        clock.set("2025-02-25")
        both = [{"partner_id": CITY, "role": "host", "attendance": "attended"}, {"partner_id": LIGA}]
        await event(client, "2025-01-01", organiser_id=CITY, participants=both)
        for day, attendance in (("2025-01-11", "declined"), ("2025-01-21", "absent"), ("2025-02-10", "accepted")):
            participants = [{"partner_id": LIGA, "attendance": attendance}]
            await event(client, day, organiser_id=CITY, participants=participants)
        await event(client, "2025-02-20", "planned", participants=[{"partner_id": CARITAS, "attendance": "attended"}])
        await event(client, "2025-02-25")
        expected = [
            (CITY, 4, 4, 0, 0, "2025-01-01", "2025-02-10", 20),
            (LIGA, 2, 2, 0, 0, "2025-01-01", "2025-02-10", 40),
            (CARITAS, 1, 0, 1, 0, None, None, None),
        ]
        assert await exchange(client, by="partner") == sorted(expected)
        names = {row["group"]: row["name"] for row in await rows_of(client, REPORT, by="partner")}
        for partner in (CITY, LIGA, CARITAS):
            assert names[partner] == (await client.get(f"/v1/partners/{partner}")).json()["name"]
        assert {row["name"] for row in await rows_of(client, REPORT)} == {None}

    @any_database
    async def test_counts_for_the_organiser_also_when_it_declined(self, client: httpx.AsyncClient) -> None:
        declined = [{"partner_id": CITY, "attendance": "declined"}]
        await event(client, "2025-01-01", organiser_id=CITY, participants=declined)
        assert [row[:2] for row in await exchange(client, by="partner")] == [(CITY, 1)]

    async def test_filters(self, client: httpx.AsyncClient) -> None:
        """By goal also through a sub-measure and a point of the agenda."""
        agenda = [{"title": "Punkt", "sub_measure_id": measure_id(1, 1)}]
        absent = [{"partner_id": CARITAS, "attendance": "absent"}, {"partner_id": LIGA, "attendance": "attended"}]
        await event(client, "2025-01-01", organiser_id=LIGA, topic_ids=[topic_id("health")])
        await event(client, "2025-01-02", participants=absent, goal_ids=[goal_id(1)])
        await event(client, "2025-01-03", organiser_id=CITY, sub_measure_ids=[measure_id(1, 1)])
        await event(client, "2025-01-04", format="expert_day", agenda_items=agenda)
        await event(client, "2025-01-05", format="other", level="strategic")
        await event(client, "2025-01-06", level="strategic", topic_ids=[topic_id("work")])
        for params, expected in FILTERS:
            assert await days(client, **params) == ([expected] if expected else []), params

    @any_database
    async def test_measures_gaps_between_what_is_asked_for(self, client: httpx.AsyncClient, clock: Clock) -> None:
        clock.set("2025-01-31")
        for day, level in (("2025-01-01", "strategic"), ("2025-01-11", "operational"), ("2025-01-31", "strategic")):
            await event(client, day, level=level)
        assert [row[-1] for row in await exchange(client, by="everything")] == [20]
        assert [row[-1] for row in await exchange(client, by="everything", level="strategic")] == [30]
        assert [row[-1] for row in await exchange(client, by="everything", period_from="2025-01-11")] == [20]

    @any_database
    @pytest.mark.parametrize("by", ["everything", "quarter", "format", "level", "partner"])
    async def test_counts_nothing_that_is_for_partners_for_anybody_else(
        self, callers: dict[str, httpx.AsyncClient], clock: Clock, by: str
    ) -> None:
        clock.set("2025-01-31")
        whose: Row = {"organiser_id": LIGA, "participants": [{"partner_id": LIGA}]}
        await event(callers["operator"], "2025-01-01", **whose)
        await event(callers["operator"], "2025-01-11", visibility="partners", **whose)
        await event(callers["operator"], "2025-01-31", **whose)
        assert [(row[1], row[-1]) for row in await exchange(callers["anonymous"], by=by)] == [(2, 30)]
        assert [(row[1], row[-1]) for row in await exchange(callers["reader"], by=by)] == [(3, 20)]

    @any_database
    async def test_names_no_partner_that_is_for_partners_to_anybody_else(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        hidden = await make(callers["keeper"], "partners", name="Verschlossen", visibility="partners")
        await event(callers["admin"], "2025-01-01", organiser_id=hidden["id"])
        for caller, name in (("reader", "Verschlossen"), ("anonymous", None)):
            rows = await rows_of(callers[caller], REPORT, by="partner")
            assert [(row["group"], row["name"]) for row in rows] == [(hidden["id"], name)]
