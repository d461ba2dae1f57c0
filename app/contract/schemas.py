"""Schemas of the contract: bounded, and in the words that generators of clients know."""

import re
from typing import Any

from app.contract.parts import (
    INTEGER_LIMIT,
)
from app.contract.walking import schemas
from app.http.problem_schema import document_of_all_kinds

LENGTHS = {"uuid": 36, "date": 10, "date-time": 35, "uri": 2048}
NULL = {"type": "null"}


def problem_schemas() -> dict[str, Any]:
    """The schema of problem documents and of what they hold."""
    schema = document_of_all_kinds().model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = schema.pop("$defs")
    for part in (schema, *parts.values()):
        # Members that do not apply are absent, never null.
        for member in part["properties"].values():
            without_null(member)
    return {"Problem": schema, **parts}


def finish_schema(schema: dict[str, Any]) -> None:
    """Bound what Pydantic leaves open and drop the titles that only repeat names."""
    if isinstance(schema.get("title"), str):
        schema.pop("title")
    if isinstance(schema.get("examples"), list):
        schema.pop("examples")
    if "const" in schema and schema.get("type") == "string":
        schema["enum"] = [schema.pop("const")]
    if not all(str(value).isidentifier() for value in schema.get("enum", ())):
        # Generators of clients would give `title` and `-title` the same name.
        schema["x-enum-varnames"] = [variable_name(value) for value in schema["enum"]]
    match schema.get("type"):
        case "string" if schema.get("format") in LENGTHS:
            schema.setdefault("maxLength", LENGTHS[schema["format"]])
        case "integer":
            schema.setdefault("format", "int32")
            schema["minimum"] = int(schema.get("minimum", -INTEGER_LIMIT - 1))
            schema["maximum"] = int(schema.get("maximum", INTEGER_LIMIT))
        case "number":
            schema.setdefault("format", "double")
        case "object" if len(schema.get("patternProperties", ())) == 1:
            # The same in the words that generators of clients know.
            ((pattern, value),) = schema.pop("patternProperties").items()
            schema["additionalProperties"] = value
            schema["propertyNames"] = {"type": "string", **schema.get("propertyNames", {}), "pattern": pattern}


def finish_parameter(parameter: dict[str, Any]) -> None:
    """A parameter is there or it is not: it has no null; its example stands beside its schema."""
    schema = parameter["schema"]
    without_null(schema)
    schema.pop("description", None)
    parameter.setdefault("description", "Id of the resource.")
    parameter.pop("example", None)
    if "examples" in schema:
        parameter["example"] = schema["examples"][0]
    for each in schemas(schema):
        finish_schema(each)


def without_null(schema: dict[str, Any]) -> None:
    """Collapse a choice between a schema and null to the schema."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != NULL]
    if len(choices) == 1:
        del schema["anyOf"]
        schema |= choices[0]
        schema.pop("default", None)


def variable_name(value: str) -> str:
    """A value as the name of a constant: `-starts_at` as `STARTS_AT_DESCENDING`."""
    name = re.sub(r"\W+", "_", value.removeprefix("-")).upper().strip("_") or "ALL"
    return f"{name}_DESCENDING" if value.startswith("-") else name
