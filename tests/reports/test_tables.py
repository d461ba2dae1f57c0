"""What all reports have in common: JSON and CSV, pages, positions, and what they cost."""

import base64
import csv
import io
import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.clock import Clock
from tests.conftest import Templates, client_of
from tests.databases import any_database
from tests.factories import LIGA, errors_of, items_of, make, patch
from tests.problems import problem_of
from tests.reports.counting import check, counting
from tests.reports.making import fill, observed, stated
from tests.tables import CSV, cells, csv_of, rows_of

PAGED = ("progress/sub-measures", "early-involvement/decisions", "early-involvement/partners", "indicators", "upcoming")
WHOLE = ("progress", "early-involvement", "exchange")
REPORTS = (*PAGED, *WHOLE)
FILES = {
    "progress": "progress",
    "progress/sub-measures": "sub-measure-progress",
    "early-involvement": "early-involvement",
    "early-involvement/decisions": "decision-involvement",
    "early-involvement/partners": "partner-involvement",
    "indicators": "indicators",
    "exchange": "exchange",
    "upcoming": "upcoming",
}
BY_DECISION = "early-involvement/decisions"


async def decision(client: httpx.AsyncClient, title: str) -> dict[str, Any]:
    """A decision that asks nobody."""
    return await make(client, "decisions", title=title, involved_partner_ids=[])


async def fill_twice(client: httpx.AsyncClient) -> None:
    """Something for each report, so that none fits on one page of two rows."""
    for day in ("2025-03-05", "2025-03-10"):
        await fill(client, day)
    (first, second) = await items_of(client, "decisions")
    await patch(client, "decisions", second, kind="financial", reference="V1/25")
    await stated(client, first)
    await make(client, "indicators")
    for indicator in await items_of(client, "indicators"):
        await observed(client, indicator, "2025-02-28", -1.5)


def forged(cursor: str, *values: Any) -> str:
    """A cursor that is marked as this one and holds other values."""
    mark = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))[0]
    return base64.urlsafe_b64encode(json.dumps([mark, *values]).encode()).decode().rstrip("=")


async def first_cursor(client: httpx.AsyncClient, report: str, **params: Any) -> str:
    """The cursor behind the first row of a report."""
    cursor: str = (await client.get(f"/v1/reports/{report}", params={"limit": 1, **params})).json()["next_cursor"]
    assert cursor
    return cursor


@pytest.mark.usefixtures("clock")
class TestCsv:
    @pytest.mark.parametrize("report", REPORTS)
    async def test_has_the_rows_of_the_pages(self, client: httpx.AsyncClient, report: str) -> None:
        await fill_twice(client)
        pages = await items_of(client, f"reports/{report}", limit=2) if report in PAGED else []
        rows = await rows_of(client, report, **({"limit": 200} if report in PAGED else {}))
        assert len(rows) >= (1 if report == "exchange" else 2)
        assert pages == (rows if report in PAGED else [])
        answer = await client.get(f"/v1/reports/{report}", headers=CSV)
        assert answer.text.splitlines()[0] == ",".join(rows[0])
        assert answer.text.count("\r\n") == len(rows) + 1
        assert answer.headers["content-disposition"] == f'attachment; filename="{FILES[report]}.csv"'
        assert await csv_of(client, report) == [cells(row) for row in rows]

    @any_database
    @pytest.mark.parametrize("report", REPORTS)
    async def test_has_the_names_alone_where_there_is_no_row(
        self, empty_client: httpx.AsyncClient, report: str
    ) -> None:
        answer = await empty_client.get(f"/v1/reports/{report}", headers=CSV)
        (names,) = csv.reader(io.StringIO(answer.text, newline=""))
        assert len(names) == len(set(names)) > 5
        assert await rows_of(empty_client, report) == []

    @any_database
    async def test_has_all_rows_whatever_limit_is_asked_for_but_those_of_the_filters(
        self, client: httpx.AsyncClient
    ) -> None:
        for title in ("eins", "zwei"):
            await decision(client, title)
        await make(client, "decisions", kind="financial", title="drei")
        rows = await csv_of(client, BY_DECISION, limit=1, kind="sectoral")
        assert {row["title"] for row in rows} == {"eins", "zwei"}

    @any_database
    @pytest.mark.parametrize("title", ['Der "Plan", neu; 2025', "Straße, Ämter", "a=1", "'", "5 - 3", "Zeile\u00adn"])
    async def test_gives_back_any_text(self, client: httpx.AsyncClient, title: str) -> None:
        await decision(client, title)
        assert [row["title"] for row in await csv_of(client, BY_DECISION)] == [title]

    @any_database
    @pytest.mark.parametrize("first", ["=", "+", "-", "@"])
    async def test_shows_what_a_spreadsheet_would_run(self, client: httpx.AsyncClient, first: str) -> None:
        title = f'{first}HYPERLINK("http://x"; 1)'
        made = await decision(client, title)
        await patch(client, "decisions", made, reference=f"{first}1")
        (row,) = await csv_of(client, BY_DECISION)
        assert (row["title"], row["reference"]) == (f"'{title}", f"'{first}1")
        (shown,) = await rows_of(client, BY_DECISION)
        assert (shown["title"], shown["reference"]) == (title, f"{first}1"), "JSON is not for spreadsheets"

    @any_database
    async def test_keeps_negative_numbers_numbers(self, client: httpx.AsyncClient) -> None:
        made = await make(client, "indicators", baseline_value=-5, target_value=5)
        await observed(client, made, "2025-01-01", -10)
        (row,) = await csv_of(client, "indicators")
        assert [row[name] for name in ("baseline_value", "latest_value", "achievement_percent")] == [
            "-5.0",
            "-10.0",
            "-50.0",
        ]


@any_database
class TestAccept:
    @pytest.mark.parametrize(
        ("accept", "is_csv"),
        [
            ("text/csv", True),
            ("text/csv; charset=utf-8", True),
            ("text/csv, */*", True),
            ("application/json;q=0.5, text/csv;q=0.6", True),
            ("text/csv;q=0.5, */*", False),
            ("text/html, */*;q=0.1", False),
            ("*/*", False),
            ("", False),
        ],
    )
    async def test_decides_by_what_is_preferred(self, client: httpx.AsyncClient, accept: str, *, is_csv: bool) -> None:
        answer = await client.get("/v1/reports/exchange", headers={"Accept": accept})
        media_type = "text/csv; charset=utf-8" if is_csv else "application/json"
        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["vary"] == "Accept"

    @pytest.mark.parametrize("report", REPORTS)
    @pytest.mark.parametrize("accept", ["text/csv;q=0, application/json;q=0", "application/pdf", "*/*;q=0"])
    async def test_that_takes_neither_form_is_told_which_there_are(
        self, client: httpx.AsyncClient, accept: str, report: str
    ) -> None:
        answer = await client.get(f"/v1/reports/{report}", headers={"Accept": accept})
        detail = problem_of(answer, 406, "not-acceptable")["detail"]
        assert detail == "This answer exists as application/json, text/csv."

    async def test_reads_several_lines_as_one(self, client: httpx.AsyncClient) -> None:
        del client.headers["accept"]
        headers = [("Accept", "text/html;q=0.1"), ("Accept", "text/csv")]
        answer = await client.get("/v1/reports/exchange", headers=headers)
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"

    async def test_is_json_where_nothing_is_said(self, client: httpx.AsyncClient) -> None:
        del client.headers["accept"]
        answer = await client.get("/v1/reports/exchange")
        assert answer.headers["content-type"] == "application/json"

    async def test_does_not_change_what_is_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/reports/exchange", params={"nonsense": 1}, headers=CSV)
        assert errors_of(answer) == [("nonsense", "extra_forbidden")]


@any_database
class TestPosition:
    @pytest.mark.parametrize("report", REPORTS)
    async def test_is_the_end_of_the_feed_and_stands_in_the_header(
        self, callers: dict[str, httpx.AsyncClient], clock: Clock, report: str
    ) -> None:
        clock.set("2025-06-30")
        await fill(callers["operator"], "2025-07-05")
        for visibility in ("public", "partners"):
            await make(callers["operator"], "goals", visibility=visibility)
            feed = (await callers["operator"].get("/v1/changes", params={"limit": 500})).json()["items"]
            for caller, caching in (("anonymous", "no-cache"), ("reader", "no-store")):
                answer = await callers[caller].get(f"/v1/reports/{report}")
                assert answer.json()["position"] == feed[-1]["position"]
                assert answer.json()["as_of"] == "2025-06-30"
                in_csv = await callers[caller].get(f"/v1/reports/{report}", headers=CSV)
                for each in (answer, in_csv):
                    assert each.headers["change-position"] == str(feed[-1]["position"])
                    assert each.headers["cache-control"] == caching

    @pytest.mark.parametrize("report", REPORTS)
    async def test_is_there_without_rows(self, empty_client: httpx.AsyncClient, report: str) -> None:
        answer = await empty_client.get(f"/v1/reports/{report}")
        assert (answer.json()["position"], answer.headers["change-position"]) == (0, "0")

    async def test_has_the_day_of_the_city(self, client: httpx.AsyncClient, clock: Clock) -> None:
        clock.set("2025-06-30", "22:00")
        assert (await client.get("/v1/reports/progress")).json()["as_of"] == "2025-07-01"


@any_database
@pytest.mark.usefixtures("clock")
class TestParameters:
    @any_database
    @pytest.mark.parametrize("report", REPORTS)
    async def test_that_are_unknown_are_refused(self, client: httpx.AsyncClient, report: str) -> None:
        answer = await client.get(f"/v1/reports/{report}", params={"nonsense": "1"})
        assert errors_of(answer) == [("nonsense", "extra_forbidden")]

    @any_database
    @pytest.mark.parametrize("report", WHOLE)
    async def test_of_pages_are_refused_where_there_are_none(self, client: httpx.AsyncClient, report: str) -> None:
        answer = await client.get(f"/v1/reports/{report}", params={"limit": "1", "cursor": "x"})
        assert sorted(errors_of(answer)) == [("cursor", "extra_forbidden"), ("limit", "extra_forbidden")]

    @any_database
    @pytest.mark.parametrize("report", PAGED)
    @pytest.mark.parametrize(("limit", "code"), [(0, "greater_than_equal"), (201, "less_than_equal")])
    async def test_limit_pages_to_two_hundred_rows(
        self, client: httpx.AsyncClient, report: str, limit: int, code: str
    ) -> None:
        answer = await client.get(f"/v1/reports/{report}", params={"limit": limit})
        assert errors_of(answer) == [("limit", code)]

    @pytest.mark.parametrize("report", PAGED)
    async def test_link_to_the_next_page(self, client: httpx.AsyncClient, report: str) -> None:
        await fill_twice(client)
        rows = await rows_of(client, report, limit=200)
        answer = await client.get(f"/v1/reports/{report}", params={"limit": 1, "partner_id": LIGA})
        address = answer.links["next"]["url"]
        assert address.startswith(f"/v1/reports/{report}?limit=1&partner_id={LIGA}&cursor=")
        following = await client.get(address)
        assert following.json()["items"] not in (answer.json()["items"], [])
        last = await client.get(f"/v1/reports/{report}", params={"limit": len(rows)})
        assert (last.json()["items"], last.json()["next_cursor"], last.links) == (rows, None, {})


@any_database
@pytest.mark.usefixtures("clock")
class TestCursors:
    @pytest.mark.parametrize("report", PAGED)
    async def test_of_other_reports_and_other_filters_are_refused(self, client: httpx.AsyncClient, report: str) -> None:
        await fill_twice(client)
        cursor = await first_cursor(client, report)
        assert (await client.get(f"/v1/reports/{report}", params={"cursor": cursor, "limit": 7})).status_code == 200
        for other, params in (
            *((each, {}) for each in PAGED if each != report),
            (report, {"partner_id": LIGA}),
        ):
            answer = await client.get(f"/v1/reports/{other}", params={"cursor": cursor, **params})
            assert errors_of(answer) == [("cursor", "invalid_cursor")], other

    @pytest.mark.parametrize("report", PAGED)
    async def test_that_are_forged_are_refused(self, client: httpx.AsyncClient, report: str) -> None:
        await fill_twice(client)
        cursor = await first_cursor(client, report)
        width = {"progress/sub-measures": 3}.get(report, 2)
        bad: list[Any] = [None, True, 1.5, -(2**40), [], {}, ["2025-01-01"], "\x00", "\ud800", "2025-13-01"]
        refused = [forged(cursor, *(value for _ in range(width))) for value in bad]
        refused += [forged(cursor), forged(cursor, *(["2025-01-01"] * (width + 1))), cursor[:-3], "x", "W10", "e30"]
        for each in refused:
            answer = await client.get(f"/v1/reports/{report}", params={"cursor": each})
            assert errors_of(answer) == [("cursor", "invalid_cursor")], each


@pytest.mark.usefixtures("clock")
class TestStatements:
    @pytest.mark.parametrize("report", REPORTS)
    async def test_are_one_for_a_report_and_none_for_what_is_refused(
        self, app: FastAPI, templates: Templates, report: str
    ) -> None:
        async with client_of(app, templates.keys["operator"]) as admin:
            await fill_twice(admin)
        async with counting(app) as (client, counted):
            for params in ({}, {"partner_id": LIGA}):
                for headers in ({}, CSV):
                    answer = await client.get(f"/v1/reports/{report}", params=params, headers=headers)
                    assert answer.status_code == 200
                    check(counted, 1)
            for bad in ({"nonsense": 1}, {"cursor": "x"}):
                assert (await client.get(f"/v1/reports/{report}", params=bad)).status_code == 422
            check(counted, 0)

    @pytest.mark.usefixtures("client")
    async def test_are_counted_where_there_are_more(self, app: FastAPI) -> None:
        """The counter's own test: a total is a second statement."""
        async with counting(app) as (client, counted):
            await client.get("/v1/goals", params={"include_total": "true", "limit": 1})
            check(counted, 2)
