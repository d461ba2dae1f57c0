"""Answers that are tables: what is in the file of lines, in the form that was chosen."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from app.http.base import base_at
from app.runtime import Runtime
from app.sheets import separated, workbook
from app.sheets.choice import Chosen
from app.sheets.files import File, FileAnswer, converted
from app.sheets.table import About, Table

JSON_LINES = "application/jsonl"
MEDIA_TYPES = {"csv": separated.MEDIA_TYPE, "xlsx": workbook.MEDIA_TYPE, "jsonl": JSON_LINES}


async def answer_table(
    lines: File,
    table: Table,
    form: Chosen,
    about: About,
    cell: Callable[[Any], str] = separated.lossless_cell,
) -> Response:
    """The file of a table; `cell` writes a value of CSV for programs."""
    if form.suffix != "jsonl":
        lines = await converted(lines, writing(table, form, about, cell))
    headers = {"Change-Position": str(about.position)}
    if form.suffix == "xlsx":
        headers |= {"Content-Language": str(form.language), "Vary": "Accept-Language"}
    return FileAnswer(lines, MEDIA_TYPES[form.suffix], f"{table.title.file}.{form.suffix}", headers)


def writing(table: Table, form: Chosen, about: About, cell: Callable[[Any], str]) -> Callable[[File, File], None]:
    """What makes the file out of the lines."""
    if form.language is None:
        return partial(separated.write_csv, names=list(table.schema.model_fields), cell=cell)
    if form.dialect:
        return partial(separated.write_excel_de, table=table, zone=about.zone)
    return partial(workbook.write_workbook, table=table, about=about, language=form.language)


def about_table(request: Request, runtime: Runtime, position: int, selected: Mapping[str, str]) -> About:
    """What a file says of itself, whoever made it."""
    settings = runtime.settings
    query = f"?{request.url.query}" if request.url.query else ""
    return About(
        source=settings.operator,
        address=f"{base_at(request)}{request.url.path}{query}",
        position=position,
        day=runtime.today,
        selected=selected,
        licence=settings.data_licence,
        zone=settings.zone,
    )


def table_answer(content: Mapping[str, Any]) -> dict[str, Any]:
    """The answer that is a table in one of these media types, for the contract."""
    return {
        "description": "Successful Response",
        "headers": {"Change-Position": {"$ref": "#/components/headers/Change-Position"}},
        "content": dict(content),
    }


def text_content(description: str, pattern: str, example: str) -> dict[str, Any]:
    """A file of text, for the contract."""
    schema = {"type": "string", "maxLength": 2**31 - 1, "pattern": pattern, "description": description}
    return {"schema": schema, "example": example}


def csv_content(example: str) -> dict[str, Any]:
    """A file in CSV, for the contract."""
    return text_content("Names, then rows.", "^[^,;]+[,;]", example)


SPREADSHEET_CONTENT: Mapping[str, Any] = {
    "schema": {"type": "string", "format": "binary", "maxLength": 2**31 - 1, "description": "A spreadsheet."},
    "example": "PK",
}
"""A spreadsheet, for the contract; it shows how every one begins."""
