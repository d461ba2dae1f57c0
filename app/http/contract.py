"""The OpenAPI contract: what FastAPI derives from the code, finished by a few rules that hold for every operation."""

from collections.abc import Callable, Collection, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app.http.envelope import API_VERSION
from app.http.problems import MEDIA_TYPE, Problem, ProblemDocument
from app.http.rate_limit import WINDOW_SECONDS

PREFIX = "/v1"
METHODS = ("get", "post", "patch", "put", "delete")
LENGTHS = {"uuid": 36, "date": 10, "date-time": 35, "uri": 2048}
INTEGER_LIMIT = 2**31 - 1
CONFLICT = 409

SUMMARY = "The shared record of a cooperation between a city and its welfare associations."
DESCRIPTION = """
Partners, goals, sub-measures and consultation events of a cooperation agreement, for the systems of a city and of the
associations that work with it.

- Lists are read page by page: follow `next_cursor` (or the `Link` header) until it is null.
- Changes are merge patches (RFC 7396) and need `If-Match` with the `ETag` that was read.
- Every error is a problem document (RFC 9457) in German or English, by `Accept-Language`.
- Clients must tolerate fields and enumeration values that they do not know: later versions add some.
"""
CONTACT = {
    "name": "Maintainers of the cooperation register",
    "url": "https://register.example.org/",
    "email": "register@example.org",
}
LICENSE = {"name": "EUPL-1.2", "url": "https://interoperable-europe.ec.europa.eu/collection/eupl/eupl-text-eupl-12"}
SERVERS: list[dict[str, Any]] = [
    {
        "url": PREFIX,
        "description": "The local installation, which serves this document.",
        "x-internal": False,
        "x-sandbox": True,
    },
    {"url": "https://register.example.org/v1", "description": "A production installation.", "x-internal": False},
]

COMMON = (400, 401, 422, 429, 500, 503)
WITH_ID = (404, 410)
WITH_BODY = (408, 413, 415)
WITH_IF_MATCH = (412, 428)
WITH_KEY = (403,)


def conflicts(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """The 409 answer of an operation, named by the problems that it can be; for a route's `responses`."""
    return {409: {"description": "Conflict", "x-problems": list(slugs)}}


def also(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Further errors of an operation than follow from its kind; for a route's `responses`."""
    return {status: {"description": HTTPStatus(status).phrase} for status in statuses}


class Contract:
    """Builds the document of an app once.

    `examples` gives an answer or a body by the name of its schema; `guards` are the dependencies that refuse callers
    without a key.
    """

    def __init__(
        self,
        app: FastAPI,
        tags: Mapping[str, str],
        examples: Mapping[str, Any],
        guards: Collection[Callable[..., Any]],
    ) -> None:
        self.app = app
        self.tags = [{"name": name, "description": description} for name, description in sorted(tags.items())]
        self.examples = examples
        self.guards = guards
        self.statuses: set[int] = set()

    def __call__(self) -> dict[str, Any]:
        """The finished document; FastAPI asks for it as `app.openapi`."""
        if self.app.openapi_schema is None:
            self.app.openapi_schema = self.build()
        return self.app.openapi_schema

    def build(self) -> dict[str, Any]:
        document = get_openapi(
            title="Cooperation register",
            version=API_VERSION,
            openapi_version="3.1.0",
            summary=SUMMARY,
            description=DESCRIPTION.strip(),
            routes=self.app.routes,
            tags=self.tags,
            servers=SERVERS,
            terms_of_service="https://register.example.org/terms",
            contact=CONTACT,
            license_info=LICENSE,
        )
        document["paths"] = {path.removeprefix(PREFIX): item for path, item in document["paths"].items()}
        components = document["components"]
        for name in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(name, None)
        components["schemas"] |= problem_schemas()
        guarded = self.guarded_operations()
        for path, _, operation in operations(document):
            self.finish_operation(path, operation, needs_key=operation["operationId"] in guarded)
            for parameter in operation.get("parameters", []):
                finish_parameter(parameter)
        for schema in schemas([components["schemas"], document["paths"]]):
            finish_schema(schema)
        components["schemas"] = dict(sorted(components["schemas"].items()))
        components["responses"] = {
            response_name(status): problem_answer(*by_status()[status]) for status in sorted(self.statuses)
        }
        components["headers"] = HEADERS
        components["securitySchemes"] = {"apiKey": API_KEY}
        return document

    def guarded_operations(self) -> set[str]:
        """The names of the operations that refuse callers without a key."""
        return {
            str(route.name)
            for route in iter_route_contexts(self.app.routes)
            if isinstance(route.original_route, APIRoute)
            and any(each.call in self.guards for each in dependencies_of(route.original_route.dependant))
        }

    def finish_operation(self, path: str, operation: dict[str, Any], *, needs_key: bool) -> None:
        """Add the answers, headers and security that follow from what kind of operation it is."""
        operation["operationId"] = camel(operation["operationId"])
        operation["security"] = [{"apiKey": []}] if needs_key else [{"apiKey": []}, {}]
        parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
        declared = operation["responses"]
        answers = {status: self.success(answer, status) for status, answer in declared.items() if status < "300"}
        if "If-None-Match" in parameters:
            answers["304"] = {"description": "The caller has the current version already.", "headers": headers("ETag")}
        conflicting = list(declared.get("409", {}).get("x-problems", []))
        if "Idempotency-Key" in parameters:
            conflicting.append("request-in-progress")
            answers["201"]["headers"] |= headers("Idempotent-Replayed")
        if conflicting:
            answers["409"] = problem_answer(*(Problem.kinds[slug] for slug in conflicting))
        statuses = {
            *COMMON,
            *(WITH_ID if "{" in path else ()),
            *(WITH_BODY if "requestBody" in operation else ()),
            *(WITH_IF_MATCH if "If-Match" in parameters else ()),
            *(WITH_KEY if needs_key else ()),
            *(int(status) for status in declared if "400" <= status < "600" and status != str(CONFLICT)),
        }
        self.statuses |= statuses
        for status in statuses:
            answers[str(status)] = {"$ref": f"#/components/responses/{response_name(status)}"}
        operation["responses"] = dict(sorted(answers.items()))
        if "requestBody" in operation:
            self.finish_body(operation["requestBody"], is_patch="If-Match" in parameters)

    def finish_body(self, body: dict[str, Any], *, is_patch: bool) -> None:
        """Say what a body is, under which media types, and show one."""
        body["description"] = "What is sent, as JSON."
        if is_patch:
            body["content"] = {"application/merge-patch+json": body["content"]["application/json"], **body["content"]}
        for media in body["content"].values():
            media["example"] = self.examples[schema_name(media["schema"])]

    def success(self, answer: dict[str, Any], status: str) -> dict[str, Any]:
        """An answer of the 2xx class with its headers and its example."""
        finished: dict[str, Any] = {"description": SUCCESS[status], "headers": headers()}
        for media_type, content in answer.get("content", {}).items():
            if media_type != "application/json":
                finished["content"] = {media_type: content}
                continue
            name = schema_name(content["schema"])
            if name.endswith("Page"):
                finished["headers"] = headers("Link")
            else:
                finished["headers"] = headers("ETag", "Location") if status == "201" else headers("ETag")
            finished["content"] = {media_type: {**content, "example": self.examples[name]}}
        return finished


def dependencies_of(dependant: Dependant) -> Iterator[Dependant]:
    """The dependencies of a route, those of dependencies included."""
    for each in dependant.dependencies:
        yield each
        yield from dependencies_of(each)


def schema_name(schema: Mapping[str, Any]) -> str:
    """The name of the schema that a reference leads to."""
    name: str = schema["$ref"].rpartition("/")[2]
    return name


SUCCESS = {
    "200": "What was asked for.",
    "201": "The resource that was created.",
    "204": "It was deleted.",
}

API_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of the register, sent as `Authorization: Bearer crk_...`. Reading what is public needs none.",
}


def text_header(description: str, pattern: str, length: int, example: str) -> dict[str, Any]:
    """A header that holds text."""
    return {
        "description": description,
        "schema": {"type": "string", "pattern": pattern, "maxLength": length},
        "example": example,
    }


def number_header(description: str, example: int) -> dict[str, Any]:
    """A header that holds a number."""
    return {
        "description": description,
        "schema": {"type": "integer", "format": "int32", "minimum": 0, "maximum": INTEGER_LIMIT},
        "example": example,
    }


HEADERS = {
    "API-Version": text_header("Version of this contract.", r"^\d+\.\d+\.\d+$", 20, API_VERSION),
    "Access-Control-Allow-Origin": text_header("Pages of any origin may read.", r"^\*$", 1, "*"),
    "Cache-Control": text_header("Whether the answer may be kept.", "^[a-z-]+$", 40, "no-cache"),
    "Idempotent-Replayed": text_header("Present when this is the answer to an earlier request.", "^true$", 4, "true"),
    "ETag": text_header("Version of the resource, for If-Match and If-None-Match.", '^"[0-9]+"$', 12, '"1"'),
    "Link": text_header(
        "Address of the next page (RFC 8288); absent on the last one.",
        '^<.+>; rel="next"$',
        8000,
        '</v1/goals?cursor=WyI>; rel="next"',
    ),
    "Location": text_header(
        "Address of the new resource.", "^/.+$", 2048, "/v1/goals/36711aa9-0b0b-5a2b-b5d5-2d8d2e5bd1c4"
    ),
    "RateLimit-Limit": number_header(f"Requests that a client may send in {WINDOW_SECONDS} seconds.", 6000),
    "RateLimit-Remaining": number_header("Requests that are left in this window.", 5999),
    "RateLimit-Reset": number_header("Seconds until the next window.", 60),
    "Retry-After": number_header("Seconds after which to try again.", 1),
    "WWW-Authenticate": text_header("How to authenticate.", "^Bearer.*$", 200, "Bearer"),
    "X-Request-ID": text_header(
        "Number of the request, as in the log.", "^[!-~]+$", 128, "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11"
    ),
}
ALWAYS = (
    "API-Version",
    "Access-Control-Allow-Origin",
    "Cache-Control",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "X-Request-ID",
)
HEADERS_BY_STATUS = {401: ("WWW-Authenticate",), 412: ("ETag",), 429: ("Retry-After",), 503: ("Retry-After",)}


def headers(*names: str) -> dict[str, Any]:
    """References to the headers that every answer has, and to these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted((*ALWAYS, *names))}


def by_status() -> dict[int, list[type[Problem]]]:
    """The kinds of problems by their status."""
    kinds: dict[int, list[type[Problem]]] = {}
    for kind in Problem.kinds.values():
        kinds.setdefault(kind.status, []).append(kind)
    return kinds


def response_name(status: int) -> str:
    """The name of the answer with this status among the components: that of its first kind of problem."""
    return by_status()[status][0].__name__


def problem_answer(*kinds: type[Problem]) -> dict[str, Any]:
    """The answer that carries one of these problems."""
    examples = {kind.slug: {"summary": kind.title.en, "value": problem_example(kind)} for kind in kinds}
    return {
        "description": " ".join(kind.about.en for kind in kinds),
        "headers": headers(*HEADERS_BY_STATUS.get(kinds[0].status, ())),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
    }


def problem_example(kind: type[Problem]) -> dict[str, Any]:
    """A problem document of this kind."""
    return {
        "type": f"/problems/{kind.slug}",
        "title": kind.title.en,
        "status": kind.status,
        "detail": kind.about.en,
        "instance": "/v1/goals",
        "request_id": "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11",
    }


def problem_schemas() -> dict[str, Any]:
    """The schema of problem documents and of what they hold."""
    schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = schema.pop("$defs")
    for part in (schema, *parts.values()):
        for member in part["properties"].values():
            # Members that do not apply are absent, never null.
            if "anyOf" in member:
                member.update(member.pop("anyOf")[0])
                member.pop("default", None)
    return {"Problem": schema, **parts}


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
    schema.pop("examples", None)
    match schema.get("type"):
        case "string" if schema.get("format") in LENGTHS:
            schema.setdefault("maxLength", LENGTHS[schema["format"]])
        case "string" if "const" in schema:
            schema["enum"] = [schema.pop("const")]
        case "integer":
            schema.setdefault("format", "int32")
            schema.setdefault("minimum", -INTEGER_LIMIT - 1)
            schema.setdefault("maximum", INTEGER_LIMIT)


def finish_parameter(parameter: dict[str, Any]) -> None:
    """A parameter is there or it is not: it has no null."""
    schema = parameter["schema"]
    choices = [choice for choice in schema.pop("anyOf", []) if choice != {"type": "null"}]
    if choices:
        schema |= choices[0]
    schema.pop("description", None)
    for each in schemas(schema):
        finish_schema(each)
    if parameter["in"] == "path":
        parameter.setdefault("description", "Id of the resource.")
    if parameter.get("example") is None:
        parameter.pop("example", None)


def camel(name: str) -> str:
    """`list_sub_measures` as `listSubMeasures`."""
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)
