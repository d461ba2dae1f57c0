"""The examples of the contract are real: valid by their schemas, and the service takes them."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from app.catalogue import FEATURES
from app.cli.demo import built_in_demo, load_demo
from app.settings import Settings
from tests.contract.reading import OPERATIONS, Operation, examples_of, faults, followed
from tests.databases import any_database
from tests.factories import PATHS, changes_after
from tests.schemas import document

KINDS = tuple(feature.kind for feature in FEATURES)

NAMES = {resource.path: resource.named_by for resource in KINDS}
# What every register of Dresden's holds, with the ids that the examples show.
BUILT_IN = ("partners", "agreements", "topics", "goals", "sub-measures")
EVERY_OPERATION = [pytest.param(each, id=each.id) for each in OPERATIONS]

OF_ITS_OWN = ("/keys", "/webhook-endpoints", "/calendar-feeds", "/imports")
"""Where a register keeps what is set up or done with it."""

ON_RECORD = ("sub-measures", "needs")
"""What the examples agree on and answer, so that it is not deleted any more."""


def example_of(path: str, method: str) -> dict[str, Any]:
    """What an operation is shown to take; Dresden's own entries are there already, so this is one more of its kind."""
    body = next(iter(document()["paths"][path][method]["requestBody"]["content"].values()))
    sent: dict[str, Any] = dict(body["example"])
    if "slug" in sent:
        sent["slug"] += "-2"
    if "number" in sent:
        sent["number"] = 99
    return sent


def ids_in(operation: Operation) -> Iterator[tuple[str, str]]:
    """The ids of resources that the examples of an operation show, with the names of their fields."""
    contents = [operation.bodies, *(answer.get("content", {}) for answer in operation.answers.values())]
    for media in (media for content in contents for media in content.values()):
        for example in examples_of(media):
            yield from ids_below(example)
    if not has_own_ids(operation.path):
        for parameter in operation.content.get("parameters", []):
            yield from ids_below({parameter["name"]: parameter.get("example")})


def has_own_ids(path: str) -> bool:
    """Whether each register has other ids there: OF_ITS_OWN is no part of the record, other systems give theirs later."""
    return path.startswith(OF_ITS_OWN) or "/external/" in path


def ids_below(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """The ids in an example."""
    if isinstance(node, dict):
        is_configured = not node.keys().isdisjoint({"prefix", "own_changes", "message_id", "lines_read"})
        for each, value in node.items():
            if not (is_configured and each == "id"):
                yield from ids_below(value, each)
    elif isinstance(node, list):
        for value in node:
            yield from ids_below(value, name)
    elif (
        isinstance(node, str)
        and re.fullmatch(r"(\w+_)?ids?", name)
        and name not in ("request_id", "message_id", "import_id")
    ):
        yield name, node


@any_database
class TestExamples:
    @pytest.mark.parametrize("operation", EVERY_OPERATION)
    def test_are_valid_by_their_schemas(self, operation: Operation) -> None:
        contents = [operation.bodies, *(answer.get("content", {}) for answer in operation.answers.values())]
        for media in (media for content in contents for media in content.values()):
            for example in examples_of(media):
                assert faults(media["schema"], example) == []
        for parameter in operation.content.get("parameters", []):
            if "example" in parameter:
                assert faults(parameter["schema"], parameter["example"]) == []

    def test_of_headers_are_valid_by_their_schemas(self) -> None:
        for header in document()["components"]["headers"].values():
            assert faults(header["schema"], header["example"]) == []

    @pytest.mark.parametrize("path", PATHS)
    async def test_are_what_the_service_takes(self, client: httpx.AsyncClient, path: str) -> None:
        made = await client.post(f"/v1/{path}", json=example_of(f"/{path}", "post"))
        assert made.status_code == 201, made.text
        address = made.headers["location"]
        for media_type in document()["paths"][f"/{path}/{{id}}"]["patch"]["requestBody"]["content"]:
            headers = {"Content-Type": media_type, "If-Match": made.headers["etag"]}
            changed = await client.patch(address, json=example_of(f"/{path}/{{id}}", "patch"), headers=headers)
            assert changed.status_code == 200, changed.text
            made = changed
        removed = await client.delete(address, headers={"If-Match": made.headers["etag"]})
        assert removed.status_code == (409 if path in ON_RECORD else 204), removed.text

    @pytest.mark.parametrize("path", PATHS)
    async def test_are_like_what_the_service_answers(self, client: httpx.AsyncClient, path: str) -> None:
        made = (await client.post(f"/v1/{path}", json=example_of(f"/{path}", "post"))).json()
        shown = followed(document()["paths"][f"/{path}"]["post"]["responses"]["201"])
        example = shown["content"]["application/json"]["example"]
        assert list(example) == list(made)
        own = {"id", "slug", "number", "code", "created_at", "updated_at", "submitted_at"}
        assert {key: value for key, value in made.items() if key not in own} == {
            key: value for key, value in example.items() if key not in own
        }

    def test_of_headers_that_a_caller_sends_are_not_there(self) -> None:
        """Swagger UI would send them: the second POST with the same Idempotency-Key is another request's."""
        sent = [each for operation in OPERATIONS for each in operation.content.get("parameters", [])]
        assert [each["name"] for each in sent if each["in"] == "header" and "example" in each] == []

    @any_database
    async def test_name_what_is_there_with_the_demo_year(self, client: httpx.AsyncClient, settings: Settings) -> None:
        assert await load_demo(settings, built_in_demo())
        changes, _ = await changes_after(client, None)
        there = {change["resource_id"] for change in changes}
        shown = [each for operation in OPERATIONS for each in ids_in(operation)]
        assert {name for name, _ in shown} > {"id", "partner_id", "resource_id", "sub_measure_ids"}
        assert [(name, id) for name, id in shown if id not in there] == []
        for operation in OPERATIONS:
            if operation.method == "get" and "{" in operation.path and not has_own_ids(operation.path):
                parameters = operation.content["parameters"]
                address = operation.path.format_map({each["name"]: each.get("example") for each in parameters})
                assert (await client.get(f"/v1{address}")).status_code == 200, address

    @pytest.mark.parametrize("path", BUILT_IN)
    async def test_name_entries_that_are_there(self, client: httpx.AsyncClient, path: str) -> None:
        (id,) = (each for each in document()["paths"][f"/{path}/{{id}}"]["get"]["parameters"] if each["name"] == "id")
        answer = await client.get(f"/v1/{path}/{id['example']}")
        assert answer.status_code == 200
        shown = document()["paths"][f"/{path}/{{id}}"]["get"]["responses"]["200"]["content"]["application/json"]
        assert answer.json()[NAMES[path]] == shown["example"][NAMES[path]]
