"""The contract as these tests walk it."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from jsonschema_rs import Draft202012Validator

from app.contract.walking import operations
from tests.schemas import document


class Operation(NamedTuple):
    """One operation of the contract."""

    path: str
    method: str
    content: dict[str, Any]

    @property
    def id(self) -> str:
        """Its name, as tests are named."""
        return str(self.content["operationId"])

    @property
    def answers(self) -> dict[str, Any]:
        """Its answers by status, with references followed."""
        return {status: followed(answer) for status, answer in self.content["responses"].items()}

    @property
    def bodies(self) -> dict[str, Any]:
        """What it takes, by media type."""
        content: dict[str, Any] = self.content.get("requestBody", {}).get("content", {})
        return content


REFERENCE = re.compile(r'"#/components/schemas/(\w+)"')
OPERATIONS = [Operation(*each) for each in operations(document())]
BESIDE = ("/calendar-feeds", "/imports", "/log", "/redactions", "/webhook-endpoints")
"""Where what is written is no resource: what partners have sent to them, who cosigns, what is erased.

Imports write as others do.
"""


def followed(node: Mapping[str, Any]) -> Any:
    """What a reference leads to; anything else as it is."""
    if "$ref" not in node:
        return node
    _, *steps = node["$ref"].split("/")
    target: Any = document()
    for step in steps:
        target = target[step]
    return target


def examples_of(media: Mapping[str, Any]) -> list[Any]:
    """The examples of a body or an answer."""
    return [media["example"]] if "example" in media else [each["value"] for each in media.get("examples", {}).values()]


@cache
def validator_of(schema: str) -> Draft202012Validator:
    """A schema of the contract, compiled: that takes a hundred times as long as judging a value by it."""
    return Draft202012Validator(with_what_it_refers_to(json.loads(schema)), validate_formats=True)


def with_what_it_refers_to(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with the components that it leads to: all that there are would take ten times as long to read."""
    found: dict[str, Any] = {}
    waiting: list[Any] = [schema]
    while waiting:
        for name in REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in found:
                found[name] = document()["components"]["schemas"][name]
                waiting.append(found[name])
    return {**schema, "components": {"schemas": found}}


def faults(schema: Mapping[str, Any], value: Any) -> list[str]:
    """What is wrong with a value by a schema of the contract."""
    errors = validator_of(json.dumps(schema)).iter_errors(value)
    return [f"{error.instance_path}: {error.message}" for error in errors]


def nodes(node: Any, where: str = "#") -> Iterator[tuple[str, Any]]:
    """Every part of the document with its place, examples left out."""
    yield where, node
    if isinstance(node, dict):
        for name, value in node.items():
            if name not in ("example", "examples"):
                yield from nodes(value, f"{where}/{name}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from nodes(value, f"{where}/{position}")
