"""Resources for tests: valid by default, each field can be said otherwise."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import httpx

from app.resources.ids import named_id
from tests.problems import problem_of

AGREEMENT = str(named_id("agreements", "dresden-liga-2024"))
CITY = str(named_id("partners", "landeshauptstadt-dresden"))
LIGA = str(named_id("partners", "liga-dresden"))
CARITAS = str(named_id("partners", "caritas-dresden"))
NOWHERE = "00000000-0000-4000-8000-000000000000"

numbers = count(1000)


def topic_id(slug: str) -> str:
    """The id of one of Dresden's topics."""
    return str(named_id("topics", "dresden-liga-2024", slug))


def goal_id(number: int) -> str:
    """The id of one of Dresden's goals."""
    return str(named_id("goals", "dresden-liga-2024", number))


def measure_id(goal: int, number: int) -> str:
    """The id of one of Dresden's sub-measures."""
    return str(named_id("sub-measures", "dresden-liga-2024", goal, number))


DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "agreements": {"title": "Kooperationsvereinbarung"},
    "topics": {"agreement_id": AGREEMENT, "name": "Sport"},
    "partners": {"name": "Verband", "kind": "other"},
    "goals": {"agreement_id": AGREEMENT, "topic_id": topic_id("health"), "title": "Ziel"},
    "sub-measures": {"goal_id": goal_id(1), "title": "Teilmaßnahme"},
    "consultation-events": {
        "title": "Gespräch",
        "format": "talk",
        "level": "operational",
        "starts_at": "2025-03-12T09:00:00Z",
    },
    "decisions": {"title": "Entscheidung", "kind": "sectoral"},
    "needs": {"title": "Bedarf", "raised_by_id": LIGA},
    "indicators": {"name": "Kennzahl", "unit": "Plätze", "goal_id": goal_id(1)},
    "progress-reports": {
        "sub_measure_id": measure_id(1, 1),
        "partner_id": LIGA,
        "period_from": "2025-01-01",
        "period_to": "2025-06-30",
        "summary": "Es geht voran.",
    },
}
PATHS: Sequence[str] = tuple(DEFAULTS)
"""The resources that are made by POST; those that are put at an address below another have tests of their own."""
WITH_SLUG = ("agreements", "topics", "partners")


def body_of(path: str, **fields: Any) -> dict[str, Any]:
    """What a POST to a resource's path needs, with these fields said otherwise."""
    body = {**DEFAULTS[path], **fields}
    if path in WITH_SLUG:
        body.setdefault("slug", f"{path[:-1]}-{next(numbers)}")
    if path == "goals":
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
    cursor: str = (await client.get("/v1/changes", params={"type": "nothing"})).json()["next_cursor"]
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
