"""Ways through an OpenAPI document."""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "patch", "put", "delete")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation with its path and method."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema below a node, properties and items included."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in ("example", "examples", "default"):
                yield from schemas(value)
        yield node
    elif isinstance(node, list):
        for value in node:
            yield from schemas(value)
