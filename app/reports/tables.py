"""Reports as files: all rows of one state, whatever the report's pages are."""

from functools import partial
from typing import Any

from app.database.engines import Database
from app.http.responses import problems
from app.reports.report import Report, ReportHead
from app.resources.examples import given_example
from app.sheets import workbook
from app.sheets.answers import SPREADSHEET_CONTENT, csv_content, table_answer
from app.sheets.files import File, kept
from app.sheets.separated import cell, line

BATCH = 500


async def lines_of(database: Database, rows: Report[Any]) -> tuple[int, File]:
    """The position and all rows, each as a line of JSON, read a batch at a time from one state.

    All of it is read before it is sent, so that no client, however slow, holds a connection.
    """
    with kept() as file:
        async with database.snapshot() as snapshot:
            after, is_last = None, False
            while not is_last:
                position, found = await snapshot.read(partial(rows.read, limit=BATCH, after=after))
                entries = (rows.entry.model_validate(row, from_attributes=True) for row in found)
                file.write("".join(f"{entry.model_dump_json()}\n" for entry in entries).encode())
                is_last = len(found) < BATCH
                after = None if is_last else [getattr(found[-1], name) for name in rows.order]
    return position, file


def as_csv(figures: type[ReportHead]) -> dict[int | str, dict[str, Any]]:
    """The answers of a report, for a route's `responses`: what it is in CSV beside JSON, and that it is nothing else."""
    return {200: table_answer({"text/csv": in_csv(figures)}), **problems(406, "not-acceptable")}


def as_files(figures: type[ReportHead]) -> dict[int | str, dict[str, Any]]:
    """The answer of a report as a file, for a route's `responses`."""
    return {200: table_answer({"text/csv": in_csv(figures), workbook.MEDIA_TYPE: SPREADSHEET_CONTENT})}


def in_csv(figures: type[ReportHead]) -> dict[str, Any]:
    """What a report is in CSV."""
    shown = given_example(figures)["items"]
    rows = "".join(line([cell(value) for value in entry.values()]) for entry in shown)
    return csv_content(line(list(shown[0])) + rows)
