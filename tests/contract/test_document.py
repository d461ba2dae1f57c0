"""The contract as a document: the one that is served, complete, and tidy in every operation and schema."""

import json
import re
from itertools import pairwise

import httpx
import openapi_spec_validator
import pytest
from fastapi.routing import iter_route_contexts

from app.catalogue import FEATURES
from app.contract.names import camel
from app.contract.parts import PREFIX
from app.contract.schemas import variable_name
from app.http.problems import MEDIA_TYPE
from app.main import TAGS, create_app
from app.resources.freezing import grips
from app.resources.kind import KINDS
from app.settings import Settings
from tests.conftest import settings_for
from tests.contract.reading import OPERATIONS, Operation, examples_of, nodes
from tests.schemas import document

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=[each.id for each in OPERATIONS])


class TestDocument:
    @pytest.mark.parametrize("path", ["/openapi.json", "/v1/openapi.json"])
    async def test_is_served_as_it_is_committed(self, offline: httpx.AsyncClient, path: str) -> None:
        answer = await offline.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json() == document(), "run `make openapi` and commit openapi/openapi.json"

    def test_is_valid_openapi(self) -> None:
        assert document()["openapi"].startswith("3.1.")
        openapi_spec_validator.validate(document())

    def test_names_nobody_unless_the_settings_do(self) -> None:
        info = document()["info"]
        assert set(info) == {"title", "version", "summary", "description", "license"}
        assert info["license"]["name"] == "EUPL-1.2"
        assert [server["url"] for server in document()["servers"]] == [PREFIX]
        assert "example.org" not in json.dumps(document())

    def test_says_who_answers_for_it_and_where_it_is_served(self) -> None:
        settings = Settings(
            _env_file=None,
            operator="Stadt Musterstadt",
            contact_email="register@stadt.example",
            contact_url="https://stadt.example/kontakt",
            terms_url="https://stadt.example/nutzung",
            data_licence="https://www.govdata.de/dl-de/by-2-0",
            public_url="https://register.stadt.example/",
            timezone="Europe/Lisbon",
        )
        told = create_app(settings).openapi()
        assert told["info"]["contact"] == {
            "name": "Stadt Musterstadt",
            "url": "https://stadt.example/kontakt",
            "email": "register@stadt.example",
        }
        assert told["info"]["termsOfService"] == "https://stadt.example/nutzung"
        assert told["info"]["description"].endswith("used under https://www.govdata.de/dl-de/by-2-0.")
        assert [server["url"] for server in told["servers"]] == ["https://register.stadt.example/v1", PREFIX]
        assert all(server["description"] for server in told["servers"])
        schemas = told["components"]["schemas"]
        assert schemas["ConsultationEventCreate"]["properties"]["timezone"]["default"] == "Europe/Lisbon"
        assert "default" not in schemas["ConsultationEventUpdate"]["properties"]["timezone"]
        assert "x-setting" not in json.dumps(told)

    def test_has_every_v1_route_under_the_name_of_its_function(self) -> None:
        routes = iter_route_contexts(create_app(settings_for("sqlite:////nowhere/register.db")).routes)
        implemented = {
            (str(route.path).removeprefix(PREFIX).replace(":path}", "}"), method.lower(), camel(str(route.name)))
            for route in routes
            if getattr(route, "include_in_schema", False)
            for method in route.methods or ()
        }
        assert {(each.path, each.method, each.id) for each in OPERATIONS} == implemented

    def test_names_no_component_that_nothing_refers_to(self) -> None:
        referred = {node["$ref"] for _, node in nodes(document()) if isinstance(node, dict) and "$ref" in node}
        defined = {
            f"#/components/{part}/{name}"
            for part, named in document()["components"].items()
            for name in named
            if part != "securitySchemes"
        }
        assert referred == defined
        schemes = {name for each in OPERATIONS for choice in each.content["security"] for name in choice}
        assert schemes == set(document()["components"]["securitySchemes"])

    def test_names_schemas_after_what_they_are_for(self) -> None:
        for name in document()["components"]["schemas"]:
            assert re.fullmatch("[A-Z][A-Za-z]+", name), name
            assert not name.endswith(("Input", "Output")), name


class TestSchemas:
    def test_bound_every_value(self) -> None:
        for where, node in nodes(document()):
            if not isinstance(node, dict) or not isinstance(node.get("type"), str):
                continue
            match node["type"]:
                case "string" if "enum" not in node and "const" not in node:
                    assert "maxLength" in node, where
                    assert {"pattern", "format"} & node.keys(), where
                case "integer" | "number":
                    assert {"format", "minimum", "maximum"} <= node.keys(), where
                    if node["type"] == "integer":
                        # 2**53 - 1 is the last whole number that JavaScript keeps as it is.
                        assert node["maximum"] <= {"int32": 2**31 - 1, "int64": 2**53 - 1}[node["format"]], where
                case "array":
                    assert {"items", "maxItems"} <= node.keys(), where
                    assert node["items"], where
                case "object" if isinstance(node.get("additionalProperties"), dict):
                    assert {"propertyNames", "maxProperties"} <= node.keys(), where

    def test_give_every_value_of_an_enumeration_a_name_that_generators_can_use(self) -> None:
        found: list[dict[str, list[str]]] = [
            node for _, node in nodes(document()) if isinstance(node, dict) and isinstance(node.get("enum"), list)
        ]
        assert found
        for node in found:
            names = node.get("x-enum-varnames") or node["enum"]
            assert all(name.isidentifier() for name in names), node
            assert len(set(names)) == len(node["enum"]), node
        assert variable_name("-starts_at") == "STARTS_AT_DESCENDING"

    @every_operation
    def test_refuse_unknown_fields_in_what_is_sent_and_tolerate_them_in_what_is_answered(
        self, operation: Operation
    ) -> None:
        for media in operation.bodies.values():
            assert reached(media["schema"], "additionalProperties") <= {False}
        for answer in operation.answers.values():
            for media in answer.get("content", {}).values():
                assert False not in reached(media["schema"], "additionalProperties")


def reached(schema: dict[str, object], keyword: str) -> set[object]:
    """What a keyword says in the objects with fixed fields that a schema leads to."""
    known = document()["components"]["schemas"]
    waiting, seen, found = [schema], set(), set()
    while waiting:
        for _, node in nodes(waiting.pop()):
            if not isinstance(node, dict):
                continue
            if "properties" in node and node.get("type") == "object":
                found.add(node.get(keyword))
            name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in known and name not in seen:
                seen.add(name)
                waiting.append(known[name])
    return found


class TestOperations:
    @every_operation
    def test_say_what_they_do(self, operation: Operation) -> None:
        content = operation.content
        assert re.fullmatch("[a-z]+([A-Z][a-z]+)*", operation.id)
        assert content["summary"]
        assert not content["summary"].endswith(".")
        assert content["description"].endswith(".")
        assert [tag for tag in content["tags"] if tag in TAGS] == content["tags"] != []
        for parameter in content.get("parameters", []):
            assert parameter["description"].endswith("."), parameter["name"]
            assert "anyOf" not in parameter["schema"], parameter["name"]

    @every_operation
    def test_show_what_is_sent_and_what_is_answered(self, operation: Operation) -> None:
        for media in operation.bodies.values():
            assert examples_of(media)
        for status, answer in operation.answers.items():
            assert answer["description"], status
            for media in answer.get("content", {}).values():
                assert examples_of(media), status
        for parameter in operation.content.get("parameters", []):
            # Swagger UI sends an example as it stands, which is right for addresses only.
            if parameter["in"] == "path":
                assert "example" in parameter, parameter["name"]

    @every_operation
    def test_say_how_they_can_fail(self, operation: Operation) -> None:
        answers = operation.answers
        assert {"400", "401", "422", "429", "500", "503"} <= answers.keys()
        # What stands in a segment of its own names a resource, and what ends one the form of a file.
        assert ("404" in answers) == ("/{" in operation.path)
        # The cursor of the feed can be from a future that was lost.
        follows = operation.method == "get" and operation.path.startswith(("/changes", "/redactions"))
        assert ("410" in answers) == ("/{" in operation.path or follows)
        assert ("413" in answers) == ("415" in answers) == ("408" in answers) == bool(operation.bodies)
        # Keys and secret addresses have no versions: to revoke one twice does no harm.
        changes = operation.method in {"patch", "delete"} and not operation.path.startswith(
            ("/keys", "/calendar-feeds")
        )
        assert ("428" in answers) == changes
        required = [each["name"] for each in operation.content.get("parameters", []) if each.get("required")]
        assert ("If-Match" in required) == changes
        # A read of one resource and a PUT need no If-Match, but honour it.
        assert ("412" in answers) == any(each["name"] == "If-Match" for each in operation.content.get("parameters", []))
        for status, answer in answers.items():
            if status >= "400":
                assert list(answer["content"]) == [MEDIA_TYPE], status
                assert {example["status"] for example in examples_of(answer["content"][MEDIA_TYPE])} == {int(status)}
        assert sorted(answers) == list(answers), "in order"

    def test_say_that_what_is_on_record_stays(self) -> None:
        held = {KINDS[grip.target.name].path for grip in grips()}
        kept = {each.kind.path for each in FEATURES if each.kind.frozen} | held
        # Under the ids of other systems nothing stands below anything.
        kept |= {path.rpartition("/")[2] for path in kept}
        for each in OPERATIONS:
            if each.method in {"patch", "put", "delete"}:
                is_kept = any(each.path.startswith(f"/{path}/") for path in kept)
                assert ("/problems/frozen" in json.dumps(each.answers.get("409", ""))) is is_kept, each.id

    def test_have_names_of_their_own(self) -> None:
        names = sorted(operation.id for operation in OPERATIONS)
        assert all(one != other for one, other in pairwise(names))
