"""`/v1/reports/progress` and `/v1/reports/progress/sub-measures`; it is 1 March 2025 where nothing else is said."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.clock import Clock
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, errors_of, goal_id, items_of, make, topic_id
from tests.reports.making import accepted
from tests.tables import rows_of

GOALS, MEASURES = "progress", "progress/sub-measures"
STATUSES = ("proposed", "agreed", "in_progress", "completed", "suspended", "cancelled")

Row = dict[str, Any]

MEANS: list[tuple[Sequence[int | None], float | None]] = [
    ([None, None], None),
    ([0], 0.0),
    ([100, 100], 100.0),
    ([10, None, 20], 15.0),
    ([0, 0, 1], 0.3),
    ([0, 1, 1], 0.7),
    ([0, 0, 0, 1], 0.3),
    ([1, 1, 1, 2], 1.3),
    ([1] * 17 + [2] * 3, 1.2),
    ([0] * 17 + [1] * 3, 0.2),
    ([2] * 13 + [3] * 7, 2.4),
]

TIMELY: list[tuple[str, str | None, list[Row], str]] = [
    ("agreed", None, [], "not_scheduled"),
    ("agreed", None, [{}], "not_scheduled"),
    ("agreed", None, [{"reached_on": "2025-01-01"}], "not_scheduled"),
    ("proposed", "2025-03-01", [], "on_time"),
    ("proposed", "2025-02-28", [], "late"),
    ("suspended", "2025-02-28", [], "late"),
    ("in_progress", "2030-12-31", [{"due_on": "2025-03-01"}], "on_time"),
    ("in_progress", "2030-12-31", [{"due_on": "2025-02-28"}], "late"),
    ("in_progress", "2030-12-31", [{"due_on": "2025-02-28", "reached_on": "2025-03-01"}], "on_time"),
    ("in_progress", None, [{"due_on": "2025-02-28"}], "late"),
    ("in_progress", None, [{"due_on": "2025-03-01"}], "on_time"),
    ("in_progress", None, [{}, {"due_on": "2025-02-28", "reached_on": "2025-01-01"}], "on_time"),
    ("in_progress", "2025-02-28", [{"due_on": "2025-02-28", "reached_on": "2025-01-01"}], "late"),
    ("completed", "2025-02-28", [{"due_on": "2025-02-28"}], "done"),
    ("completed", None, [], "done"),
    ("cancelled", "2025-02-28", [], "done"),
]

FILTERS: list[tuple[Row, str]] = [
    ({}, "abcd"),
    ({"status": "in_progress"}, "a"),
    ({"status": ["completed", "agreed"]}, "bc"),
    ({"timeliness": "on_time"}, "a"),
    ({"timeliness": "late"}, "b"),
    ({"timeliness": "done"}, "c"),
    ({"timeliness": "not_scheduled"}, "d"),
    ({"timeliness": ["late", "done"]}, "bc"),
    ({"is_unreported": "true"}, "bd"),
    ({"is_unreported": "false"}, "ac"),
    ({"unreported_months": "1", "is_unreported": "true"}, "abd"),
    ({"progress_percent_from": "30"}, "ac"),
    ({"progress_percent_from": "31"}, "c"),
    ({"progress_percent_before": "30"}, "b"),
    ({"progress_percent_before": "31"}, "ab"),
    ({"progress_percent_before": "101"}, "abc"),
    ({"last_reported_on_from": "2025-01-31"}, "a"),
    ({"last_reported_on_from": "2024-08-30"}, "ab"),
    ({"last_reported_on_before": "2025-01-31"}, "b"),
    ({"last_reported_on_before": "2025-02-01"}, "ab"),
    ({"partner_id": LIGA}, "ab"),
    ({"partner_id": CARITAS}, "b"),
    ({"partner_id": [CARITAS, CITY]}, "bc"),
    ({"period_from": "2025-02-28"}, "abd"),
    ({"period_from": "2025-03-01"}, "ad"),
    ({"period_before": "2024-09-02"}, "abcd"),
    ({"period_before": "2024-09-01"}, "bcd"),
    ({"partner_id": LIGA, "timeliness": "late", "status": "agreed", "is_unreported": "true"}, "b"),
    ({"partner_id": CITY, "timeliness": "late"}, ""),
]


async def new_goal(client: httpx.AsyncClient, **fields: Any) -> Row:
    """A goal of an agreement and a topic of its own."""
    agreement = await make(client, "agreements")
    topic = await make(client, "topics", agreement_id=agreement["id"])
    return await make(client, "goals", agreement_id=agreement["id"], topic_id=topic["id"], title="Ziel", **fields)


async def measure(client: httpx.AsyncClient, goal: Row, **fields: Any) -> Row:
    """A sub-measure of a goal."""
    return await make(client, "sub-measures", goal_id=goal["id"], status_reason="Grund", **fields)


async def figures(client: httpx.AsyncClient, goal: Row, **params: Any) -> Row:
    """The one row of a goal, after its sums were checked."""
    (row,) = await rows_of(client, GOALS, goal_id=goal["id"], **params)
    assert sum(row[status] for status in STATUSES) == row["sub_measures"]
    assert row["unreported"] <= row["sub_measures"] - row["completed"] - row["cancelled"]
    assert row["late"] <= row["sub_measures"] - row["completed"] - row["cancelled"]
    return row


async def titles(client: httpx.AsyncClient, goal: Row, **params: Any) -> list[str]:
    """The titles of the sub-measures of a goal that the report shows."""
    return [row["title"] for row in await rows_of(client, MEASURES, **{"goal_id": goal["id"], **params})]


@pytest.mark.usefixtures("clock")
class TestReportProgress:
    async def test_counts_the_sub_measures_of_a_goal(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        late = {"ends_on": "2025-02-28"}
        await measure(client, goal, status="proposed", progress_percent=0)
        await measure(client, goal, status="agreed", progress_percent=25, **late)
        reported = await measure(client, goal, status="in_progress", progress_percent=50, ends_on="2025-03-01")
        await accepted(client, reported, "2025-01-31")
        long_ago = await measure(client, goal, status="in_progress", **late)
        await accepted(client, long_ago, "2024-08-30")
        done = await measure(client, goal, status="completed", progress_percent=100, **late)
        await accepted(client, done, "2024-01-31")
        await measure(client, goal, status="completed", **late)
        await measure(client, goal, status="suspended")
        await measure(client, goal, status="cancelled", **late)
        assert await figures(client, goal) == {
            "goal_id": goal["id"],
            "agreement_id": goal["agreement_id"],
            "agreement_title": (await client.get(f"/v1/agreements/{goal['agreement_id']}")).json()["title"],
            "topic_id": goal["topic_id"],
            "topic_name": (await client.get(f"/v1/topics/{goal['topic_id']}")).json()["name"],
            "number": goal["number"],
            "title": "Ziel",
            "sub_measures": 8,
            "proposed": 1,
            "agreed": 1,
            "in_progress": 2,
            "completed": 2,
            "suspended": 1,
            "cancelled": 1,
            "late": 2,
            "never_reported": 5,
            "unreported": 4,
            "mean_progress_percent": 43.8,
            "contested": 0,
        }

    async def test_names_nothing_that_is_for_partners_to_anybody_else(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        admin = callers["keeper"]
        hidden = {"visibility": "partners", "name": "Verschlossen"}
        topic, lead = await make(admin, "topics", **hidden), await make(admin, "partners", **hidden)
        goal = await make(admin, "goals", topic_id=topic["id"])
        await make(admin, "sub-measures", goal_id=goal["id"], lead_partner_id=lead["id"])
        for caller, name in (("reader", "Verschlossen"), ("anonymous", None)):
            assert (await figures(callers[caller], goal))["topic_name"] == name
            (row,) = await rows_of(callers[caller], MEASURES, goal_id=goal["id"])
            assert (row["lead_partner_name"], row["goal_title"]) == (name, goal["title"])

    async def test_is_all_zero_for_a_goal_without_sub_measures(self, client: httpx.AsyncClient) -> None:
        row = await figures(client, await new_goal(client))
        counts = {name: value for name, value in row.items() if isinstance(value, int) and name != "number"}
        assert counts == dict.fromkeys(
            ("sub_measures", *STATUSES, "late", "never_reported", "unreported", "contested"), 0
        )
        assert row["mean_progress_percent"] is None

    async def test_has_the_mean_of_what_is_known_to_one_decimal(self, client: httpx.AsyncClient) -> None:
        """Halves are rounded up on both databases."""
        for progress, mean in MEANS:
            goal = await new_goal(client)
            for percent in progress:
                await measure(client, goal, progress_percent=percent)
            assert (await figures(client, goal))["mean_progress_percent"] == mean, progress

    async def test_shows_the_goals_in_the_order_of_their_numbers(self, client: httpx.AsyncClient) -> None:
        await new_goal(client, number=7)
        await new_goal(client, number=6)
        rows = await rows_of(client, GOALS)
        assert [row["number"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
        assert [row["sub_measures"] for row in rows] == [2, 3, 7, 2, 3, 0, 0]
        assert {row["never_reported"] == row["sub_measures"] for row in rows} == {True}

    async def test_filters_the_goals(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client, number=6)
        for name in ("agreement_id", "topic_id"):
            assert [row["number"] for row in await rows_of(client, GOALS, **{name: goal[name]})] == [6]
        assert [row["number"] for row in await rows_of(client, GOALS, agreement_id=AGREEMENT)] == [1, 2, 3, 4, 5]
        assert [row["number"] for row in await rows_of(client, GOALS, topic_id=topic_id("health"))] == [2]
        assert [row["number"] for row in await rows_of(client, GOALS, goal_id=[goal["id"], goal_id(3)])] == [3, 6]
        assert await rows_of(client, GOALS, agreement_id=AGREEMENT, goal_id=goal["id"]) == []

    async def test_counts_only_the_sub_measures_that_are_asked_for(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        await measure(client, goal, lead_partner_id=LIGA, progress_percent=10)
        await measure(client, goal, supporting_partner_ids=[LIGA, CARITAS], progress_percent=20, ends_on="2024-12-31")
        await measure(client, goal, lead_partner_id=CITY, progress_percent=60, starts_on="2025-02-01")
        for params, count, mean in (
            ({}, 3, 30.0),
            ({"partner_id": LIGA}, 2, 15.0),
            ({"partner_id": [CARITAS, CITY]}, 2, 40.0),
            ({"period_from": "2025-01-01"}, 2, 35.0),
            ({"period_before": "2025-02-01"}, 2, 15.0),
            ({"period_from": "2025-01-01", "period_before": "2025-02-01"}, 1, 10.0),
        ):
            row = await figures(client, goal, **params)
            assert (row["sub_measures"], row["mean_progress_percent"]) == (count, mean), params
        assert (await figures(client, goal, partner_id="00000000-0000-4000-8000-000000000000"))["sub_measures"] == 0

    async def test_counts_as_unreported_after_as_many_months_as_are_asked(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        await accepted(client, await measure(client, goal), "2024-12-31")
        for months, count in ((1, 1), (2, 1), (3, 0), (120, 0)):
            assert (await figures(client, goal, unreported_months=months))["unreported"] == count
        for value, code in ((0, "greater_than_equal"), (121, "less_than_equal")):
            answer = await client.get(f"/v1/reports/{GOALS}", params={"unreported_months": value})
            assert errors_of(answer) == [("unreported_months", code)]

    async def test_counts_nothing_that_is_for_partners_for_anybody_else(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        admin = callers["operator"]
        goal = await new_goal(admin)
        shown = await measure(admin, goal, progress_percent=10, status="in_progress")
        await accepted(admin, shown, "2025-01-31", visibility="partners")
        hidden = await measure(admin, goal, progress_percent=90, visibility="partners", ends_on="2025-01-01")
        public, partners = [await figures(callers[name], goal) for name in ("anonymous", "reader")]
        names = ("sub_measures", "proposed", "late", "never_reported", "unreported", "mean_progress_percent")
        assert [public[name] for name in names] == [1, 0, 0, 1, 1, 10.0]
        assert [partners[name] for name in names] == [2, 1, 1, 1, 1, 50.0]
        rows = await rows_of(callers["anonymous"], MEASURES, goal_id=goal["id"])
        assert [(row["sub_measure_id"], row["last_reported_on"], row["is_unreported"]) for row in rows] == [
            (shown["id"], None, True)
        ]
        rows = await rows_of(callers["reader"], MEASURES, goal_id=goal["id"])
        assert [(row["sub_measure_id"], row["last_reported_on"]) for row in rows] == [
            (shown["id"], "2025-01-31"),
            (hidden["id"], None),
        ]

    async def test_hides_a_goal_that_is_for_partners(self, callers: dict[str, httpx.AsyncClient]) -> None:
        goal = await new_goal(callers["operator"], visibility="partners")
        await measure(callers["operator"], goal, visibility="partners")
        for report in (GOALS, MEASURES):
            assert await rows_of(callers["anonymous"], report, goal_id=goal["id"]) == []
            assert len(await rows_of(callers["reader"], report, goal_id=goal["id"])) == 1


@pytest.mark.usefixtures("clock")
class TestReportSubMeasureProgress:
    async def test_says_how_far_a_sub_measure_is(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client, number=8)
        days = {"starts_on": "2024-09-01", "ends_on": "2025-12-31"}
        lead = {"lead_partner_id": LIGA, "number": 4}
        made = await measure(client, goal, status="in_progress", title="Beratung", progress_percent=30, **days, **lead)
        for day in ("2024-12-31", "2025-01-31", "2024-10-31"):
            await accepted(client, made, day)
        assert await rows_of(client, MEASURES, goal_id=goal["id"]) == [
            {
                "sub_measure_id": made["id"],
                "code": "8.4",
                "title": "Beratung",
                "goal_id": goal["id"],
                "goal_title": goal["title"],
                "lead_partner_id": LIGA,
                "lead_partner_name": "Liga der freien Wohlfahrtspflege Dresden",
                "status": "in_progress",
                "timeliness": "on_time",
                "progress_percent": 30,
                "starts_on": "2024-09-01",
                "ends_on": "2025-12-31",
                "last_reported_on": "2025-01-31",
                "is_unreported": False,
                "open_objections": 0,
            }
        ]

    async def test_says_whether_it_is_in_time(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        for status, ends_on, milestones, _ in TIMELY:
            points = [{"title": "Meilenstein", **each} for each in milestones]
            await measure(client, goal, status=status, ends_on=ends_on, milestones=points)
        rows = await rows_of(client, MEASURES, goal_id=goal["id"])
        assert [row["timeliness"] for row in rows] == [expected for *_, expected in TIMELY]
        assert (await figures(client, goal))["late"] == 5

    async def test_does_not_take_another_ones_milestones(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        await measure(client, goal, milestones=[{"title": "Meilenstein", "due_on": "2025-02-28"}])
        await measure(client, goal)
        rows = await rows_of(client, MEASURES, goal_id=goal["id"])
        assert [row["timeliness"] for row in rows] == ["late", "not_scheduled"]

    @pytest.mark.parametrize(
        ("reported_on", "months", "last_day"),
        [
            ("2024-08-31", 6, "2025-02-28"),
            ("2023-08-31", 6, "2024-02-29"),
            ("2025-01-31", 1, "2025-02-28"),
            ("2025-03-31", 1, "2025-04-30"),
            ("2025-02-28", 1, "2025-03-28"),
            ("2024-02-29", 12, "2025-02-28"),
            ("2024-11-15", 3, "2025-02-15"),
        ],
    )
    async def test_is_unreported_on_the_day_after_the_months_have_passed(
        self, client: httpx.AsyncClient, clock: Clock, reported_on: str, months: int, last_day: str
    ) -> None:
        goal = await new_goal(client)
        await accepted(client, await measure(client, goal, title="Beratung"), reported_on)
        clock.set(last_day)
        assert await titles(client, goal, unreported_months=months, is_unreported="false") == ["Beratung"]
        clock.wait(1)
        assert await titles(client, goal, unreported_months=months, is_unreported="true") == ["Beratung"]

    async def test_counts_only_reports_that_were_accepted(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        made = await measure(client, goal)
        for state in ("draft", "submitted"):
            await make(client, "progress-reports", sub_measure_id=made["id"], state=state, period_to="2025-02-28")
        (row,) = await rows_of(client, MEASURES, goal_id=goal["id"])
        assert (row["last_reported_on"], row["is_unreported"]) == (None, True)

    async def test_filters(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        days = {"starts_on": "2024-09-01", "ends_on": "2025-12-31"}
        a = await measure(
            client, goal, title="a", status="in_progress", progress_percent=30, lead_partner_id=LIGA, **days
        )
        await accepted(client, a, "2025-01-31")
        supporters = {"supporting_partner_ids": [CARITAS, LIGA], "ends_on": "2025-02-28"}
        b = await measure(client, goal, title="b", status="agreed", progress_percent=0, **supporters)
        await accepted(client, b, "2024-08-30")
        done = {"lead_partner_id": CITY, "ends_on": "2024-12-31"}
        await measure(client, goal, title="c", status="completed", progress_percent=100, **done)
        await measure(client, goal, title="d", status="suspended")
        for params, expected in FILTERS:
            assert "".join(await titles(client, goal, **params)) == expected, params

    async def test_filters_by_agreement_topic_and_goal(self, client: httpx.AsyncClient) -> None:
        goal = await new_goal(client)
        await measure(client, goal, title="Neu")
        for name in ("agreement_id", "topic_id"):
            assert [row["title"] for row in await rows_of(client, MEASURES, **{name: goal[name]})] == ["Neu"]
        assert len(await rows_of(client, MEASURES, agreement_id=AGREEMENT)) == 17
        codes = [row["code"] for row in await rows_of(client, MEASURES, topic_id=topic_id("health"))]
        assert codes == ["2.1", "2.2", "2.3"]

    async def test_stands_in_the_order_of_codes_as_numbers_page_by_page(self, client: httpx.AsyncClient) -> None:
        goal = await make(client, "goals", number=10)
        for goal_number, number in ((2, 10), (10, 2), (2, 9)):
            await make(client, "sub-measures", goal_id=goal["id"] if goal_number == 10 else goal_id(2), number=number)
        rows = await items_of(client, f"reports/{MEASURES}", limit=3)
        codes = [row["code"] for row in rows]
        assert codes[2:7] == ["2.1", "2.2", "2.3", "2.9", "2.10"]
        assert (len(codes), len(set(codes)), codes[-1]) == (20, 20, "10.2")
        assert rows == await rows_of(client, MEASURES, limit=200)
