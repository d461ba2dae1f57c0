"""Resources for tests: valid by default, each field can be said otherwise."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import httpx

from tests.dresden import AGREEMENT, CARITAS, CITY, LIGA, goal_id, measure_id, topic_id
from tests.kinds import POSTED, required_of, sample_of
from tests.problems import problem_of

# What most tests need of Dresden's agreement comes along.
__all__ = ["AGREEMENT", "CARITAS", "CITY", "LIGA", "goal_id", "measure_id", "topic_id"]

NOWHERE = "00000000-0000-4000-8000-000000000000"

PATHS = tuple(POSTED)
numbers = count(1000)


def body_of(path: str, **fields: Any) -> dict[str, Any]:
    """What a POST to a resource's path needs, with these fields said otherwise."""
    body = {**(sample_of(path).body or required_of(path)), **fields}
    create = POSTED[path].create.model_fields
    if "slug" in create:
        body.setdefault("slug", f"{path[:-1]}-{next(numbers)}")
    if "number" in create and create["number"].is_required():
        # Within the limits of the field, however many a test process has made.
        body.setdefault("number", 1000 + next(numbers) % 8999)
    return body


async def make(client: httpx.AsyncClient, path: str, **fields: Any) -> dict[str, Any]:
    """Create a resource through the API and return it."""
    answer = await client.post(f"/v1/{path}", json=body_of(path, **fields))
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def patch(client: httpx.AsyncClient, path: str, resource: Mapping[str, Any], **changes: Any) -> httpx.Response:
    """Send a merge patch for a resource in the version that it is given in."""
    headers = {"If-Match": f'"{resource["version"]}"', "Content-Type": "application/merge-patch+json"}
    return await client.patch(f"/v1/{path}/{resource['id']}", json=changes, headers=headers)


async def delete(client: httpx.AsyncClient, path: str, resource: Mapping[str, Any]) -> httpx.Response:
    """Delete a resource in the version that it is given in."""
    return await client.delete(f"/v1/{path}/{resource['id']}", headers={"If-Match": f'"{resource["version"]}"'})


async def items_of(client: httpx.AsyncClient, path: str, **params: Any) -> list[dict[str, Any]]:
    """All entries of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        answer = await client.get(f"/v1/{path}", params=params | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return items


async def end_of_feed(client: httpx.AsyncClient) -> str:
    """The cursor behind all changes that there are: behind those, too, that are passed over."""
    cursor: str = (await client.get("/v1/changes", params={"type": "observation", "limit": 500})).json()["next_cursor"]
    return cursor


async def changes_after(client: httpx.AsyncClient, cursor: str | None) -> tuple[list[dict[str, Any]], str]:
    """The changes behind a cursor, and the cursor behind them."""
    answer = await client.get("/v1/changes", params={"limit": 500} | ({"cursor": cursor} if cursor else {}))
    assert (answer.status_code, answer.json()["more"]) == (200, False), answer.text
    return answer.json()["items"], answer.json()["next_cursor"]


async def history_of(client: httpx.AsyncClient, address: str) -> list[tuple[str, int]]:
    """What happened to the resource at an address: each action with the version after it."""
    answer = await client.get(f"{address}/history")
    assert (answer.status_code, answer.json()["more"]) == (200, False), answer.text
    return [(change["action"], change["version"]) for change in answer.json()["items"]]


def rule_of(answer: httpx.Response) -> str:
    """The rule by which a write is refused."""
    return str(problem_of(answer, 403, "forbidden")["rule"])


def referrers_of(answer: httpx.Response) -> set[tuple[str, str]]:
    """The kinds and ids of what a refused deletion is said to be referred to by."""
    referrers = problem_of(answer, 409, "in-use")["referrers"]
    found = {(referrer["resource"], referrer["id"]) for referrer in referrers}
    assert len(found) == len(referrers), "each stands once"
    return found


def errors_of(answer: httpx.Response) -> list[tuple[str, str]]:
    """The places and codes of a validation problem."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [
        (error.get("pointer") or error.get("parameter") or error["header"], error["code"])
        for error in answer.json()["errors"]
    ]
