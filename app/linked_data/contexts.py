"""The contexts that make linked data of the JSON of the API (JSON-LD 1.1): one a kind, from its schema and its meaning.

The JSON stays as it is. A context says of each field which property it is, of ids of others where they lead, and of terms
which concepts they are.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import Column

from app.database.tables import table_of
from app.linked_data.meanings import property_of
from app.linked_data.names import class_of, full, own_name, vocabulary_address
from app.resources.kind import KINDS, Kind
from app.schema.fields import URL_PATTERN, LanguageTag
from app.vocabularies.term import Term

Definition = dict[str, Any]
NEXT_CURSOR = "next_cursor"
LISTS: Definition = {
    "items": {"@id": full("hydra:member")},
    "total": {"@id": full("hydra:totalItems")},
}
"""What the fields of a list mean, whatever it holds."""


TYPES = {AwareDatetime: "xsd:dateTime", datetime: "xsd:dateTime", date: "xsd:date"}


class Value(NamedTuple):
    """What a field holds: one or many of a type, addresses, or names with something behind each."""

    type: Any
    is_named: bool = False
    is_address: bool = False


def context_of(kind: Kind[Any], base: str) -> dict[str, Any]:
    """The context of a kind, and of lists of it."""
    lists = {**LISTS, "next_cursor": {"@id": own_name(base, NEXT_CURSOR)}}
    return {"@context": {"@version": 1.1, **lists, **fields(kind, kind.public, base)}}


def fields(kind: Kind[Any], schema: type[BaseModel], base: str, path: str = "") -> Definition:
    """What the fields of a schema mean."""
    return {
        name: definition(kind, field.rebuild_annotation(), base, f"{path}{name}")
        for name, field in schema.model_fields.items()
    }


def definition(kind: Kind[Any], annotation: Any, base: str, path: str) -> Definition:
    """What a field means, by what it holds."""
    known, value = property_of(kind, path), value_of(annotation)
    found = {"@id": own_name(base, f"{class_of(kind)}.{path}") if known is None else full(known)}
    target = None if value.is_named else target_of(kind, path)
    if value.is_named:
        return found | ({"@container": "@language"} if value.type is str else {"@type": "@json"})
    if target is not None:
        return found | leading(f"{base}/v1/{target.path}/")
    if value.is_address:
        return found | {"@type": "@id"}
    if issubclass(value.type, Term):
        return found | leading(f"{vocabulary_address(value.type, base)}#")
    if issubclass(value.type, BaseModel):
        return found | {"@context": fields(kind, value.type, base, f"{path}.")}
    return found | ({"@type": full(TYPES[value.type])} if value.type in TYPES else {})


def leading(where: str) -> Definition:
    """What makes addresses of ids or codes: JSON-LD does so with the words of a vocabulary."""
    return {"@type": "@vocab", "@context": {"@vocab": where}}


def value_of(annotation: Any) -> Value:
    """What a field holds, whether it may be empty or not."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        [choice] = [each for each in arguments if each is not type(None)]
        return value_of(choice)
    if origin is dict:
        return Value(str if arguments[0] == LanguageTag else Any, is_named=True)
    if origin is Annotated and URL_PATTERN in patterns(arguments[1:]):
        return Value(str, is_address=True)
    return value_of(arguments[0]) if origin in (Annotated, list) else Value(annotation)


def patterns(metadata: Iterable[Any]) -> Iterator[str | None]:
    """The patterns that a text must match."""
    for each in metadata:
        yield getattr(each, "pattern", None)
        yield from patterns(getattr(each, "metadata", ()))


def target_of(kind: Kind[Any], path: str) -> Kind[Any] | None:
    """The kind whose ids a field holds; None for anything else, and for what has no address by its id."""
    name, _, entry = path.partition(".")
    child = kind.lists.get(name)
    table = table_of(kind.table if child is None else child.table)
    column: Column[Any] | None = table.c.get(name if child is None else entry or child.value or "")
    for key in () if column is None else column.foreign_keys:
        target = KINDS[key.column.table.name]
        if target.within is None:
            return target
    return None


def own_fields(kind: Kind[Any], schema: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """The fields that have their meaning here alone, by their path, those of objects in fields too."""
    for name, field in schema.model_fields.items():
        place = f"{path}{name}"
        if property_of(kind, place) is None:
            yield place, field
        held = value_of(field.rebuild_annotation())
        if not held.is_named and issubclass(held.type, BaseModel):
            yield from own_fields(kind, held.type, f"{place}.")
