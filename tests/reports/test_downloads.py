"""Reports as files that a link leads to."""

from datetime import date, datetime
from typing import Any

import httpx
import pytest

from app.reports.downloads import DOWNLOADS
from tests.databases import any_database
from tests.factories import LIGA, errors_of, items_of, make
from tests.interchange.sheets import rows_in, sheets_in
from tests.reports.making import fill, observed, stated
from tests.tables import CSV, csv_of, rows_of


async def fill_all(client: httpx.AsyncClient) -> None:
    """Something for each report."""
    await fill(client, "2025-03-05")
    (decision,) = await items_of(client, "decisions")
    await stated(client, decision)
    (indicator,) = await items_of(client, "indicators")
    await observed(client, indicator, "2025-02-28", -1.5)


def shown(value: Any) -> Any:
    """A value of JSON as it must stand in a spreadsheet."""
    if isinstance(value, list):
        return "; ".join(value)
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return datetime.combine(day, datetime.min.time())


@any_database
@pytest.mark.usefixtures("clock")
class TestFiles:
    async def test_hold_what_the_report_says(self, client: httpx.AsyncClient) -> None:
        await fill_all(client)
        for download in DOWNLOADS:
            address = f"/v1/reports/{download.path}"
            rows = await rows_of(client, download.path)
            assert rows, download.path
            linked, asked = await client.get(f"{address}.csv"), await client.get(address, headers=CSV)
            assert linked.content == asked.content
            position = (await client.get(address)).json()["position"]
            assert linked.headers["change-position"] == asked.headers["change-position"] == str(position)
            assert linked.headers["content-disposition"] == asked.headers["content-disposition"]
            assert (linked.headers.get("vary"), asked.headers["vary"]) == (None, "Accept")
            book = await client.get(f"{address}.xlsx", headers={"Accept-Language": "de"})
            assert (book.headers["content-language"], book.headers["change-position"]) == ("de", str(position))
            sheets = sheets_in(book)
            found = rows_in(next(iter(sheets.values())))
            assert len(found) == len(rows)
            for cells, row in zip(found, rows, strict=True):
                there = list(cells.values())
                numbers = {name: value for name, value in row.items() if isinstance(value, int | float)}
                assert all(value in there for value in numbers.values())
                assert all(
                    shown(value) in there
                    for name, value in row.items()
                    if value and name.endswith(("_on", "_id", "title", "_name", "_names", "reference"))
                ), download.path
            assert dict(list(sheets.values())[-1])["Stand: Änderung Nr."] == position

    @any_database
    async def test_say_terms_in_words_and_times_as_the_clock_shows_them(self, client: httpx.AsyncClient) -> None:
        await make(client, "consultation-events", starts_at="2025-03-30T01:30:00Z", organiser_id=LIGA, title="Termin")
        book = await client.get("/v1/reports/upcoming.xlsx", params={"language": "de", "days": 366, "kind": "event"})
        sheets = sheets_in(book)
        row = rows_in(sheets["Was ansteht"])[0]
        assert (row["Beginn"], row["Beginn (Zeitzone)"]) == (
            datetime(2025, 3, 30, 3, 30),  # noqa: DTZ001 (a local time)
            "Europe/Berlin (UTC+02:00)",
        )
        assert (row["Art des Eintrags"], row["Partner"]) == (
            "Beteiligungstermin",
            (await client.get(f"/v1/partners/{LIGA}")).json()["name"],
        )
        about = dict(sheets["Über diese Datei"])
        assert about["Ausgewählt: Tage voraus"] == "366"
        assert about["Ausgewählt: Art"] != "event"
        german = (await client.get("/v1/reports/upcoming.csv", params={"dialect": "excel-de", "days": 366})).text
        assert "30.03.2025 03:30:00;Europe/Berlin (UTC+02:00)" in german

    @any_database
    @pytest.mark.parametrize(
        ("path", "parameter"),
        [
            ("exchange.jsonl", "suffix"),
            ("upcoming.csv?limit=1", "limit"),
            ("progress.csv?language=en", "language"),
            ("progress.xlsx?dialect=excel-de", "dialect"),
        ],
    )
    async def test_are_refused_in_what_they_are_not_there_in(
        self, client: httpx.AsyncClient, path: str, parameter: str
    ) -> None:
        assert [name for name, _ in errors_of(await client.get(f"/v1/reports/{path}"))] == [parameter]

    @any_database
    async def test_have_the_filters_of_the_report(self, client: httpx.AsyncClient) -> None:
        for title, kind in (("eins", "sectoral"), ("zwei", "financial")):
            await make(client, "decisions", title=title, kind=kind)
        answer = await client.get("/v1/reports/early-involvement/decisions.csv", params={"kind": "financial"})
        assert [row["title"] for row in await csv_of(client, "early-involvement/decisions", kind="financial")] == [
            "zwei"
        ]
        assert "zwei" in answer.text
        assert "eins" not in answer.text
