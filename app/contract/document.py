"""The OpenAPI contract: what FastAPI derives from the code, finished by a few rules that hold for every operation."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app.catalogue import FEATURES
from app.changes.models import LAST_POSITION
from app.contract.changes import tell_kinds_apart
from app.contract.parts import (
    API_KEY,
    HEADERS,
    INTEGER_LIMIT,
    PREFIX,
    SUCCESS,
    headers,
    info,
    problem_answer,
    reference,
    servers,
)
from app.http.dependencies import dependencies_of
from app.http.negotiation import JSON, LINKED
from app.http.problem_schema import document_of_all_kinds
from app.http.problems import Problem
from app.http.reading_after import in_contract
from app.schema.base import FROM_SETTING
from app.settings import Settings

METHODS = ("get", "post", "patch", "put", "delete")
LENGTHS = {"uuid": 36, "date": 10, "date-time": 35, "uri": 2048}
NULL = {"type": "null"}

# What operations can fail with, by the slugs of the problems.
ALWAYS = (
    "malformed-request",
    "unauthorized",
    "validation-error",
    "too-many-requests",
    "internal-error",
    "unavailable",
)
WITH_ID = ("not-found", "gone")
WITH_BODY = ("request-timeout", "payload-too-large", "unsupported-media-type")
WITH_KEY = ("forbidden",)
WRITES = ("storage-full",)
# A read, or a PUT to an address that the caller knows, needs no If-Match, but honours it.
NEEDING_IF_MATCH = ("patch", "delete")
WITH_IF_MATCH = ("precondition-failed", "precondition-required")


class Contract:
    """Builds the document of an app once; who runs it and where is what the settings say.

    `examples` gives content by the name of its schema, `guards` are the dependencies that refuse callers without a key,
    `linked` gives the context for each schema of what is there as JSON-LD too.
    """

    def __init__(
        self,
        app: FastAPI,
        settings: Settings,
        tags: Mapping[str, str],
        examples: Mapping[str, Any],
        guards: Collection[Callable[..., Any]],
        linked: Mapping[str, Any],
    ) -> None:
        self.app = app
        self.settings = settings
        self.tags = [{"name": name, "description": description} for name, description in sorted(tags.items())]
        self.examples = examples
        self.guards = guards
        self.linked = linked

    def __call__(self) -> dict[str, Any]:
        """The finished document; FastAPI asks for it as `app.openapi`."""
        if self.app.openapi_schema is None:
            self.app.openapi_schema = self.build()
        return self.app.openapi_schema

    def below(self, prefix: str) -> dict[str, Any]:
        """The same as it is served below a path."""
        return self() | {"servers": servers(self.settings, prefix)}

    def build(self) -> dict[str, Any]:
        about, places = info(self.settings), servers(self.settings, self.settings.root_path)
        document = get_openapi(
            **about,
            openapi_version="3.1.0",
            routes=self.app.routes,
            webhooks=self.app.webhooks.routes,
            tags=self.tags,
            servers=places,
        )
        document["paths"] = {path.removeprefix(PREFIX): item for path, item in document["paths"].items()}
        components = document["components"]
        guarded = self.guarded_operations()
        for path, method, operation in operations(document):
            needs_key = operation["operationId"] in guarded
            finish_operation(path, method, operation, components["schemas"], needs_key=needs_key)
            add_position(method, operation)
        for item in document["webhooks"].values():
            finish_webhook(item["post"])
        name_apart(document)
        tell_kinds_apart(components["schemas"], (feature.kind for feature in FEATURES))
        for path, method, operation in operations(document):
            one = document["paths"].get(path.partition("}")[0] + "}", {}).get("get")
            self.add_examples(operation, one, components["schemas"])
            if method == "get":
                add_linked(operation, self.linked)
        for item in document["webhooks"].values():
            self.add_examples(item["post"], None, components["schemas"])
        standard = (Problem.kinds[slug] for slug in (*ALWAYS, *WITH_ID, *WITH_BODY, *WITH_IF_MATCH, *WITH_KEY, *WRITES))
        components["responses"] = {kind.__name__: problem_answer(kind) for kind in standard}
        components["headers"] = HEADERS
        components["securitySchemes"] = {"apiKey": API_KEY}
        components["schemas"] = dict(sorted((components["schemas"] | problem_schemas()).items()))
        for name, schema in components["schemas"].items():
            self.add_defaults(schema, is_patch=name.endswith("Update"))
        for schema in schemas(components["schemas"]):
            finish_schema(schema)
        return document

    def guarded_operations(self) -> set[str]:
        """The names of the operations that refuse callers without a key."""
        return {
            str(route.name)
            for route in iter_route_contexts(self.app.routes)
            if isinstance(route.original_route, APIRoute)
            and any(each.call in self.guards for each in dependencies_of(route.original_route.dependant))
        }

    def add_defaults(self, schema: dict[str, Any], *, is_patch: bool) -> None:
        """Show the defaults that are settings; what is absent in a patch has none."""
        for field in schema.get("properties", {}).values():
            setting = field.pop(FROM_SETTING, None)
            if setting and not is_patch:
                field["default"] = getattr(self.settings, setting)

    def add_examples(self, operation: dict[str, Any], one: Any, known: Mapping[str, Any]) -> None:
        """Show what is sent and answered; `one` is the operation that reads the resource behind the path's id."""
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media in part.get("content", {}).values():
                if "$ref" in media.get("schema", {}) and "examples" not in media:
                    media.setdefault("example", self.example(name_of(media["schema"]), known))
        for parameter in operation.get("parameters", []):
            if one and (parameter["in"], parameter["name"]) == ("path", "id"):
                answered = one["responses"]["200"]["content"]["application/json"]["schema"]
                parameter["example"] = self.example(name_of(answered), known)["id"]

    def example(self, name: str, known: Mapping[str, Any]) -> Any:
        """What a schema's content looks like: ours, the schema's own, or for a page one of its entries."""
        if name in self.examples:
            return self.examples[name]
        if "examples" in known[name]:
            return known[name]["examples"][0]
        items = known[name]["properties"].get("items")
        if items is None:
            raise LookupError(f"{name} has no example: give its model one, or app.contract.examples an answer")
        return {"items": [self.example(name_of(items["items"]), known)], "next_cursor": None}


CONTEXT: Mapping[str, Any] = {
    "description": "What the names mean (JSON-LD 1.1): the address of a context, or a context itself.",
    "anyOf": [{"type": "string", "maxLength": 200, "pattern": "^/contexts/"}, {"type": "object"}],
}


def add_linked(operation: dict[str, Any], linked: Mapping[str, Any]) -> None:
    """Say that what is read is there as JSON-LD too: the same, with what it means."""
    content = operation["responses"]["200"].get("content", {})
    plain = content.get(JSON, {})
    context = linked.get(name_of(plain.get("schema", {})))
    if context is not None:
        described = {"allOf": [plain["schema"], {"type": "object", "properties": {"@context": CONTEXT}}]}
        content[LINKED] = {"schema": described, "example": {"@context": context, **plain["example"]}}


def finish_operation(
    path: str, method: str, operation: dict[str, Any], known: Mapping[str, Any], *, needs_key: bool
) -> None:
    """Add the texts, answers, headers and security that follow from what kind of operation it is."""
    operation["operationId"] = camel(operation["operationId"])
    operation["summary"] = " ".join(re.split(r"[;.](?:\s|$)", operation["description"])[0].split())
    operation["security"] = [{"apiKey": []}] if needs_key else [{"apiKey": []}, {}]
    for parameter in operation.get("parameters", []):
        finish_parameter(parameter)
        if parameter["name"] == "If-Match" and method in NEEDING_IF_MATCH:
            # The service says 428 and not 422 where it is missing, so only the document can say so.
            parameter["required"] = True
    taken = {parameter["name"] for parameter in operation.get("parameters", [])}
    given, body = operation["responses"], operation.get("requestBody")
    if body:
        body.setdefault("description", "The fields, as JSON.")
        if method == "patch":
            body["content"] = {
                "application/merge-patch+json": {**body["content"]["application/json"]},
                **body["content"],
            }
    answers = {status: success(status, answer, known) for status, answer in given.items() if status < "400"}
    if "If-None-Match" in taken and method == "get":
        answers["304"] = {"description": SUCCESS["304"], "headers": headers("ETag") | given["200"].get("headers", {})}
    own = [slug for answer in given.values() for slug in answer.get("x-problems", ())]
    slugs = [
        *ALWAYS,
        *(WITH_ID if "/{" in path else ()),
        *(WITH_BODY if body else ()),
        *(WITH_IF_MATCH[: 2 if method in NEEDING_IF_MATCH else 1] if "If-Match" in taken else ()),
        *(WITH_KEY if needs_key else ()),
        *(WRITES if method != "get" else ()),
    ]
    if "Idempotency-Key" in taken:
        own += ["request-in-progress", "validation-error", "idempotency-key-reused"]
        answers["201"]["headers"] |= headers("Idempotent-Replayed")
    kinds = [Problem.kinds[slug] for slug in dict.fromkeys((*slugs, *own))]
    for status in {kind.status for kind in kinds}:
        alike = [kind for kind in kinds if kind.status == status]
        shared = len(alike) == 1 and alike[0].slug not in own
        answers[str(status)] = reference("responses", alike[0].__name__) if shared else problem_answer(*alike)
    operation["responses"] = dict(sorted(answers.items()))


def add_position(method: str, operation: dict[str, Any]) -> None:
    """Say of a write which position its answer is the state of, and of a read how to ask for no earlier one."""
    if method == "get":
        operation.setdefault("parameters", []).append(in_contract(LAST_POSITION))
        return
    for status, answer in operation["responses"].items():
        if status < "300":
            answer["headers"] |= headers("Change-Position")


def finish_webhook(operation: dict[str, Any]) -> None:
    """Say how a receiver answers to what is sent."""
    operation["operationId"] = camel(operation["operationId"])
    operation["summary"] = " ".join(re.split(r"[:;.](?:\s|$)", operation["description"])[0].split())
    operation["security"] = []
    operation["requestBody"]["description"] = "The message, as JSON."
    for parameter in operation["parameters"]:
        finish_parameter(parameter)
    operation["responses"] = {
        "2XX": {"description": "The message was taken."},
        "410": {"description": "The endpoint is no more: nothing is sent to it any longer."},
        "default": {"description": "The message was not taken: it is sent again."},
    }


def success(status: str, answer: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """An answer that is no problem, with the headers that follow from what it holds."""
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    held = known[name_of(schema)]["properties"] if "$ref" in schema else {}
    names = [("ETag", "version" in held), ("Link", "next_cursor" in held), ("Location", status == "201")]
    sent = headers(*(name for name, is_sent in names if is_sent)) | answer.get("headers", {})
    for media in answer.get("content", {}).values():
        # How FastAPI describes streams; OpenAPI 3.1 does not know it.
        if "itemSchema" in media:
            media["schema"] = media.pop("itemSchema")
    own = answer["description"]
    return {**answer, "description": SUCCESS[status] if own == "Successful Response" else own, "headers": sent}


def problem_schemas() -> dict[str, Any]:
    """The schema of problem documents and of what they hold."""
    schema = document_of_all_kinds().model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = schema.pop("$defs")
    for part in (schema, *parts.values()):
        # Members that do not apply are absent, never null.
        for member in part["properties"].values():
            without_null(member)
    return {"Problem": schema, **parts}


def name_apart(document: dict[str, Any]) -> None:
    """Give every schema a name of its own: `LinkCreate` and `LinkPublic` for what is both sent and answered.

    What is answered, or sent to others, is left open, because later versions add fields.
    """
    known: dict[str, Any] = document["components"]["schemas"]
    parts = [operation for _, _, operation in operations(document)]
    messages = [item["post"] for item in document["webhooks"].values()]
    sent = reachable([{**part, "responses": {}} for part in parts], known)
    answered = reachable([*(part["responses"] for part in parts), *messages], known)
    both = {name for name in sent & answered if "properties" in known[name]}
    # A generic model has its good name in its title, as in `Page_GoalPublic_` with the title `GoalPage`.
    plain = {name: schema["title"] if name.endswith("_") else name for name, schema in known.items()}
    names_sent = {name: f"{name}Create" if name in both else plain[name].replace("-Input", "Create") for name in known}
    names_answered = {
        name: f"{name}Public" if name in both else plain[name].replace("-Output", "Public") for name in known
    }
    document["components"]["schemas"] = {
        **{names_sent[name]: renamed(known[name], names_sent) for name in sent},
        **{names_answered[name]: renamed(opened(known[name]), names_answered) for name in answered},
    }
    for part in parts:
        responses = renamed(part["responses"], names_answered)
        part.update(renamed(part, names_sent) | {"responses": responses})
    for message in messages:
        message.update(renamed(message, names_answered))


def opened(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without its refusal of unknown fields."""
    return {key: value for key, value in schema.items() if (key, value) != ("additionalProperties", False)}


def renamed(node: Any, names: Mapping[str, str]) -> Any:
    """A copy in which references to schemas lead to their new names."""
    if isinstance(node, list):
        return [renamed(value, names) for value in node]
    if not isinstance(node, dict):
        return node
    copy = {key: renamed(value, names) for key, value in node.items()}
    return copy | reference("schemas", names[name_of(copy)]) if name_of(copy) in names else copy


def reachable(node: Any, known: Mapping[str, Any]) -> set[str]:
    """The names of all schemas that a part of the document leads to."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        new = {name_of(each) for each in schemas(waiting.pop())} & known.keys() - found
        found |= new
        waiting += [known[name] for name in new]
    return found


def name_of(schema: Mapping[str, Any]) -> str:
    """The name of the schema that a reference leads to; of anything else the empty string."""
    target = schema.get("$ref")
    return target.removeprefix("#/components/schemas/") if isinstance(target, str) else ""


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


def finish_schema(schema: dict[str, Any]) -> None:
    """Bound what Pydantic leaves open and drop the titles that only repeat names."""
    if isinstance(schema.get("title"), str):
        schema.pop("title")
    if isinstance(schema.get("examples"), list):
        schema.pop("examples")
    if "const" in schema and schema.get("type") == "string":
        schema["enum"] = [schema.pop("const")]
    if not all(str(value).isidentifier() for value in schema.get("enum", ())):
        # Generators of clients would give `title` and `-title` the same name.
        schema["x-enum-varnames"] = [variable_name(value) for value in schema["enum"]]
    match schema.get("type"):
        case "string" if schema.get("format") in LENGTHS:
            schema.setdefault("maxLength", LENGTHS[schema["format"]])
        case "integer":
            schema.setdefault("format", "int32")
            schema["minimum"] = int(schema.get("minimum", -INTEGER_LIMIT - 1))
            schema["maximum"] = int(schema.get("maximum", INTEGER_LIMIT))
        case "number":
            schema.setdefault("format", "double")
        case "object" if len(schema.get("patternProperties", ())) == 1:
            # The same in the words that generators of clients know.
            ((pattern, value),) = schema.pop("patternProperties").items()
            schema["additionalProperties"] = value
            schema["propertyNames"] = {"type": "string", **schema.get("propertyNames", {}), "pattern": pattern}


def finish_parameter(parameter: dict[str, Any]) -> None:
    """A parameter is there or it is not: it has no null; its example stands beside its schema."""
    schema = parameter["schema"]
    without_null(schema)
    schema.pop("description", None)
    parameter.setdefault("description", "Id of the resource.")
    parameter.pop("example", None)
    if "examples" in schema:
        parameter["example"] = schema["examples"][0]
    for each in schemas(schema):
        finish_schema(each)


def without_null(schema: dict[str, Any]) -> None:
    """Collapse a choice between a schema and null to the schema."""
    choices = [choice for choice in schema.get("anyOf", []) if choice != NULL]
    if len(choices) == 1:
        del schema["anyOf"]
        schema |= choices[0]
        schema.pop("default", None)


def variable_name(value: str) -> str:
    """A value as the name of a constant: `-starts_at` as `STARTS_AT_DESCENDING`."""
    name = re.sub(r"\W+", "_", value.removeprefix("-")).upper().strip("_") or "ALL"
    return f"{name}_DESCENDING" if value.startswith("-") else name


def camel(name: str) -> str:
    """`list_sub_measures` as `listSubMeasures`."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
