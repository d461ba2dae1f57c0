"""CSV (RFC 4180): for programs, and for a German Excel that is to open it with a double click."""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from app.language import Language
from app.sheets.columns import as_text
from app.sheets.files import File
from app.sheets.table import Table, read_rows, told_columns

MEDIA_TYPE = "text/csv"
GERMAN: Language = "de"
SEMICOLON = ";"

BYTE_ORDER_MARK = "\ufeff"

# What a spreadsheet takes for the beginning of a formula, the wide forms of East Asian keyboards included.
SIGNS = "=+\\-@＝＋－＠"  # noqa: RUF001 (they are meant)
# A reader with another separator than the writer's sees a cell begin behind each of them, and quotes there as its own.
BEGINS = re.compile(rf"['\s\"]*[{SIGNS}]|'*[\t\r\n]")
# Taken as a whole, also where no sign follows: else a text of line breaks would be looked through once for each of them.
RUN = re.compile(rf"[,;'\s\"]++([{SIGNS}])?")
SEPARATOR = re.compile(r"[,;\t\r\n]")
SHIELDED_SEPARATOR = re.compile(r"([,;\t\r\n])'")
ANY_IN_JSON = re.compile(rf"(?:[,;]|(?<!\\)\")(?:\s|\\\")*[{SIGNS}]")
RUN_IN_JSON = re.compile(rf"((?:\A\"|[,;])(?:\s|\\\")*)([{SIGNS}])")
JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def line(cells: Sequence[str], separator: str = ",") -> str:
    """One line of CSV."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerow(cells)
    return text.getvalue()


def cell(value: Any) -> str:
    """A value as text, several of them in one cell; what a spreadsheet would run is made to be shown."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return shielded(value)
        case list():
            return cell("; ".join("" if each is None else str(each) for each in value))
        case _:
            return str(value)


def shielded(text: str) -> str:
    """A text with an apostrophe before whatever a spreadsheet would run, wherever a reader could see a cell begin."""
    text = RUN.sub(partial(changed, SEPARATOR, r"\g<0>'"), text)
    return f"'{text}" if BEGINS.match(text) else text


def unshielded(text: str) -> str:
    """The text of which `shielded` made this one."""
    text = text[1:] if text.startswith("'") and BEGINS.match(text, 1) else text
    return RUN.sub(partial(changed, SHIELDED_SEPARATOR, r"\1"), text)


def changed(what: re.Pattern[str], into: str, run: re.Match[str]) -> str:
    """What stands before a sign, with its separators changed from the last one on that ends a cell; other text as it is."""
    if run[1] is None:
        return run[0]
    begin = max(run[0].rfind(","), run[0].rfind(";"), 0)
    return run[0][:begin] + what.sub(into, run[0][begin:])


def lossless_cell(value: Any) -> str:
    """A value as text, lists and objects as JSON, whose texts spell what a spreadsheet would run as `\\u003d`."""
    if not isinstance(value, list | dict):
        return cell(value)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not ANY_IN_JSON.search(text):
        return text
    return JSON_TEXT.sub(lambda found: RUN_IN_JSON.sub(lambda sign: f"{sign[1]}\\u{ord(sign[2]):04x}", found[0]), text)


def write_csv(source: File, target: File, names: Sequence[str], cell: Callable[[Any], str]) -> None:
    """Write a file of lines as CSV for programs: names of fields, codes, ids and UTC."""
    target.write(line(names).encode())
    for text in source:
        row = json.loads(text)
        target.write(line([cell(row[name]) for name in names]).encode())


def write_excel_de(source: File, target: File, table: Table, zone: ZoneInfo) -> None:
    """Write a file of lines as CSV for a German Excel: semicolons, decimal commas, local times, German words."""
    columns = told_columns(table)
    target.write(f"{BYTE_ORDER_MARK}{line([column.label.de for column in columns], SEMICOLON)}".encode())
    for row, reading in read_rows(source, GERMAN, zone):
        cells = (column.cell(row, reading) for column in columns)
        shown = [shielded(each) if isinstance(each, str) else as_text(each, GERMAN) for each in cells]
        target.write(line(shown, SEMICOLON).encode())
