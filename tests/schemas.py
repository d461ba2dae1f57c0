"""The contract as tests read it: which fields and parameters there are, and what they may hold.

It is the one that is committed: to make it takes as long as hundreds of tests. That the service serves the same is for
tests/contract/test_document.py.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]

COMMITTED = Path(__file__).parents[1] / "openapi/openapi.json"

SHARED_PARAMETERS = frozenset(
    {
        "limit",
        "cursor",
        "include_total",
        "q",
        "sort",
        "visibility",
        "agreement_id",
        "goal_id",
        "created_at_from",
        "created_at_before",
        "updated_at_from",
        "updated_at_before",
    }
)


@cache
def document() -> dict[str, Any]:
    """The app's contract."""
    contract: dict[str, Any] = json.loads(COMMITTED.read_text("utf-8"))
    return contract


def resolved(schema: Schema) -> Schema:
    """A schema without its reference and without its null."""
    if "anyOf" in schema:
        (schema,) = (choice for choice in schema["anyOf"] if choice != {"type": "null"})
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def takes_null(schema: Schema) -> bool:
    """Whether a value can be null."""
    return {"type": "null"} in schema.get("anyOf", [])


def body_schema(path: str, method: str) -> Schema:
    """What the body of a POST or a PATCH may hold."""
    address = f"/{path}" if method == "post" else f"/{path}/{{id}}"
    return resolved(document()["paths"][address][method]["requestBody"]["content"]["application/json"]["schema"])


def defaults_of(path: str) -> dict[str, Any]:
    """What a new resource has where nothing was sent, as far as that is said by the contract of its address."""
    operations = document()["paths"][f"/{path}"]
    content = operations["post" if "post" in operations else "put"]["requestBody"]["content"]["application/json"]
    schema = resolved(content["schema"])
    empty: Mapping[str, Any] = {"array": [], "object": {}}
    return {
        name: each.get("default", None if takes_null(each) else empty.get(resolved(each).get("type", "")))
        for name, each in schema["properties"].items()
        if name not in schema.get("required", ())
    }


def answer_schema(path: str) -> Schema:
    """What reading one resource answers."""
    answer = document()["paths"][f"/{path}/{{id}}"]["get"]["responses"]["200"]
    return resolved(answer["content"]["application/json"]["schema"])


def parameters(path: str) -> dict[str, Schema]:
    """The query parameters of a list, by name."""
    named = document()["paths"][f"/{path}"]["get"]["parameters"]
    return {each["name"]: each["schema"] for each in named if each["in"] == "query"}


def own_filters(path: str) -> set[str]:
    """The filters that a list has beyond those of all lists; `on` only says of which day another one is."""
    return parameters(path).keys() - SHARED_PARAMETERS - {"on"}


def sort_keys(path: str) -> list[str]:
    """The sort keys of a list, without direction."""
    return [key for key in parameters(path)["sort"]["enum"] if not key.startswith("-")]
