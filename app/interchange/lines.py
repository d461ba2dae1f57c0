"""The lines of a file that is imported: JSON Lines, or CSV as programs and as German spreadsheets write it."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from app.http.errors import Invalid, Malformed
from app.http.messages import only_known
from app.http.problems import Problem, at
from app.http.strict_json import parse_strictly
from app.interchange.bodies import Intake
from app.language import Text
from app.sheets.separated import unshielded

JSONL, CSV = "application/jsonl", "text/csv"
MEDIA_TYPES = (JSONL, "application/x-ndjson", CSV)
LONGEST = 1024 * 1024
"""How many bytes a line may have: as many as a body."""
NO_OBJECT = Text("Eine Zeile ist ein JSON-Objekt.", "A line is a JSON object.")
TOO_LONG = Text("Eine Zeile darf höchstens 1 MiB lang sein.", "A line may have 1 MiB at most.")
NO_UTF_8 = Text("Die Datei ist kein UTF-8.", "The file is not UTF-8.")
NO_CSV = Text("Die Zeile ist kein gültiges CSV.", "The line is not valid CSV.")
CELLS = Text("Die Zeile hat mehr Zellen, als es Spalten gibt.", "The line has more cells than there are columns.")
TWICE = Text("Eine Spalte steht zweimal da.", "A column stands twice.")

GERMAN_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})", re.ASCII)
NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+(,\d+)?", re.ASCII)
AMBIGUOUS = re.compile(r"-?[1-9]\d{0,2}\.\d{3}", re.ASCII)
"""A thousand and more to people who write a decimal comma, a fraction to the programs of others."""
BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line of the file: its number, and what it says or what is wrong with it."""

    number: int
    content: Any
    problem: Problem | None = None


def lines_of(file: BinaryIO, media_type: str, intake: Intake) -> Iterator[Line]:
    """The lines of a file that say something, one after the other."""
    return csv_lines(file, intake) if media_type == CSV else json_lines(file)


def json_lines(file: BinaryIO) -> Iterator[Line]:
    """The lines of a file of JSON Lines."""
    for number, raw in numbered(file):
        if raw.strip():
            try:
                yield Line(number, parsed(raw, number))
            except Problem as problem:
                yield Line(number, None, problem)


def numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines as they are, without what some programs begin a file with; of one that is too long, only that it is."""
    number = 0
    while raw := file.readline(LONGEST + 2):
        number += 1
        if number == 1:
            raw = raw.removeprefix(BOM)
        yield number, raw
        while len(raw) > LONGEST and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST + 2)


def parsed(raw: bytes, number: int) -> dict[str, Any]:
    """The object in a line; raises Malformed."""
    if len(raw) > LONGEST:
        raise Malformed(TOO_LONG)
    content = parse_strictly(raw.rstrip(b"\r\n"), number)
    if not isinstance(content, dict):
        raise Malformed(NO_OBJECT)
    return content


class Cells:
    """What is decoded of a file as it is read, with the number of the line."""

    def __init__(self, file: BinaryIO) -> None:
        self.raw, self.number = numbered(file), 0

    def __iter__(self) -> Iterator[str]:
        for number, raw in self.raw:
            self.number = number
            if len(raw) > LONGEST:
                raise Malformed(TOO_LONG)
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                raise Malformed(NO_UTF_8) from None
            if "\0" in text:
                raise Malformed(NO_CSV)
            yield text


def csv_lines(file: BinaryIO, intake: Intake) -> Iterator[Line]:
    """The rows of a file of CSV; which sign separates its cells is seen in its first line."""
    cells = Cells(file)
    texts = iter(cells)
    try:
        head = next(texts, "")
        separator = ";" if head.count(";") > head.count(",") else ","
        [cells_of_head] = list(csv.reader([head], delimiter=separator, strict=True)) or [[]]
        names = [name.strip() for name in cells_of_head]
        if stands_twice([name for name in names if name]):
            raise Malformed(TWICE)
        columns = Columns(intake, names, is_german=separator == ";")
        columns.check()
        rows = csv.reader(texts, delimiter=separator, strict=True)
        while (begin := cells.number + 1) and (row := next(rows, None)) is not None:
            if any(row):
                yield columns.line(begin, row)
    except csv.Error:
        yield Line(max(cells.number, 1), None, Malformed(NO_CSV))
    except Problem as problem:
        yield Line(max(cells.number, 1), None, problem)


def stands_twice(names: Sequence[str]) -> bool:
    """Whether a column does, or one beside a part of it: `goal` and `goal.id`."""
    wholes = {name.partition(".")[0] for name in names if "." in name}
    return len(set(names)) != len(names) or not wholes.isdisjoint(names)


class Columns:
    """What the columns of a file are, by the schema of what is imported."""

    def __init__(self, intake: Intake, names: list[str], *, is_german: bool) -> None:
        self.names, self.is_german = names, is_german
        schema = intake.body.model_json_schema()
        self.definitions: Mapping[str, Any] = schema.get("$defs", {})
        self.fields: Mapping[str, Any] = schema["properties"]

    def check(self) -> None:
        """Refuse columns that nothing is known of, even where nothing stands in them; raises Invalid."""
        unknown = [name for name in self.names if name and name.partition(".")[0] not in self.fields]
        if unknown:
            raise Invalid(errors=[at(name, code="extra_forbidden", detail=only_known(self.fields)) for name in unknown])

    def line(self, number: int, row: list[str]) -> Line:
        """A row as what it says; an empty cell says nothing."""
        if len(row) > len(self.names):
            return Line(number, None, Malformed(CELLS))
        content: dict[str, Any] = {}
        for name, text in zip(self.names, row, strict=False):
            try:
                if text != "":
                    self.put(content, name, text)
            except Malformed as problem:
                told = at(*name.split("."), code="malformed_request", detail=problem.detail)
                return Line(number, None, Invalid(errors=[told]))
        return Line(number, content)

    def put(self, content: dict[str, Any], name: str, text: str) -> None:
        """Set what a cell says: `goal.id` is the member of an object, `external_ids.id` that of the first in a list."""
        name, _, member = name.partition(".")
        schema = self.schema_of(self.fields.get(name, {}))
        if not member:
            content[name] = self.value(schema, text)
        elif schema.get("type") == "array":
            content.setdefault(name, [{}])[0][member] = text
        else:
            content.setdefault(name, {})[member] = text

    def schema_of(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """A schema without null and without reference."""
        for choice in schema.get("anyOf", ()):
            if choice != {"type": "null"}:
                schema = choice
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema

    def value(self, schema: Mapping[str, Any], text: str) -> Any:
        """What the text of a cell is by its schema; what it is not, the schema refuses."""
        match schema.get("type"):
            case "boolean":
                return {"true": True, "false": False}.get(text.lower(), text)
            case "integer" | "number":
                return self.number(text)
            case "array" if not text.startswith("["):
                items = self.schema_of(schema["items"])
                return [self.value(items, each.strip()) for each in text.split(";") if each.strip()]
            case "array" | "object":
                return parse_strictly(text.encode())
            case _ if schema.get("format") == "date" and (day := GERMAN_DAY.fullmatch(text)):
                return f"{day[3]}-{day[2]}-{day[1]}"
            case _:
                return unshielded(text)

    def number(self, text: str) -> Any:
        """A number, with a comma before its fraction where semicolons stand between cells."""
        plain = text
        if self.is_german:
            if AMBIGUOUS.fullmatch(text):
                return text
            plain = (text.replace(".", "") if THOUSANDS.fullmatch(text) else text).replace(",", ".")
        return parse_strictly(plain.encode()) if NUMBER.fullmatch(plain) and not re.match(r"-?0\d", plain) else text
