"""Reading reports as their readers do: page by page, and as a spreadsheet."""

import csv
import io
from typing import Any

import httpx

CSV = {"Accept": "text/csv"}


async def csv_of(client: httpx.AsyncClient, report: str, **params: Any) -> list[dict[str, str]]:
    """The rows of a report in CSV, each under its names."""
    answer = await client.get(f"/v1/reports/{report}", params=params, headers=CSV)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8"), answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


async def rows_of(client: httpx.AsyncClient, report: str, **params: Any) -> list[dict[str, Any]]:
    """The rows of a report that has no pages."""
    answer = await client.get(f"/v1/reports/{report}", params=params)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows


def cells(row: dict[str, Any]) -> dict[str, str]:
    """A row of JSON as it must stand in CSV, when nothing in it needs to be kept from a spreadsheet."""
    return {name: text_of(value) for name, value in row.items()}


def text_of(value: Any) -> str:
    """A value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return "; ".join("" if each is None else each for each in value) if isinstance(value, list) else str(value)
