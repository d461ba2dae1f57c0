"""A table that is to be a file: its rows as JSON, its columns for people, and what is said about it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from app.labels import label_of
from app.language import Language, Text
from app.sheets.columns import IDENTIFIER as ID
from app.sheets.columns import (
    NARROW,
    WIDE,
    Column,
    Layout,
    Reading,
    bare,
    columns_of,
    entry_of,
    filled,
    is_schema,
)
from app.sheets.files import File

NAMES = b"["
"""How a line begins that is no row and says what the ids in the rows behind it are called."""
HOLDER = ""
"""Where a row of entries keeps what it is an entry of: no field has this name."""
NUMBER = Text("Nr.", "No.")
SOURCE = Text("Quelle", "Source")
ADDRESS = Text("Abgerufen von", "Retrieved from")
POSITION = Text("Stand: Änderung Nr.", "As of change no.")
DAY = Text("Abgerufen am", "Retrieved on")
SELECTED = Text("Ausgewählt", "Selected")
LICENCE = Text("Lizenz der Daten", "Licence of the data")
ZONE = Text("Zeitzone, wo keine andere genannt ist", "Time zone where no other one is named")
EVERYTHING = Text("alles, was für Sie sichtbar ist", "everything that you may see")
UNSTATED = Text("nicht angegeben", "not stated")


class Title(NamedTuple):
    """What a table is called: its file, what it lists, and one of what it lists."""

    file: str
    many: Text
    one: Text


@dataclass(frozen=True)
class Table:
    """A table: what it is called, the schema of its rows, and whether the lines of its file name what ids stand for.

    `last` are the fields that people need least.
    """

    title: Title
    schema: type[BaseModel]
    has_names: bool
    last: Collection[str] = ()


@dataclass(frozen=True)
class Sheet:
    """One sheet of a spreadsheet: the field whose entries it lists, or none for the rows themselves."""

    title: Text
    columns: Sequence[Column]
    field: str | None = None

    def rows(self, row: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
        """The rows of the sheet that a row of the table gives."""
        if self.field is None:
            return (row,)
        entries = enumerate(row.get(self.field) or (), 1)
        return ({**entry, HOLDER: {"id": row["id"], "number": number}} for number, entry in entries)


class About(NamedTuple):
    """What a file says of itself beside its rows: who gives it, from where, as of when, which of it, and under which licence."""

    source: str | None
    address: str
    position: int
    day: date
    selected: Mapping[str, str]
    licence: str | None
    zone: ZoneInfo

    def lines(self, table: Table, language: Language) -> Iterator[tuple[str, Any]]:
        """The same, each with what it is called."""
        said = (
            (Text("Inhalt", "Content"), getattr(table.title.many, language)),
            (SOURCE, self.source or getattr(UNSTATED, language)),
            (ADDRESS, self.address),
            (POSITION, self.position),
            (DAY, self.day),
            (ZONE, self.zone.key),
            (LICENCE, self.licence or getattr(UNSTATED, language)),
        )
        for label, value in said:
            yield getattr(label, language), value
        for name, value in self.selected.items() or [("", getattr(EVERYTHING, language))]:
            yield ": ".join(filter(None, (getattr(SELECTED, language), name))), value


def sheets_of(table: Table) -> list[Sheet]:
    """The sheets of a table: its rows, then one for each of their lists of objects."""
    layout = Layout(table.has_names, tells_entries=False)
    sheets = [Sheet(table.title.many, list(columns_of(table.schema, layout, table.last)))]
    for name, field in table.schema.model_fields.items():
        entry = entry_of(bare(field.annotation))
        if is_schema(entry):
            columns = [*holder_columns(table.title.one), *columns_of(entry, layout)]
            sheets.append(Sheet(label_of(name), columns, name))
    return sheets


def holder_columns(one: Text) -> list[Column]:
    """The columns that say what an entry is an entry of, and the how manieth."""
    return [
        Column(one, WIDE, lambda row, reading: reading.names.get(row[HOLDER]["id"])),
        Column(filled(ID, label=one), NARROW, lambda row, _: row[HOLDER]["id"], is_id=True),
        Column(NUMBER, NARROW, lambda row, _: row[HOLDER]["number"]),
    ]


def read_rows(source: File, language: Language, zone: ZoneInfo) -> Iterator[tuple[dict[str, Any], Reading]]:
    """The rows of a file of lines, each with how it is to be read: its times are local where it says in which zone."""
    reading = Reading(language, zone, {})
    for line in source:
        if line.startswith(NAMES):
            reading = reading._replace(names=dict(json.loads(line)))
            continue
        row = json.loads(line)
        own = row.get("timezone")
        yield row, reading if own is None else reading._replace(zone=ZoneInfo(own))


def told_columns(table: Table) -> list[Column]:
    """The columns of a table that has no sheets: lists of objects are told in their cells."""
    return list(columns_of(table.schema, Layout(table.has_names, tells_entries=True), table.last))
