"""Reports as CSV (RFC 4180), for spreadsheets."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any

from starlette.responses import StreamingResponse

from app.database import Database
from app.http.responses import problems
from app.reports.report import Report, ReportHead
from app.resources.examples import given_example

BATCH = 500
KEPT_IN_MEMORY = 1024 * 1024
PART = 64 * 1024
RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")


async def csv_of(database: Database, rows: Report[Any]) -> tuple[int, StreamingResponse]:
    """The position and all rows as CSV, read a batch at a time from one state.

    All of it is read before it is sent, so that no client, however slow, holds a connection.
    """
    names = list(rows.entry.model_fields)
    file = SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115 (it is closed when it was sent)
    try:
        file.write(line(names).encode())
        async with database.snapshot() as snapshot:
            after, is_last = None, False
            while not is_last:
                position, found = await snapshot.read(partial(rows.read, limit=BATCH, after=after))
                entries = (
                    rows.entry.model_validate(row, from_attributes=True).model_dump(mode="json") for row in found
                )
                file.write("".join(line([cell(entry[name]) for name in names]) for entry in entries).encode())
                is_last = len(found) < BATCH
                after = None if is_last else [getattr(found[-1], name) for name in rows.order]
        file.seek(0)
    except BaseException:
        file.close()
        raise
    attachment = {"Content-Disposition": f'attachment; filename="{rows.name}.csv"'}
    return position, StreamingResponse(parts(file), media_type="text/csv", headers=attachment)


def parts(file: SpooledTemporaryFile[bytes]) -> Iterator[bytes]:
    """What was written, and the end of the file."""
    with file:
        while part := file.read(PART):
            yield part


def line(cells: Sequence[str]) -> str:
    """One line of CSV."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def cell(value: Any) -> str:
    """A value as text; what a spreadsheet would run is made to be shown."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(RUN_BY_SPREADSHEETS) else value
        case list():
            return cell("; ".join("" if each is None else str(each) for each in value))
        case Mapping():
            return " ".join(f"{name}={entry}" for name, entry in value.items())
        case _:
            return str(value)


def as_csv(figures: type[ReportHead]) -> dict[int | str, dict[str, Any]]:
    """The answers of a report, for a route's `responses`: what it is in CSV beside JSON, and that it is nothing else."""
    shown = given_example(figures)["items"]
    text = line(list(shown[0])) + "".join(line([cell(value) for value in entry.values()]) for entry in shown)
    schema = {"type": "string", "maxLength": 2**31 - 1, "pattern": "^[a-z_]+,", "description": "Names, then rows."}
    found = {
        "description": "Successful Response",
        "headers": {"Change-Position": {"$ref": "#/components/headers/Change-Position"}},
        "content": {"text/csv": {"schema": schema, "example": text}},
    }
    return {200: found, **problems(406, "not-acceptable")}
