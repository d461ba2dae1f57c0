"""The OpenAPI contract: what FastAPI derives from the code, finished by a few rules that hold for every operation."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.http.envelope import API_VERSION
from app.http.problems import MEDIA_TYPE, Problem, ProblemDocument
from app.http.rate_limit import WINDOW_SECONDS

PREFIX = "/v1"
METHODS = ("get", "post", "patch", "put", "delete")
LENGTHS = {"uuid": 36, "date": 10, "date-time": 35, "uri": 2048}
INTEGER_LIMIT = 2**31 - 1

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
    {"url": PREFIX, "description": "The installation that serves this document.", "x-sandbox": True},
    {"url": "https://register.example.org/v1", "description": "An installation behind TLS."},
]

COMMON = (400, 401, 422, 429, 500, 503)
WITH_ID = (404, 410)
WITH_BODY = (408, 413, 415)
WITH_IF_MATCH = (412, 428)


def conflicts(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """The 409 answer of an operation, named by the problems that it can be; for a route's `responses`."""
    return {409: {"description": "Conflict", "x-problems": list(slugs)}}


class Contract:
    """Builds the document of an app once; `examples` gives an answer by the name of its schema."""

    def __init__(self, app: FastAPI, tags: Mapping[str, str], examples: Mapping[str, Any]) -> None:
        self.app = app
        self.tags = [{"name": name, "description": description} for name, description in tags.items()]
        self.examples = examples

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
        components["responses"] = {response_name(kind): problem_answer(kind) for kind in by_status().values()}
        components["headers"] = HEADERS
        components["securitySchemes"] = {"apiKey": API_KEY}
        for path, method, operation in operations(document):
            self.finish_operation(path, method, operation)
        for schema in schemas(document["components"]["schemas"]):
            finish_schema(schema)
        for _, _, operation in operations(document):
            for parameter in operation.get("parameters", []):
                finish_parameter(parameter)
        document["components"]["schemas"] = dict(sorted(components["schemas"].items()))
        return document

    def finish_operation(self, path: str, method: str, operation: dict[str, Any]) -> None:
        """Add the answers, headers and security that follow from what kind of operation it is."""
        operation["operationId"] = camel(operation["operationId"])
        operation["security"] = [{"apiKey": []}, {}]
        takes_match = any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", []))
        statuses = [*COMMON, *(WITH_ID if "{" in path else ()), *(WITH_BODY if "requestBody" in operation else ())]
        statuses += WITH_IF_MATCH if takes_match else ()
        answers = {
            status: self.success(answer, method, status)
            for status, answer in operation["responses"].items()
            if status < "300"
        }
        if any(parameter["name"] == "If-None-Match" for parameter in operation.get("parameters", [])):
            answers["304"] = {"description": "The caller has the current version already.", "headers": headers("ETag")}
        conflict = operation["responses"].get("409")
        if conflict:
            answers["409"] = problem_answer(*(Problem.kinds[slug] for slug in conflict["x-problems"]))
        kinds = by_status()
        for status in statuses:
            answers[str(status)] = {"$ref": f"#/components/responses/{response_name(kinds[status])}"}
        operation["responses"] = dict(sorted(answers.items()))
        if method == "patch":
            content = operation["requestBody"]["content"]
            operation["requestBody"]["content"] = {
                "application/merge-patch+json": content["application/json"],
                **content,
            }
        if "requestBody" in operation:
            operation["requestBody"]["description"] = "The fields of the resource, as JSON."
            for media in operation["requestBody"]["content"].values():
                media["example"] = self.examples[media["schema"]["$ref"].rpartition("/")[2]]

    def success(self, answer: dict[str, Any], method: str, status: str) -> dict[str, Any]:
        """An answer of the 2xx class with its headers and its example."""
        content = answer.get("content", {}).get("application/json")
        finished: dict[str, Any] = {"description": SUCCESS[status if method != "patch" else "changed"]}
        if content is None:
            return finished | {"headers": headers()}
        schema = content["schema"]["$ref"].rpartition("/")[2]
        if schema.startswith("Page_"):
            item = schema.removeprefix("Page_").rstrip("_")
            example: Any = {"items": [self.examples[item]], "next_cursor": None}
            finished["headers"] = headers("Link")
        else:
            example = self.examples[schema]
            finished["headers"] = headers("ETag", "Location") if status == "201" else headers("ETag")
        finished["content"] = {"application/json": {**content, "example": example}}
        return finished


SUCCESS = {
    "200": "What was asked for.",
    "201": "The resource that was created.",
    "204": "The resource was deleted.",
    "changed": "The resource as it now is.",
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
BY_STATUS = {401: ("WWW-Authenticate",), 412: ("ETag",), 429: ("Retry-After",), 503: ("Retry-After",)}


def headers(*names: str) -> dict[str, Any]:
    """References to the headers that every answer has, and to these."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted((*ALWAYS, *names))}


def by_status() -> dict[int, type[Problem]]:
    """The problem that stands for each status in the contract; 409 has several and is written out where it occurs."""
    wanted = {*COMMON, *WITH_ID, *WITH_BODY, *WITH_IF_MATCH}
    return {kind.status: kind for kind in Problem.kinds.values() if kind.status in wanted}


def response_name(kind: type[Problem]) -> str:
    """The name of a problem's answer among the components."""
    return kind.__name__


def problem_answer(*kinds: type[Problem]) -> dict[str, Any]:
    """The answer that carries one of these problems."""
    examples = {kind.slug: {"summary": kind.title.en, "value": problem_example(kind)} for kind in kinds}
    return {
        "description": " ".join(kind.about.en for kind in kinds),
        "headers": headers(*BY_STATUS.get(kinds[0].status, ())),
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
