"""How the content of the record looks to people: labels in place of names of fields, names in place of ids."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple, get_args, get_origin
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from app.site.frame import Look
from app.site.names import Named
from app.site.words import WORDS
from app.vocabularies.term import Term

ADDRESS = re.compile(r"https?://\S+")
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRANSLATIONS = "translations"
"""The field with a text in other languages, by what those are called."""
GERMAN = str.maketrans(",.", ".,")
UNSHOWN = frozenset(
    {"id", "slug", "version", "created_at", "updated_at", "visibility", "subject_type", "timezone", "number", "code"}
)
"""Fields that say nothing to people, or that pages say in another way."""

Names = Mapping[UUID, Named]


class Shown(NamedTuple):
    """One thing in the form in which templates show it: `text`, `paragraphs`, `link`, `percent`, `list`, `table`, `pairs`.

    `content` is a text; a Named for a link; a number for percent; Shown for each entry of a list; labels and rows of Shown
    for a table; labels with Shown for pairs.
    """

    form: str
    content: Any


class Labelled(NamedTuple):
    """A field with its label."""

    label: str
    shown: Shown


@dataclass(frozen=True)
class Showing:
    """Turns what a representation says into what people read; `zone` is where its times are."""

    look: Look
    names: Names
    zone: str | None = None

    def fields(self, model: type[BaseModel], said: Mapping[str, Any], left_out: frozenset[str]) -> list[Labelled]:
        """What is said in a representation, field by field; what is not said is left out."""
        return [
            Labelled(self.look.label(name), self.value(field.annotation, said[name], name))
            for name, field in model.model_fields.items()
            if name not in UNSHOWN | left_out and said.get(name) not in (None, "", [], {})
        ]

    def value(self, annotation: Any, value: Any, name: str = "") -> Shown:
        """A value of a field."""
        types = tuple(leaves(annotation))
        if isinstance(value, list):
            return self.entries(types, value, name)
        if isinstance(value, dict):
            return Shown("pairs", self.translated(value) if name == TRANSLATIONS else self.pairs(types, value))
        return self.scalar(types, value, name)

    def scalar(self, types: tuple[type, ...], value: Any, name: str) -> Shown:
        """One value that is no list and no object."""
        if value is None:
            return Shown("text", "—")
        if isinstance(value, bool):
            return Shown("text", self.look.say(WORDS["yes" if value else "no"]))
        if name.endswith("_percent"):
            return Shown("percent", value)
        if isinstance(value, int | float):
            return Shown("text", number(value, self.look.language))
        return self.text(types, str(value))

    def text(self, types: tuple[type, ...], value: str) -> Shown:
        """One value that is a text: what it stands for where it is a code, an id, a day, a time or an address."""
        for each in types:
            if issubclass(each, Term):
                return Shown("text", self.look.say(next(term for term in each if term == value).label))
            if each is UUID:
                named = self.names.get(UUID(value))
                return Shown("link", named) if named else Shown("text", self.look.say(WORDS["hidden"]))
            if each is AwareDatetime or issubclass(each, datetime):
                return Shown("text", self.look.moment(datetime.fromisoformat(value), self.zone))
            if each is date:
                return Shown("text", self.look.day(date.fromisoformat(value)))
        if ADDRESS.fullmatch(value):
            return Shown("link", Named(value, value))
        return Shown("paragraphs" if "\n" in value else "text", self.look.written(value))

    def entries(self, types: tuple[type, ...], values: list[Any], name: str) -> Shown:
        """A list: of objects as a table, of anything else one after the other."""
        model = model_in(types)
        if model is None or not all(isinstance(each, dict) for each in values):
            return Shown("list", [self.scalar(types, each, name) for each in values])
        columns = [field for field in model.model_fields if any(each.get(field) is not None for each in values)]
        labels = [self.look.label(field) for field in columns]
        rows = [
            [self.value(model.model_fields[field].annotation, each.get(field), field) for field in columns]
            for each in values
        ]
        return Shown("table", (labels, rows))

    def pairs(self, types: tuple[type, ...], value: Mapping[str, Any]) -> list[Labelled]:
        """An object, field by field; what has no schema is shown as it is."""
        model = model_in(types)
        if model is not None:
            return self.fields(model, value, frozenset())
        return [Labelled(self.named(name), self.value(Any, each, name)) for name, each in value.items()]

    def translated(self, value: Mapping[str, str]) -> list[Labelled]:
        """A text in several languages."""
        return [Labelled(tag, Shown("text", self.look.written(text, tag))) for tag, text in value.items()]

    def named(self, name: str) -> str:
        """What people call a member of an object without a schema; its own name, where nobody gave it another one."""
        try:
            return self.look.label(name)
        except LookupError:
            return name


def leaves(annotation: Any) -> Iterator[type]:
    """The types that an annotation is made of, without what wraps them."""
    if get_origin(annotation) is Annotated:
        yield from leaves(get_args(annotation)[0])
    elif arguments := get_args(annotation):
        for each in arguments:
            yield from leaves(each)
    elif isinstance(annotation, type):
        yield annotation


def model_in(types: tuple[type, ...]) -> type[BaseModel] | None:
    """The schema among the types, where there is one."""
    return next((each for each in types if issubclass(each, BaseModel)), None)


def ids_in(content: Any) -> Iterator[UUID]:
    """Every id that stands in a representation."""
    if isinstance(content, dict):
        for each in content.values():
            yield from ids_in(each)
    elif isinstance(content, list):
        for each in content:
            yield from ids_in(each)
    elif isinstance(content, str) and ID.fullmatch(content):
        yield UUID(content)


def number(value: float, language: str) -> str:
    """A number as people write it."""
    text = f"{value:,}" if isinstance(value, int) or not float(value).is_integer() else f"{int(value):,}"
    return text if language == "en" else text.translate(GERMAN)
