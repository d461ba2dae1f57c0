"""What every resource does from its creation to its end, whatever its kind."""

from typing import Any

import httpx
import pytest

from app.catalogue import FEATURES
from tests.databases import any_database
from tests.factories import NOWHERE, PATHS, body_of, delete, items_of, make, patch
from tests.problems import problem_of
from tests.schemas import answer_schema, body_schema, sort_keys

KINDS = tuple(feature.kind for feature in FEATURES)

every_kind = pytest.mark.parametrize("path", PATHS)


def name_of(path: str) -> str:
    """The field that people know a kind by."""
    (name,) = (each.named_by for each in KINDS if each.path == path)
    return name


@every_kind
class TestCreate:
    async def test_answers_what_is_then_read_and_listed(self, client: httpx.AsyncClient, path: str) -> None:
        answer = await client.post(f"/v1/{path}", json=body_of(path))
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/v1/{path}/{made['id']}"
        assert (answer.headers["etag"], made["version"]) == ('"1"', 1)
        assert made["created_at"] == made["updated_at"]
        assert set(made) == set(answer_schema(path)["properties"])
        read = await client.get(answer.headers["location"])
        assert (read.status_code, read.json(), read.headers["etag"]) == (200, made, '"1"')
        assert [each for each in await items_of(client, path) if each["id"] == made["id"]] == [made]

    @any_database
    async def test_gives_ids_that_sort_by_age(self, client: httpx.AsyncClient, path: str) -> None:
        ids = [(await make(client, path))["id"] for _ in range(5)]
        assert ids == sorted(ids)
        assert {id[14] for id in ids} == {"7"}

    @any_database
    async def test_takes_no_id_and_no_stamps(self, client: httpx.AsyncClient, path: str) -> None:
        stamps = {"id": NOWHERE, "version": 7, "created_at": "2024-01-01T00:00:00Z", "updated_at": None}
        problem = problem_of(await client.post(f"/v1/{path}", json=body_of(path, **stamps)), 422, "validation-error")
        assert {error["pointer"] for error in problem["errors"]} == {f"#/{stamp}" for stamp in stamps}


@any_database
@every_kind
class TestGet:
    async def test_does_not_know_ids_of_nothing_and_of_other_kinds(self, client: httpx.AsyncClient, path: str) -> None:
        other = await make(client, "topics" if path != "topics" else "goals")
        for id in (NOWHERE, other["id"]):
            problem_of(await client.get(f"/v1/{path}/{id}"), 404, "not-found")
            problem_of(await patch(client, path, {"id": id, "version": 1}), 404, "not-found")
            problem_of(await delete(client, path, {"id": id, "version": 1}), 404, "not-found")


@every_kind
class TestUpdate:
    async def test_raises_the_version_and_keeps_the_rest(self, client: httpx.AsyncClient, path: str) -> None:
        made = await make(client, path)
        answer = await patch(client, path, made, **{name_of(path): "Anders", "visibility": "partners"})
        changed = answer.json()
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        assert changed["updated_at"] > made["updated_at"]
        readers = {name: "partners" for name in made if name.startswith("visibility")}
        wanted = {name_of(path): "Anders", **readers, "version": 2, "updated_at": changed["updated_at"]}
        assert changed == made | wanted
        assert (await client.get(f"/v1/{path}/{made['id']}")).json() == changed
        assert [each for each in await items_of(client, path) if each["id"] == made["id"]] == [changed]

    @any_database
    async def test_that_changes_nothing_keeps_the_version(self, client: httpx.AsyncClient, path: str) -> None:
        made = await make(client, path)
        same = {name: made[name] for name in body_schema(path, "patch")["properties"]}
        for nothing in ({}, same, *({name: value} for name, value in same.items())):
            answer = await patch(client, path, made, **nothing)
            assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, made, '"1"')

    @any_database
    async def test_refuses_what_never_changes(self, client: httpx.AsyncClient, path: str) -> None:
        made = await make(client, path)
        fixed = set(made) - set(body_schema(path, "patch")["properties"])
        assert fixed >= {"id", "version", "created_at", "updated_at"}
        answer = await patch(client, path, made, **{name: made[name] for name in fixed})
        errors = problem_of(answer, 422, "validation-error")["errors"]
        assert {(error["pointer"], error["code"]) for error in errors} == {
            (f"#/{name}", "extra_forbidden") for name in fixed
        }

    async def test_moves_it_in_orders_and_searches(self, client: httpx.AsyncClient, path: str) -> None:
        made = await make(client, path, **{name_of(path): "Zebra"})
        answer = await patch(client, path, made, **{name_of(path): "Äpfel"})
        assert await items_of(client, path, q="ÄPFEL") == [answer.json()]
        assert await items_of(client, path, q="zebra") == []
        if name_of(path) not in sort_keys(path):
            return
        await make(client, path, **{name_of(path): "Aq"})
        ordered = [each[name_of(path)] for each in await items_of(client, path, sort=name_of(path))]
        assert ordered[ordered.index("Äpfel") + 1] == "Aq"


@every_kind
class TestDelete:
    async def test_leaves_its_id_behind_and_nothing_else(self, client: httpx.AsyncClient, path: str) -> None:
        made, kept = await make(client, path), await make(client, path)
        before = await total_of(client, path)
        answer = await delete(client, path, made)
        assert (answer.status_code, answer.content) == (204, b"")
        problem_of(await client.get(f"/v1/{path}/{made['id']}"), 410, "gone")
        problem_of(await patch(client, path, made, visibility="partners"), 410, "gone")
        problem_of(await delete(client, path, made), 410, "gone")
        ids = {each["id"] for each in await items_of(client, path)}
        assert made["id"] not in ids
        assert kept["id"] in ids
        assert await total_of(client, path) == before - 1
        for other in PATHS:
            if other != path:
                problem_of(await client.get(f"/v1/{other}/{made['id']}"), 404, "not-found")


async def total_of(client: httpx.AsyncClient, path: str) -> Any:
    """How many entries a list has."""
    return (await client.get(f"/v1/{path}", params={"include_total": "true", "limit": 1})).json()["total"]
