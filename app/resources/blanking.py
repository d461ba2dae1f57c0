"""What is left of a field when it is redacted: a marker in place of words, nothing in place of what may be nothing.

Days, numbers, states and references stay: reports count by them, and none of them names a person.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from app.resources.external_ids import EXTERNAL_IDS
from app.resources.kind import Kind

MARKER = "[geschwärzt / redacted]"
ADDRESS = "https://redacted.invalid/"
"""In place of an address that must be there; nothing is ever found under it (RFC 2606)."""
FIXED = frozenset({"id", "slug", "code"})
"""What a resource is known by."""

Schema = Mapping[str, Any]


@cache
def schema_of(kind: Kind[Any]) -> Schema:
    """The JSON schema of what is served of a kind."""
    return kind.public.model_json_schema()


@cache
def redactable(kind: Kind[Any]) -> tuple[str, ...]:
    """The fields of a kind that hold words."""
    schema = schema_of(kind)
    definitions = schema.get("$defs", {})
    return tuple(
        name
        for name, field in schema["properties"].items()
        if name not in FIXED and (name == EXTERNAL_IDS or has_words(field, definitions))
    )


def blanked(kind: Kind[Any], fields: Collection[str], data: Mapping[str, Any]) -> dict[str, Any]:
    """Those of these fields of a representation in which there is something to erase, with what is left of them."""
    schema = schema_of(kind)
    known, definitions = schema["properties"], schema.get("$defs", {})
    left = {
        name: [] if name == EXTERNAL_IDS else blank(known[name], definitions, data[name])
        for name in fields
        if name in data
    }
    return {name: value for name, value in left.items() if value != data[name]}


def has_words(schema: Schema, definitions: Schema) -> bool:
    """Whether people write words into what has this schema."""
    own, _ = resolved(schema, definitions)
    match own.get("type"):
        case "string":
            return is_text(own)
        case "array":
            return has_words(own["items"], definitions)
        case "object":
            return any(has_words(each, definitions) for each in members(own).values())
    return "type" not in own and "enum" not in own


def blank(schema: Schema, definitions: Schema, value: Any) -> Any:
    """What is left of a value with this schema."""
    own, is_optional = resolved(schema, definitions)
    if value is None or "enum" in own:
        return value
    match own.get("type"):
        case "string":
            return blank_text(own, value, is_optional=is_optional)
        case "array":
            left = [blank(own["items"], definitions, each) for each in value]
            # A list of words has each of them once.
            return [*dict.fromkeys(left)] if all(isinstance(each, str) for each in left) else left
        case "object":
            known = members(own)
            return {name: blank(known.get(name, known.get("", {})), definitions, each) for name, each in value.items()}
        case None:
            return None
    return value


def blank_text(schema: Schema, value: str, *, is_optional: bool) -> str | None:
    """What is left of a text."""
    if takes(schema, MARKER):
        return MARKER
    if not is_text(schema):
        return value
    return None if is_optional else ADDRESS


def is_text(schema: Schema) -> bool:
    """Whether people write it: no id, day, time or code of a vocabulary."""
    return schema.get("format") == "email" or takes(schema, MARKER) or takes(schema, ADDRESS)


def takes(schema: Schema, text: str) -> bool:
    """Whether a text fits the schema of a string."""
    fits = len(text) <= schema.get("maxLength", len(text)) and not {"format", "enum"} & schema.keys()
    return fits and re.search(schema.get("pattern", ""), text) is not None


def members(schema: Schema) -> dict[str, Schema]:
    """The members of an object; those with free names as that of the empty name."""
    known: dict[str, Schema] = schema.get("properties", {})
    return known or {"": next(iter(schema.get("patternProperties", {"": {}}).values()))}


def resolved(schema: Schema, definitions: Schema) -> tuple[Schema, bool]:
    """What a schema leads to, and whether null is allowed in its place."""
    if "$ref" in schema:
        return resolved(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" not in schema:
        return schema, False
    others = [each for each in schema["anyOf"] if each.get("type") != "null"]
    return resolved(others[0], definitions)[0], len(others) < len(schema["anyOf"])
