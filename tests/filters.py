"""Filters of lists, each shown to let in what it should and to keep out the rest."""

from typing import Any, NamedTuple

import httpx

from tests.factories import items_of, make
from tests.schemas import own_filters, parameters

SCOPES = {"agreement_id", "goal_id"}
"""What every list is filtered by; a list may have cases of its own for it."""


class Filter(NamedTuple):
    """A filter with the value that lets in a resource with the one fields and keeps out one with the other.

    `other_value` is what the other resource is let in by, for filters that can be given twice.
    """

    name: str
    value: Any
    fields: dict[str, Any]
    other_fields: dict[str, Any]
    other_value: Any = None


async def check_filters(client: httpx.AsyncClient, path: str, filters: list[Filter]) -> None:
    """Try every filter of a list; raises AssertionError for one that has no case here, too."""
    assert {each.name for each in filters} - SCOPES == own_filters(path)
    for each in filters:
        wanted = (await make(client, path, **each.fields))["id"]
        other = (await make(client, path, **each.other_fields))["id"]
        assert await ids_of(client, path, **{each.name: each.value}) & {wanted, other} == {wanted}, each
        if parameters(path)[each.name]["type"] == "array":
            assert await ids_of(client, path, **{each.name: each.other_value}) & {wanted, other} == {other}, each
            both = {each.name: [each.value, each.other_value]}
            assert await ids_of(client, path, **both) >= {wanted, other}, each


async def ids_of(client: httpx.AsyncClient, path: str, **params: Any) -> set[str]:
    """The ids of all that a list shows."""
    return {each["id"] for each in await items_of(client, path, **{"limit": 200, **params})}
