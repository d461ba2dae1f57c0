"""The OpenAPI contract: what FastAPI derives from the code, finished by a few rules that hold for every operation."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app.catalogue import FEATURES
from app.changes.models import LAST_POSITION
from app.contract.changes import tell_kinds_apart
from app.contract.names import camel, name_apart, name_of
from app.contract.parts import (
    API_KEY,
    HEADERS,
    PREFIX,
    SUCCESS,
    headers,
    info,
    problem_answer,
    reference,
    servers,
)
from app.contract.schemas import finish_parameter, finish_schema, problem_schemas
from app.contract.walking import operations, schemas
from app.http.dependencies import dependencies_of
from app.http.negotiation import JSON, LINKED
from app.http.problems import Problem
from app.http.reading_after import in_contract
from app.schema.base import FROM_SETTING
from app.settings import Settings

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
