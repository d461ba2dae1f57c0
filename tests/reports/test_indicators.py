"""`/v1/reports/indicators`"""

from typing import Any

import httpx

from tests.databases import any_database
from tests.factories import (
    AGREEMENT,
    CARITAS,
    LIGA,
    goal_id,
    items_of,
    make,
    measure_id,
    patch,
    topic_id,
)
from tests.reports.making import observed
from tests.tables import csv_of, rows_of

REPORT = "indicators"

Row = dict[str, Any]

PERIODS: list[tuple[Row, tuple[str | None, float | None]]] = [
    ({"period_from": "2025-01-01"}, ("2025-06-30", 2.0)),
    ({"period_from": "2025-07-01"}, (None, None)),
    ({"period_before": "2025-06-30"}, ("2024-12-31", 1.0)),
    ({"period_before": "2025-07-01"}, ("2025-06-30", 2.0)),
    ({"period_before": "2024-12-31"}, (None, None)),
    ({"period_from": "2024-12-31", "period_before": "2025-01-01"}, ("2024-12-31", 1.0)),
]

Number = float | None
WAYS: list[tuple[Number, Number, Number, Number]] = [
    (0, 10, 0, 0.0),
    (0, 10, 10, 100.0),
    (0, 10, 15, 150.0),
    (0, 10, -5, -50.0),
    (0, 3, 1, 33.3),
    (0, 3, 2, 66.7),
    (40, 20, 30, 50.0),
    (40, 20, 45, -25.0),
    (40, 20, 10, 150.0),
    (-10, 10, 0, 50.0),
    (5, 5, 5, None),
    (None, 10, 5, None),
    (0, None, 5, None),
    (0, 10, None, None),
    (0, 1e-300, 1, 1e15),
    (0, -1e-300, 1, -1e15),
    (0, 1e-300, 0, 0.0),
    (-1e15, 1e15, 1e15, 100.0),
    (0.1, 0.3, 0.2, 50.0),
]

FILTERS: list[tuple[Row, str]] = [
    ({}, "abc"),
    ({"agreement_id": AGREEMENT}, "ab"),
    ({"topic_id": topic_id("health")}, "b"),
    ({"goal_id": goal_id(1)}, "a"),
    ({"goal_id": [goal_id(1), goal_id(2)]}, "ab"),
    ({"sub_measure_id": measure_id(2, 3)}, "b"),
    ({"sub_measure_id": measure_id(2, 2)}, ""),
    ({"partner_id": LIGA}, "b"),
    ({"partner_id": [CARITAS, LIGA]}, "b"),
    ({"partner_id": CARITAS}, ""),
    ({"partner_id": LIGA, "goal_id": goal_id(1)}, ""),
]


async def indicator(client: httpx.AsyncClient, **fields: Any) -> Row:
    """An indicator of a goal, or of a sub-measure where that is said."""
    place = {"goal_id": None} if "sub_measure_id" in fields else {}
    return await make(client, "indicators", **place, **fields)


async def latest(client: httpx.AsyncClient, **params: Any) -> list[tuple[Any, ...]]:
    """The latest value of each indicator: name, value, day and state."""
    rows = await rows_of(client, REPORT, **params)
    return [tuple(row[name] for name in ("name", "latest_value", "latest_on", "latest_state")) for row in rows]


async def names(client: httpx.AsyncClient, **params: Any) -> list[str]:
    """The names of the indicators that are shown."""
    return [row["name"] for row in await rows_of(client, REPORT, **params)]


class TestReportIndicators:
    async def test_says_where_an_indicator_is(self, client: httpx.AsyncClient) -> None:
        fields = {
            "unit": "Schulen",
            "direction": "higher_is_better",
            "sub_measure_id": measure_id(2, 3),
            "baseline_value": 40.0,
            "baseline_on": "2024-08-31",
            "target_value": 60.0,
            "target_on": "2026-08-31",
        }
        made = await indicator(client, name="Schulen mit Angebot", **fields)
        await observed(client, made, "2025-02-28", 46, state="provisional")
        assert await rows_of(client, REPORT) == [
            {
                "indicator_id": made["id"],
                "name": "Schulen mit Angebot",
                "goal_id": None,
                "goal_title": None,
                "sub_measure_title": "Suchtprävention",
                **fields,
                "latest_value": 46.0,
                "latest_on": "2025-02-28",
                "latest_state": "provisional",
                "achievement_percent": 30.0,
            }
        ]

    async def test_takes_the_value_of_the_last_day_whenever_it_was_recorded(self, client: httpx.AsyncClient) -> None:
        made = await indicator(client, name="a")
        other = await indicator(client, name="b")
        await observed(client, made, "2025-02-28", 3)
        await observed(client, made, "2024-02-28", 99, state="provisional")
        await observed(client, other, "2026-01-01", -2.5)
        await indicator(client, name="c")
        assert await latest(client) == [
            ("a", 3.0, "2025-02-28", "provisional"),
            ("b", -2.5, "2026-01-01", "provisional"),
            ("c", None, None, None),
        ]
        headers = {"If-Match": '"1"'}
        answer = await client.delete(f"/v1/indicators/{made['id']}/observations/2025-02-28", headers=headers)
        assert answer.status_code == 204
        assert (await latest(client))[0] == ("a", 99.0, "2024-02-28", "provisional")

    async def test_takes_only_values_of_the_days_that_are_asked_for(self, client: httpx.AsyncClient) -> None:
        made = await indicator(client)
        await observed(client, made, "2024-12-31", 1)
        await observed(client, made, "2025-06-30", 2)
        for params, expected in PERIODS:
            (row,) = await rows_of(client, REPORT, **params)
            assert (row["latest_on"], row["latest_value"]) == expected, params

    async def test_says_how_much_of_the_way_is_gone(self, client: httpx.AsyncClient) -> None:
        """Downwards, too; nothing where the way has no length or an end is not known."""
        for number, (baseline, target, value, _) in enumerate(WAYS):
            made = await indicator(client, name=f"{number:02}", baseline_value=baseline, target_value=target)
            if value is not None:
                await observed(client, made, "2025-01-01", value)
        rows = await rows_of(client, REPORT)
        expected = [percent for *_, percent in WAYS]
        assert [row["achievement_percent"] for row in rows] == expected
        in_csv = [row["achievement_percent"] for row in await csv_of(client, REPORT)]
        assert in_csv == ["" if percent is None else str(percent) for percent in expected]

    async def test_filters(self, client: httpx.AsyncClient) -> None:
        measure = (await client.get(f"/v1/sub-measures/{measure_id(2, 3)}")).json()
        lead = {"lead_partner_id": LIGA, "supporting_partner_ids": [CARITAS]}
        assert (await patch(client, "sub-measures", measure, **lead)).status_code == 200
        agreement = await make(client, "agreements")
        topic = await make(client, "topics", agreement_id=agreement["id"])
        goal = await make(client, "goals", agreement_id=agreement["id"], topic_id=topic["id"])
        await indicator(client, name="a", goal_id=goal_id(1))
        await indicator(client, name="b", sub_measure_id=measure_id(2, 3))
        await indicator(client, name="c", goal_id=goal["id"])
        for params, expected in FILTERS:
            assert "".join(await names(client, **params)) == expected, params
        assert await names(client, agreement_id=agreement["id"], topic_id=topic["id"], goal_id=goal["id"]) == ["c"]

    async def test_stands_in_the_order_of_names_page_by_page(self, client: httpx.AsyncClient) -> None:
        ordered = ["Ausgaben", "Ämter", "Plätze", "Plätze", "Plätze", "Zeit"]
        for name in ordered[::-1]:
            await observed(client, await indicator(client, name=name), "2025-01-01")
        rows = await items_of(client, f"reports/{REPORT}", limit=2)
        listed = await items_of(client, "indicators")
        assert [row["indicator_id"] for row in rows] == [each["id"] for each in listed]
        assert sorted(row["name"] for row in rows) == sorted(ordered)

    @any_database
    async def test_shows_nothing_that_is_for_partners_to_anybody_else(
        self, callers: dict[str, httpx.AsyncClient]
    ) -> None:
        """The last value that everyone sees is an earlier one."""
        way = {"baseline_value": 0, "target_value": 10}
        made = await indicator(callers["operator"], name="a", **way)
        await observed(callers["operator"], made, "2025-01-31", 1)
        await observed(callers["operator"], made, "2025-02-28", 9, visibility="partners")
        hidden = await indicator(callers["operator"], name="b", visibility="partners")
        await observed(callers["operator"], hidden, "2025-02-28", 5, state="final")
        assert await latest(callers["anonymous"]) == [("a", 1.0, "2025-01-31", "provisional")]
        (row,) = await rows_of(callers["anonymous"], REPORT)
        assert row["achievement_percent"] == 10.0
        assert await latest(callers["reader"]) == [
            ("a", 9.0, "2025-02-28", "provisional"),
            ("b", 5.0, "2025-02-28", "final"),
        ]
