"""What breaks clients of a contract is found, each way alone, and what does not is let pass."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.contract.breaking import JUDGED, TOLD, breaking, main
from tests.contract.reading import nodes
from tests.schemas import COMMITTED, document

RELEASED = COMMITTED.with_name("released.json")

Edit = Callable[[dict[str, Any]], Any]

NAME = {"type": "string", "minLength": 1, "maxLength": 80}
THING = {
    "type": "object",
    "required": ["name", "kind"],
    "properties": {
        "name": NAME,
        "kind": {"type": "string", "enum": ["one", "two"]},
        "note": {"anyOf": [{"type": "string", "maxLength": 80, "pattern": "^.*$"}, {"type": "null"}], "default": None},
        "count": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 9},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Part"}, "maxItems": 9},
        "names": {"type": "object", "additionalProperties": NAME},
        "free": {"type": "string"},
    },
}
CONTRACT: dict[str, Any] = {
    "servers": [{"url": "/v1"}],
    "paths": {
        "/things/{id}": {
            "put": {
                "operationId": "putThing",
                "security": [{"apiKey": []}, {}],
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}},
                    {"in": "query", "name": "limit", "schema": {"type": "integer", "default": 50, "maximum": 200}},
                    {"in": "header", "name": "If-Match", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Sent"}},
                        "application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/Sent"}},
                    }
                },
                "responses": {
                    "200": {
                        "headers": {"ETag": {"required": True, "schema": {"type": "string"}}},
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Answered"}},
                            "text/csv": {"schema": {"type": "string"}},
                        },
                    },
                    "404": {"$ref": "#/components/responses/NotFound"},
                },
            },
            "get": {"operationId": "getThing", "responses": {}},
        }
    },
    "webhooks": {
        "change": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Event"}}}},
                "responses": {},
            }
        }
    },
    "components": {
        "responses": {"NotFound": {"content": {}}},
        "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "Sent": {**deepcopy(THING), "additionalProperties": True},
            "Answered": deepcopy(THING),
            "News": deepcopy(THING),
            "Part": {
                "type": "object",
                "properties": {"size": {"type": "number"}, "of": {"$ref": "#/components/schemas/Part"}},
            },
            "Event": {
                "oneOf": [{"$ref": "#/components/schemas/Part"}, {"$ref": "#/components/schemas/News"}],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {"part": "#/components/schemas/Part", "thing": "#/components/schemas/News"},
                },
            },
        },
    },
}


def operation(contract: dict[str, Any]) -> dict[str, Any]:
    """The operation that is changed."""
    found: dict[str, Any] = contract["paths"]["/things/{id}"]["put"]
    return found


def parameter(contract: dict[str, Any], at: int) -> dict[str, Any]:
    """One of its parameters."""
    found: dict[str, Any] = operation(contract)["parameters"][at]
    return found


def answer(contract: dict[str, Any]) -> dict[str, Any]:
    """What it answers."""
    found: dict[str, Any] = operation(contract)["responses"]["200"]
    return found


def schema(contract: dict[str, Any], name: str) -> dict[str, Any]:
    """A schema."""
    found: dict[str, Any] = contract["components"]["schemas"][name]
    return found


def field(name: str, **said: Any) -> Edit:
    """Say something else of a field, as in `Sent/count`; None unsays it."""

    def edit(contract: dict[str, Any]) -> None:
        where, _, field = name.partition("/")
        properties = schema(contract, where)["properties"]
        properties[field] = {key: each for key, each in (properties[field] | said).items() if each is not None}

    return edit


def note(where: str, **said: Any) -> Edit:
    """Say something else of the text that can be null."""
    return lambda contract: schema(contract, where)["properties"]["note"]["anyOf"][0].update(said)


BROKEN: dict[str, tuple[Edit, str]] = {
    "an operation is removed": (lambda it: it["paths"]["/things/{id}"].pop("get"), "GET /things/{id} is gone"),
    "an address is renamed": (
        lambda it: it["paths"].update({"/things/{key}": it["paths"].pop("/things/{id}")}),
        "GET /things/{id} is gone",
    ),
    "an operation is renamed": (lambda it: operation(it).update(operationId="setThing"), "is called setThing"),
    "a key is needed": (lambda it: operation(it)["security"].pop(), "needs more than no key"),
    "another key is needed": (lambda it: operation(it).update(security=[{"token": []}]), "needs more than apiKey"),
    "keys are sent otherwise": (
        lambda it: it["components"]["securitySchemes"]["apiKey"].update(scheme="basic"),
        "another way to authenticate",
    ),
    "a kind of keys is removed": (lambda it: it["components"]["securitySchemes"].clear(), "security scheme apiKey"),
    "a parameter is removed": (lambda it: operation(it)["parameters"].pop(1), "parameter query limit is gone"),
    "a parameter moves": (lambda it: parameter(it, 1).update({"in": "header"}), "parameter query limit is gone"),
    "a parameter is required": (lambda it: parameter(it, 1).update(required=True), "limit: is required now"),
    "a new parameter is required": (
        lambda it: operation(it)["parameters"].append(
            {"in": "query", "name": "q", "required": True, "schema": {"type": "string"}}
        ),
        "parameter query q: is required now",
    ),
    "a parameter is sent otherwise": (lambda it: parameter(it, 1).update(explode=False), "another explode"),
    "a limit of a parameter is tightened": (
        lambda it: parameter(it, 1)["schema"].update(maximum=100),
        "maximum is 100 and no more 200",
    ),
    "a default changes": (lambda it: parameter(it, 1)["schema"].update(default=20), "means 20 and no more 50"),
    "a body is required": (lambda it: operation(it)["requestBody"].update(required=True), "body: is required now"),
    "a body is removed": (lambda it: operation(it).pop("requestBody"), "body: is gone"),
    "a media type is read no more": (
        lambda it: operation(it)["requestBody"]["content"].pop("application/merge-patch+json"),
        "body as application/merge-patch+json is gone",
    ),
    "a media type is answered no more": (lambda it: answer(it)["content"].pop("text/csv"), "body as text/csv is gone"),
    "a status changes": (
        lambda it: operation(it)["responses"].update({"202": operation(it)["responses"].pop("200")}),
        "answer 200 is gone",
    ),
    "a success is added": (
        lambda it: operation(it)["responses"].update({"202": {}}),
        "answer 202: a success that was not known",
    ),
    "an error is removed": (lambda it: operation(it)["responses"].pop("404"), "answer 404 is gone"),
    "a header is removed": (lambda it: answer(it)["headers"].clear(), "header ETag is gone"),
    "a header is not always there": (
        lambda it: (
            answer(it)["headers"]["ETag"].clear() or answer(it)["headers"]["ETag"].update(schema={"type": "string"})
        ),
        "ETag: is not always",
    ),
    "a field is answered no more": (lambda it: schema(it, "Answered")["properties"].pop("note"), "field note is gone"),
    "a field is not always answered": (
        lambda it: schema(it, "Answered")["required"].remove("name"),
        "not always there",
    ),
    "a field is read no more": (lambda it: schema(it, "Sent")["properties"].pop("note"), "field note is gone"),
    "a field is required": (lambda it: schema(it, "Sent")["required"].append("free"), "free: is required now"),
    "unknown fields are refused": (
        lambda it: schema(it, "Sent").update(additionalProperties=False),
        "unknown fields are refused now",
    ),
    "names become bounded": (
        lambda it: schema(it, "Part").update(additionalProperties=NAME),
        "is bounded now",
    ),
    "names hold anything": (field("Answered/names", additionalProperties=True), "can be anything now"),
    "a value of a name changes": (
        field("Answered/names", additionalProperties={"type": "integer"}),
        "is integer and no more string",
    ),
    "a value is answered no more": (field("Answered/kind", enum=["one"]), "'two' is gone"),
    "a value is read no more": (field("Sent/kind", enum=["one"]), "'two' is gone"),
    "any value is answered": (field("Answered/kind", enum=None), "can be any value now"),
    "few values are read": (field("Sent/free", enum=["one"]), "is one of a few values now"),
    "a type is narrowed": (field("Sent/free", type="integer"), "is integer and no more string"),
    "a type in an answer changes": (field("Answered/free", type="integer"), "is integer and no more string"),
    "a type in an answer is widened": (field("Answered/count", type="number"), "is number and no more integer"),
    "an item changes": (
        lambda it: schema(it, "Part")["properties"]["size"].update(type="string"),
        "parts/[]/size: is string and no more number",
    ),
    "a format changes": (field("Answered/count", format="int64"), "has the format int64 and no more int32"),
    "a format is asked for": (field("Sent/free", format="date"), "has the format date"),
    "null is answered": (field("Answered/free", type=["string", "null"]), "can be null now"),
    "null is refused": (
        lambda it: schema(it, "Sent")["properties"]["note"]["anyOf"].pop(),
        "note: null is refused now",
    ),
    "a least length is raised": (field("Sent/name", minLength=2), "minLength is 2 and no more 1"),
    "a most length is lowered": (field("Sent/name", maxLength=8), "maxLength is 8 and no more 80"),
    "a bound is new": (field("Sent/free", maxLength=8), "maxLength is 8 and no more unbounded"),
    "a pattern is new": (field("Sent/free", pattern="^a"), "pattern is ^a now"),
    "a pattern changes": (note("Sent", pattern="^a"), "pattern is ^a now"),
    "entries must differ": (field("Sent/parts", uniqueItems=True), "uniqueItems is True now"),
    "an answer is of several kinds": (
        field("Answered/free", anyOf=[{"type": "string"}, {"type": "integer"}], type=None),
        "can be of several kinds now",
    ),
    "a kind is sent no more": (
        lambda it: schema(it, "Event")["discriminator"]["mapping"].pop("part"),
        "of the kind part is gone",
    ),
    "a webhook is removed": (lambda it: it["webhooks"].clear(), "POST change is gone"),
    "a field of a kind is sent no more": (
        lambda it: schema(it, "News")["properties"].pop("count"),
        "POST change: body of the kind thing: field count is gone",
    ),
}
KEPT: dict[str, Edit] = {
    "nothing changes": lambda _: None,
    "an operation is added": lambda it: it["paths"].update({"/other": {"get": {"operationId": "x", "responses": {}}}}),
    "a webhook is added": lambda it: it["webhooks"].update(deepcopy({"other": it["webhooks"]["change"]})),
    "a parameter is added": lambda it: operation(it)["parameters"].append(
        {"in": "query", "name": "q", "schema": {"type": "string"}}
    ),
    "parameters are reordered": lambda it: operation(it)["parameters"].reverse(),
    "a parameter is not required any more": lambda it: parameter(it, 0).update(required=False),
    "limits are widened": lambda it: parameter(it, 1)["schema"].update(maximum=500),
    "a key is not needed any more": lambda it: operation(it)["security"].append({"token": []}),
    "a way to authenticate is added": lambda it: it["components"]["securitySchemes"].update(token={"type": "http"}),
    "an optional field is read": lambda it: schema(it, "Sent")["properties"].update(more=NAME),
    "a field is not required any more": lambda it: schema(it, "Sent")["required"].remove("name"),
    "a field is answered": lambda it: schema(it, "Answered")["properties"].update(more=NAME),
    "a field is always answered": lambda it: schema(it, "Answered")["required"].append("count"),
    "an error is added": lambda it: operation(it)["responses"].update({"409": {}}),
    "not modified is answered": lambda it: operation(it)["responses"].update({"304": {}}),
    "a header is added": lambda it: answer(it)["headers"].update(Link={"schema": {"type": "string"}}),
    "media types are added": lambda it: answer(it)["content"].update({"application/ld+json": {"schema": {}}}),
    "a value is added to what is read": field("Sent/kind", enum=["one", "two", "three"]),
    "a value is added to what is answered": field("Answered/kind", enum=["one", "two", "three"]),
    "texts in answers become longer": field("Answered/name", maxLength=300),
    "a type that is read is widened": field("Sent/count", type="number", format=None),
    "larger numbers are read": field("Sent/count", format="int64", maximum=2**40),
    "null is read": field("Sent/free", type=["string", "null"]),
    "an answer is never null": lambda it: schema(it, "Answered")["properties"]["note"]["anyOf"].pop(),
    "a text is explained": note("Sent", description="More about it.", **{"x-hint": 1}),
    "a pattern is dropped": lambda it: schema(it, "Sent")["properties"]["note"]["anyOf"][0].pop("pattern"),
    "a kind is added": lambda it: schema(it, "Event")["discriminator"]["mapping"].update(
        other="#/components/schemas/Sent"
    ),
    "a schema is renamed": lambda it: (
        it["components"]["schemas"].update(Response=schema(it, "Answered")),
        answer(it)["content"]["application/json"]["schema"].update({"$ref": "#/components/schemas/Response"}),
    ),
}


def edited(edit: Edit) -> dict[str, Any]:
    """The contract with a change."""
    contract = deepcopy(CONTRACT)
    edit(contract)
    return contract


class TestBreaking:
    @pytest.mark.parametrize("case", BROKEN)
    def test_is_found_and_named(self, case: str) -> None:
        edit, expected = BROKEN[case]
        found = breaking(CONTRACT, edited(edit))
        assert any(expected in each for each in found), found

    @pytest.mark.parametrize("case", KEPT)
    def test_is_not_what_clients_can_bear(self, case: str) -> None:
        assert breaking(CONTRACT, edited(KEPT[case])) == []

    def test_is_allowed_with_a_new_major_version_in_the_address(self) -> None:
        later = edited(BROKEN["an operation is removed"][0]) | {"servers": [{"url": "/v2"}]}
        assert breaking(CONTRACT, later) == []

    def test_is_told_by_the_command(self, tmp_path: Path) -> None:
        earlier, later = tmp_path / "released.json", tmp_path / "openapi.json"
        said: list[str] = []
        assert main(earlier, later, said.append) == 0
        earlier.write_text(json.dumps(CONTRACT), "utf-8")
        later.write_text(json.dumps(edited(BROKEN["a body is removed"][0])), "utf-8")
        assert main(earlier, later, said.append) == 1
        assert main(later, later, said.append) == 0
        assert said == [
            "Nothing was released yet: no client can be broken.\n",
            "breaks clients: PUT /things/{id}: body: is gone\n",
            "No client of the last release is broken.\n",
        ]


class TestContract:
    def test_says_nothing_that_is_not_judged(self) -> None:
        told = {
            name
            for where, node in nodes(document()["components"]["schemas"])
            if isinstance(node, dict) and where.rpartition("/")[2] not in ("properties", "mapping", "#")
            for name in node
            if where.count("/") > 1 or not name[0].isupper()
        }
        assert {name for name in told if not name.startswith("x-")} - JUDGED - TOLD - {
            "propertyName",
            "mapping",
        } == set()

    def test_breaks_no_client_of_itself_or_of_the_last_release(self) -> None:
        assert breaking(document(), document()) == []
        if RELEASED.exists():
            assert breaking(json.loads(RELEASED.read_text("utf-8")), document()) == []

    def test_is_broken_where_a_field_goes(self) -> None:
        """Nothing of the real contract is passed over: what is taken away is found, wherever it stands."""
        later = deepcopy(document())
        names = ("GoalPublic", "SubMeasureCreate", "ConsultationEventUpdate", "Problem", "GoalChange")
        taken = {each for name in names for each in later["components"]["schemas"][name].pop("properties")}
        found = breaking(document(), later)
        assert {each for each in taken if any(f"field {each} is gone" in what for what in found)} == taken
