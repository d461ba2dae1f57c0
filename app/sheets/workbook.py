"""Spreadsheets (Office Open XML): for people, with typed cells."""

from collections.abc import Sequence
from datetime import date, datetime

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from app.http.errors import Invalid
from app.http.problems import FieldError
from app.language import Language, Text
from app.sheets.columns import MIDDLE, WIDEST, Cell
from app.sheets.files import File
from app.sheets.separated import shielded
from app.sheets.table import About, Sheet, Table, read_rows, sheets_of

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576
MOST_LETTERS = 32_767
FIRST_DAY = date(1900, 3, 1)
"""Before this day spreadsheets count otherwise, or not at all."""

ABOUT = Text("Über diese Datei", "About this file")
TOO_MANY_ROWS = Text(
    "Ein Tabellenblatt hat höchstens 1.048.576 Zeilen. Bitte eine engere Auswahl oder CSV.",
    "A sheet has 1,048,576 rows at most. Select less, or take CSV.",
)
DAYS = Text("dd.mm.yyyy", "yyyy-mm-dd")
MOMENTS = Text("dd.mm.yyyy hh:mm:ss", "yyyy-mm-dd hh:mm:ss")


class Formats:
    """How cells of each kind look."""

    def __init__(self, book: Workbook, language: Language) -> None:
        self.head: Format = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.day: Format = book.add_format({"num_format": getattr(DAYS, language), "align": "left"})
        self.moment: Format = book.add_format({"num_format": getattr(MOMENTS, language), "align": "left"})
        # What is edited is read anew: an apostrophe that is not seen keeps a text a text.
        self.shielded: Format = book.add_format({"quote_prefix": True})


class Writer:
    """Writes one sheet, row by row; a row is forgotten when the next one begins."""

    def __init__(self, book: Workbook, title: str, formats: Formats) -> None:
        self.sheet: Worksheet = book.add_worksheet(title)
        self.formats = formats
        self.row = 0

    def write(self, cells: Sequence[Cell], text: Format | None = None) -> None:
        """Write a row; raises Invalid where there is no room for it."""
        if self.row == MOST_ROWS:
            raise Invalid(errors=[FieldError("parameter", "suffix", "too_many_rows", TOO_MANY_ROWS)])
        for place, value in enumerate(cells):
            # What is counted is what is said: a cell with an empty text would count, too.
            if value not in (None, ""):
                self.put(place, value, text)
        self.row += 1

    def put(self, place: int, value: Cell, text: Format | None) -> None:
        """Write a cell as what it is."""
        match value:
            case bool():
                self.sheet.write_boolean(self.row, place, value)
            case int() | float():
                self.sheet.write_number(self.row, place, value)
            case datetime() if value.date() >= FIRST_DAY:
                self.sheet.write_datetime(self.row, place, value, self.formats.moment)
            case date() if not isinstance(value, datetime) and value >= FIRST_DAY:
                self.sheet.write_datetime(self.row, place, value, self.formats.day)
            case _:
                said = written(str(value))
                shield = self.formats.shielded if shielded(said) != said else None
                self.sheet.write_string(self.row, place, said, text or shield)

    def finish(self, columns: int) -> None:
        """Keep the head in sight, and let people filter."""
        self.sheet.freeze_panes(1, 0)
        self.sheet.autofilter(0, 0, max(self.row - 1, 1), columns - 1)


def written(text: str) -> str:
    """A text that a cell can hold."""
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter would take it for the XML of a text in several fonts.
        text = f"{text} "
    if len(text) > MOST_LETTERS // 2:
        kept = text.encode("utf-16-le")
        if len(kept) > 2 * MOST_LETTERS:
            text = kept[: 2 * (MOST_LETTERS - 1)].decode("utf-16-le", errors="ignore") + "…"
    return text


def write_workbook(source: File, target: File, table: Table, about: About, language: Language) -> None:
    """Write a file of lines as a spreadsheet: its rows, their lists of objects, and what is said about it."""
    options = {"constant_memory": True, "in_memory": False}
    with Workbook(target, options) as book:
        formats = Formats(book, language)
        sheets = sheets_of(table)
        writers = [begun(book, sheet, formats, language) for sheet in sheets]
        for row, reading in read_rows(source, language, about.zone):
            for sheet, writer in zip(sheets, writers, strict=True):
                for part in sheet.rows(row):
                    writer.write([column.cell(part, reading) for column in sheet.columns])
        for sheet, writer in zip(sheets, writers, strict=True):
            writer.finish(len(sheet.columns))
        last = Writer(book, getattr(ABOUT, language), formats)
        last.sheet.set_column(0, 0, MIDDLE * 2)
        last.sheet.set_column(1, 1, WIDEST)
        for line in about.lines(table, language):
            last.write(line)


def begun(book: Workbook, sheet: Sheet, formats: Formats, language: Language) -> Writer:
    """A sheet with its head."""
    writer = Writer(book, getattr(sheet.title, language), formats)
    for place, column in enumerate(sheet.columns):
        writer.sheet.set_column(place, place, column.width)
    writer.write([getattr(column.label, language) for column in sheet.columns], formats.head)
    return writer
