"""Reading spreadsheets as their readers do."""

import io
from typing import Any

import httpx
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from app.catalogue import Feature
from tests.factories import items_of

Rows = list[dict[str, Any]]


def name_of(feature: Feature) -> str:
    """What a list is called in the address of its file."""
    return feature.kind.path.rpartition("/")[2]


async def everything(client: httpx.AsyncClient, feature: Feature) -> Rows:
    """What a list holds; for what stands below others, what stands below each."""
    above, _, below = feature.kind.path.partition("/")
    if not below:
        return await items_of(client, feature.kind.path)
    holders = await items_of(client, above)
    return [each for one in holders for each in await items_of(client, feature.kind.path.format(id=one["id"]))]


async def download(client: httpx.AsyncClient, path: str, **params: Any) -> httpx.Response:
    """A file."""
    answer = await client.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def sheets_in(answer: httpx.Response) -> dict[str, list[list[Any]]]:
    """The sheets of a spreadsheet: their cells, row by row, as what they are."""
    book = load_workbook(io.BytesIO(answer.content))
    return {
        sheet.title: [list(map(read, row)) for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets
    }


def read(value: Any) -> Any:
    """A cell as Excel shows it, which spells some characters by their numbers."""
    return unescape(value) if isinstance(value, str) else value


def rows_in(sheet: list[list[Any]]) -> Rows:
    """The rows of a sheet, each under the words of its head."""
    head, *rows = sheet
    assert len(set(head)) == len(head), head
    return [dict(zip(head, row, strict=True)) for row in rows]
