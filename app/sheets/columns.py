"""The columns of a table for people: what a schema's fields are called, and what each shows of a row."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel

from app.labels import LABELS, label_of
from app.language import Language, Text
from app.vocabularies.term import Term

Cell = str | bool | int | float | date | datetime | None
"""What stands in a cell: a time is a local one."""

IDENTIFIER = Text("{label} (Id)", "{label} (id)")
ZONE = Text("{label} (Zeitzone)", "{label} (time zone)")
PART_OF = Text("{label}: {part}", "{label}: {part}")
YES, NO = Text("ja", "yes"), Text("nein", "no")

NARROW, MIDDLE, WIDE, WIDEST = 12, 20, 40, 60
DATE_WIDTH, MOMENT_WIDTH, ZONE_WIDTH = 12, 20, 28


class Reading(NamedTuple):
    """How a row is read: in which language, in which time zone, and what is called how."""

    language: Language
    zone: ZoneInfo
    names: Mapping[str, str]


@dataclass(frozen=True)
class Column:
    """One column: what it is called, how wide it is, and its cell of a row, which is what JSON holds of it."""

    label: Text
    width: int
    cell: Callable[[Any, Reading], Cell]
    is_id: bool = False


class Layout(NamedTuple):
    """What a table has beside what its schema says: names beside ids, and lists of objects told in their cells."""

    has_names: bool
    tells_entries: bool


def columns_of(schema: type[BaseModel], layout: Layout, last: Collection[str] = ()) -> Iterator[Column]:
    """The columns for the fields of a schema, in order, but for those that stand last."""
    for name, field in sorted(schema.model_fields.items(), key=lambda field: field[0] in last):
        for column in columns_at(name, bare(field.annotation), layout):
            yield replace(column, cell=at(name, column.cell))


def columns_at(name: str, shape: Any, layout: Layout) -> Iterator[Column]:
    """The columns for one field, whose cells read its value."""
    label, entry = label_of(name), entry_of(shape)
    if is_schema(shape):
        for part in columns_of(shape, layout):
            yield replace(part, label=filled(PART_OF, label=label, part=part.label))
    elif is_schema(entry):
        yield Column(label, WIDE, told(entry, layout)) if layout.tells_entries else Column(label, NARROW, number_of)
    elif shape in (AwareDatetime, datetime):
        yield Column(label, MOMENT_WIDTH, local_time)
        yield Column(filled(ZONE, label=label), ZONE_WIDTH, zone_of)
    elif UUID in (shape, entry):
        if layout.has_names and name != "id":
            yield Column(label, WIDE, names_of)
        yield Column(label if name == "id" else filled(IDENTIFIER, label=label), NARROW, plain(shape, name), is_id=True)
    else:
        yield Column(label, width_of(shape), plain(shape, name))


def bare(annotation: Any) -> Any:
    """What a value is, without bounds and without null."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return bare(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return bare(next(each for each in get_args(annotation) if each is not type(None)))
    return annotation


def entry_of(shape: Any) -> Any:
    """What a list holds; None for what is none."""
    return bare(get_args(shape)[0]) if get_origin(shape) is list else None


def is_schema(shape: Any) -> bool:
    """Whether a value is an object of fields."""
    return isinstance(shape, type) and issubclass(shape, BaseModel)


def is_term(shape: Any) -> bool:
    """Whether a value is one of a closed vocabulary."""
    return isinstance(shape, type) and issubclass(shape, Term)


def width_of(shape: Any) -> int:
    """How many letters a column shows."""
    if shape is date:
        return DATE_WIDTH
    if is_term(shape):
        return MIDDLE
    return NARROW if shape in (bool, int, float) else WIDE


def filled(text: Text, **parts: Text) -> Text:
    """A text whose places are filled with others of the same language."""
    return Text(
        text.de.format(**{name: part.de for name, part in parts.items()}),
        text.en.format(**{name: part.en for name, part in parts.items()}),
    )


def at(name: str, cell: Callable[[Any, Reading], Cell]) -> Callable[[Any, Reading], Cell]:
    """Reads a field of a row; a field that the row has not got shows nothing."""
    return lambda row, reading: None if row.get(name) is None else cell(row[name], reading)


def plain(shape: Any, name: str) -> Callable[[Any, Reading], Cell]:
    """Reads a value of one cell."""
    entry = entry_of(shape)
    if entry is not None:
        each = plain(entry, name)
        return lambda values, reading: joined((each(value, reading) for value in values), reading.language)
    if is_term(shape):
        return lambda value, reading: str(getattr(shape(value).label, reading.language))
    if shape is date:
        return lambda value, _: date.fromisoformat(value)
    if get_origin(shape) is dict:
        return free_names
    return NAMING.get(name, lambda value, _: value)


def free_names(value: Mapping[str, Any], reading: Reading) -> Cell:
    """An object with free names in one cell; a name that is a field's is shown as that."""
    return "; ".join(
        f"{word(name, reading.language)}: {each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)}"
        for name, each in value.items()
    )


def word(name: str, language: Language) -> str:
    """What a field is called; the name itself where it is none."""
    return str(getattr(LABELS[name], language)) if name in LABELS else name


def field_named(value: str, reading: Reading) -> Cell:
    """What the field is called that has a name."""
    return word(value, reading.language)


def kind_named(value: str, reading: Reading) -> Cell:
    """What one of the kind is called that has a name: what refers to it is called so."""
    return word(f"{value}_id", reading.language)


NAMING: Mapping[str, Callable[[str, Reading], Cell]] = {
    "field": field_named,
    "subject_type": kind_named,
    "resource_type": kind_named,
}
"""Fields that hold the names of others."""


def local_time(value: str, reading: Reading) -> Cell:
    """A time as the clocks show it there."""
    return datetime.fromisoformat(value).astimezone(reading.zone).replace(tzinfo=None)


def zone_of(value: str, reading: Reading) -> Cell:
    """The time zone, and how far it is from UTC at that time: an hour that comes twice is told apart."""
    offset = f"{datetime.fromisoformat(value).astimezone(reading.zone):%z}"
    return f"{reading.zone.key} (UTC{offset[:3]}:{offset[3:5]})"


def names_of(value: str | Sequence[str], reading: Reading) -> Cell:
    """What the bearer of an id is called, or each of several; nothing for what the caller may not see."""
    if isinstance(value, str):
        return reading.names.get(value)
    return "; ".join(reading.names.get(each, "") for each in value)


def number_of(value: Sequence[Any], _reading: Reading) -> Cell:
    """How many entries there are."""
    return len(value)


def told(entry: type[BaseModel], layout: Layout) -> Callable[[Any, Reading], Cell]:
    """Reads the entries of a list into one cell, a line for each."""
    columns = [column for column in columns_of(entry, layout) if not column.is_id]

    def cell(values: Sequence[Any], reading: Reading) -> Cell:
        return "\n".join(", ".join(said(columns, value, reading)) for value in values)

    return cell


def said(columns: Sequence[Column], row: Any, reading: Reading) -> Iterator[str]:
    """What is said of a row: its cells with their labels."""
    for column in columns:
        value = column.cell(row, reading)
        if value not in (None, ""):
            yield f"{getattr(column.label, reading.language)}: {as_text(value, reading.language)}"


def joined(cells: Iterator[Cell], language: Language) -> str:
    """Several values in one cell."""
    return "; ".join(as_text(each, language) for each in cells)


def as_text(value: Cell, language: Language) -> str:
    """A cell as people of a language write it."""
    match value:
        case None:
            return ""
        case bool():
            return str(getattr(YES if value else NO, language))
        case float() | int():
            return str(value).replace(".", "," if language == "de" else ".")
        case datetime():
            return f"{value:%d.%m.%Y %H:%M:%S}" if language == "de" else f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return f"{value:%d.%m.%Y}" if language == "de" else f"{value:%Y-%m-%d}"
        case _:
            return value
