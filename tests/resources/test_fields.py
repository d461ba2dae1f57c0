"""The limits of every field, as the contract says them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from app.schema.fields import LINE_PATTERN, PARAGRAPHS_PATTERN, SLUG_PATTERN
from tests.factories import DEFAULTS, NOWHERE, body_of, errors_of, make
from tests.schemas import document, resolved

Schema = Mapping[str, Any]
PATHS = tuple(DEFAULTS)
UNCANONICAL_UUID = NOWHERE.replace("-", "")
FREE_TEXT = (LINE_PATTERN, PARAGRAPHS_PATTERN, SLUG_PATTERN)


def properties(path: str, method: str) -> dict[str, Schema]:
    """The fields of a body, by their name."""
    operation = document()["paths"][f"/{path}" if method == "post" else f"/{path}/{{id}}"][method]
    schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
    fields: dict[str, Schema] = schema["properties"]
    return fields


def takes_null(schema: Schema) -> bool:
    """Whether a field may be null."""
    return {"type": "null"} in schema.get("anyOf", [])


def bad_values(schema: Schema) -> Iterator[Any]:
    """Values that a field must refuse: wrong types, and what is just beyond its limits."""
    plain = resolved(schema)
    if not takes_null(schema):
        yield None
    match plain.get("type"):
        case "string":
            yield from (1, True, ["a"], {"a": "b"})
            yield from bad_strings(plain)
        case "integer":
            yield from ("5", True, 5.5, plain["minimum"] - 1, plain["maximum"] + 1, 2**63, 1e300, [1])
        case "array":
            yield from ("a", 1, {"a": 1}, [None], [{"unknown": 1}])
            yield [good_item(resolved(plain["items"]), number) for number in range(plain["maxItems"] + 1)]
            if plain.get("uniqueItems"):
                yield [good_item(resolved(plain["items"]), 1)] * 2
        case "object":
            yield from ("a", [], 1)


def bad_strings(plain: Schema) -> Iterator[str]:
    """Texts that a field must refuse."""
    if "enum" in plain:
        yield from ("", "unknown", plain["enum"][0].upper())
        return
    yield "a" * (plain["maxLength"] + 1)
    match plain.get("format"):
        case "date":
            yield from ("2024-02-30", "2023-02-29", "0999-01-01", "3000-01-01", "2024-1-1", "2024-01-01T00:00:00Z", "")
        case "date-time":
            yield from (
                "2024-01-01",
                "2024-01-01T10:00:00",
                "2024-01-01 10:00:00Z",
                "2024-02-30T10:00:00Z",
                "1704103200",
            )
            yield from ("2024-01-01T24:00:00Z", "2024-01-01T10:00:00+25:00", "0001-01-01T00:00:00+14:00")
        case "uuid":
            yield from (UNCANONICAL_UUID, NOWHERE[:-1], f"{{{NOWHERE}}}", "")
        case _:
            yield from ("a\u0000b", "a\u0007b", "a\u202eb")


def good_item(plain: Schema, number: int) -> Any:
    """An entry of an array that is well-formed, and different for each number."""
    match plain.get("type"):
        case "object":
            return {}
        case "integer":
            return number
        case _ if plain.get("format") == "uuid":
            return f"{number:08x}{NOWHERE[8:]}"
        case _ if "enum" in plain:
            return plain["enum"][number % len(plain["enum"])]
        case _:
            return f"entry {number}"


def is_at(pointer: str, name: str) -> bool:
    """Whether an error stands at a field or inside it."""
    return pointer == f"#/{name}" or pointer.startswith(f"#/{name}/")


async def send(client: httpx.AsyncClient, path: str, method: str, made: Mapping[str, Any], body: Any) -> httpx.Response:
    """A POST or a PATCH with this body; what httpx would not spell is sent as JSON can spell it."""
    address = f"/v1/{path}" if method == "post" else f"/v1/{path}/{made['id']}"
    headers = {"Content-Type": "application/json", "If-Match": f'"{made["version"]}"'}
    return await client.request(method, address, content=json.dumps(body), headers=headers)


@pytest.mark.parametrize("method", ["post", "patch"])
@pytest.mark.parametrize("path", PATHS)
class TestEveryField:
    async def test_refuses_what_is_beyond_its_limits(self, client: httpx.AsyncClient, path: str, method: str) -> None:
        made = await make(client, path)
        tried = 0
        for name, schema in properties(path, method).items():
            for value in bad_values(schema):
                body = (body_of(path) if method == "post" else {}) | {name: value}
                answer = await send(client, path, method, made, body)
                if answer.status_code == 400:
                    # NUL cannot even be parsed.
                    assert "\x00" in str(value)
                    continue
                places = [place for place, _ in errors_of(answer)]
                assert places, (name, value)
                assert all(is_at(place, name) for place in places), (name, value, places)
                tried += 1
        assert tried >= 20
        assert (await client.get(f"/v1/{path}/{made['id']}")).json() == made

    async def test_takes_what_is_at_its_limits(self, client: httpx.AsyncClient, path: str, method: str) -> None:
        made = await make(client, path)
        for name, schema in properties(path, method).items():
            plain = resolved(schema)
            values: list[Any] = [None] if takes_null(schema) else []
            if plain.get("type") == "string" and plain.get("pattern") in FREE_TEXT:
                values += ["a" * plain["maxLength"], "a" * plain.get("minLength", 0)]
                values += ["Ähre „größer“ 🙂 e\u0301"] if plain["pattern"] != SLUG_PATTERN else []
            if plain.get("type") == "integer" and name != "number":
                values += [plain["minimum"], plain["maximum"], float(plain["maximum"])]
            for value in values:
                body = (body_of(path) if method == "post" else {}) | {name: value}
                answer = await send(client, path, method, made, body)
                assert answer.status_code == {"post": 201, "patch": 200}[method], (name, value, answer.text)
                assert answer.json()[name] == value or (name, value) == ("number", None)
                made = answer.json()

    async def test_is_one_that_the_contract_names(self, client: httpx.AsyncClient, path: str, method: str) -> None:
        made = await make(client, path)
        for name in ("unknown", "id", "version", "created_at", "updated_at", "representation", "search_text", "code"):
            body = (body_of(path) if method == "post" else {}) | {name: "x"}
            answer = await send(client, path, method, made, body)
            assert errors_of(answer) == [(f"#/{name}", "extra_forbidden")]

    async def test_stands_in_an_object(self, client: httpx.AsyncClient, path: str, method: str) -> None:
        made = await make(client, path)
        bodies: tuple[Any, ...] = ([], "text", 1, True, [{}])
        for body in bodies:
            answer = await send(client, path, method, made, body)
            assert [place for place, _ in errors_of(answer)] == ["#"]


@pytest.mark.parametrize("path", PATHS)
class TestRequired:
    async def test_is_what_the_contract_says(self, client: httpx.AsyncClient, path: str) -> None:
        operation = document()["paths"][f"/{path}"]["post"]
        schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        answer = await client.post(f"/v1/{path}", json={})
        assert sorted(errors_of(answer)) == sorted((f"#/{name}", "missing") for name in schema["required"])
        body = {name: value for name, value in body_of(path).items() if name in schema["required"]}
        assert (await client.post(f"/v1/{path}", json=body)).status_code == 201


class TestNestedFields:
    async def test_are_named_by_their_whole_path(self, client: httpx.AsyncClient) -> None:
        body = body_of(
            "consultation-events",
            participants=[{"partner_id": NOWHERE, "delegates": -1}, {"role": "guest"}],
            agenda_items=[{"title": "x", "duration_minutes": 0}, {"titel": "x"}],
            documents=[{"title": "x", "url": "javascript:alert(1)"}],
            topic_ids=["x"],
        )
        assert sorted(errors_of(await client.post("/v1/consultation-events", json=body))) == [
            ("#/agenda_items/0/duration_minutes", "greater_than_equal"),
            ("#/agenda_items/1/titel", "extra_forbidden"),
            ("#/agenda_items/1/title", "missing"),
            ("#/documents/0/url", "string_pattern_mismatch"),
            ("#/participants/0/delegates", "greater_than_equal"),
            ("#/participants/1/partner_id", "missing"),
            ("#/participants/1/role", "enum"),
            ("#/topic_ids/0", "uuid_format"),
        ]

    @pytest.mark.parametrize(
        "url",
        ["ftp://a.de", "https://", "https:///x", "https://a b.de", "https://a.de/<x>", "//a.de", "https://a@b.de"],
    )
    async def test_refuse_addresses_that_are_none(self, client: httpx.AsyncClient, url: str) -> None:
        body = body_of("partners", website=url)
        assert errors_of(await client.post("/v1/partners", json=body)) == [("#/website", "string_pattern_mismatch")]

    @pytest.mark.parametrize(
        "url", ["http://a", "https://dresden.de/ä?q=1#x", "https://a.de:8443", "https://münchen.de/"]
    )
    async def test_take_addresses_as_they_are(self, client: httpx.AsyncClient, url: str) -> None:
        assert (await make(client, "partners", website=url))["website"] == url

    async def test_take_any_offset_and_answer_utc(self, client: httpx.AsyncClient) -> None:
        made = await make(
            client, "consultation-events", starts_at="2025-03-12T09:00:00+01:00", ends_at="2025-03-12t12:30:00.5z"
        )
        assert (made["starts_at"], made["ends_at"]) == ("2025-03-12T08:00:00Z", "2025-03-12T12:30:00.500000Z")

    async def test_know_time_zones(self, client: httpx.AsyncClient) -> None:
        body = body_of("consultation-events", timezone="Europe/Dresden")
        answer = await client.post("/v1/consultation-events", json=body)
        assert errors_of(answer) == [("#/timezone", "unknown_timezone")]
