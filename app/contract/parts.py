"""What the contract says of the service as a whole: who runs it and where, its headers, its problems."""

from http import HTTPStatus
from typing import Any

from app.changes.models import LAST_POSITION
from app.http.envelope import API_VERSION
from app.http.problems import EXAMPLE_REQUEST, MEDIA_TYPE, Problem, example
from app.http.rate_limit import WINDOW_SECONDS
from app.settings import Settings

PREFIX = "/v1"
INTEGER_LIMIT = 2**31 - 1

DESCRIPTION = """
Partners, goals, sub-measures and consultation events of a cooperation agreement, decisions and who was heard before them,
needs, indicators and progress, for the systems of a city and of the associations that work with it.

- Lists are read page by page: follow `next_cursor` (or the `Link` header) until it is null.
- Changes are merge patches (RFC 7396) and need `If-Match` with the `ETag` that was read.
- Reports under `/reports` are figures about all of it, as JSON and as files; `/exports` has each list as a whole.
- Changes are read at `/changes`, or sent to where `/webhook-endpoints` say (Standard Webhooks).
- Every error is a problem document (RFC 9457) in German or English, by `Accept-Language`.
- Clients must tolerate fields and enumeration values that they do not know: later versions add some.
""".strip()


def info(settings: Settings) -> dict[str, Any]:
    """What the service is, and who answers for it, as far as the settings say so."""
    contact = {"name": settings.operator, "url": settings.contact_url, "email": settings.contact_email}
    licence = f"\n- The data may be used under {settings.data_licence}." if settings.data_licence else ""
    return {
        "title": "Cooperation register",
        "version": API_VERSION,
        "summary": "The shared record of a cooperation between a city and its welfare associations.",
        "description": DESCRIPTION + licence,
        "terms_of_service": settings.terms_url,
        "contact": {name: value for name, value in contact.items() if value} or None,
        "license_info": {
            "name": "EUPL-1.2",
            "url": "https://interoperable-europe.ec.europa.eu/collection/eupl/eupl-text-eupl-12",
        },
    }


def servers(settings: Settings, below: str) -> list[dict[str, Any]]:
    """Where the service is: first what generators of clients take, last what holds wherever the document is served.

    `below` is the path below which it is reached.
    """
    here = {
        "url": f"{below}{PREFIX}",
        "description": "The installation that serves this document, local or production.",
        "x-sandbox": True,
        "x-internal": False,
    }
    if settings.public_url is None:
        return [here]
    url = f"{settings.public_url}{below}{PREFIX}"
    return [{"url": url, "description": "The address of this installation, for production.", "x-internal": False}, here]


API_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of the register, sent as `Authorization: Bearer crk_...`. Reading what is public needs none.",
}
SUCCESS = {
    "200": "The content as it now is.",
    "201": "The resource that was created.",
    "202": "The request was taken, and is carried out soon.",
    "204": "The resource was deleted.",
    "304": "The caller has the current version already.",
}


def text_header(description: str, pattern: str, length: int, example: str, *, always: bool = True) -> dict[str, Any]:
    """A header that holds text."""
    schema = {"type": "string", "pattern": pattern, "maxLength": length}
    return {"description": description, "required": always, "schema": schema, "example": example}


def number_header(description: str, example: int, most: int = INTEGER_LIMIT) -> dict[str, Any]:
    """A header that holds a number."""
    size = "int32" if most == INTEGER_LIMIT else "int64"
    schema = {"type": "integer", "format": size, "minimum": 0, "maximum": most}
    return {"description": description, "required": True, "schema": schema, "example": example}


HEADERS = {
    "API-Version": text_header("Version of this contract.", r"^\d+\.\d+\.\d+$", 20, API_VERSION),
    "Access-Control-Allow-Origin": text_header("Pages of any origin may read.", r"^\*$", 1, "*"),
    "Cache-Control": text_header("Whether the answer may be kept.", "^[a-z-]+$", 40, "no-cache"),
    "Change-Position": number_header("Position in the change log that the answer is the state of.", 42, LAST_POSITION),
    "Content-Location": text_header(
        "Address of the resource that the answer shows.",
        "^/.+$",
        2048,
        "/v1/consultation-events/36711aa9-0b0b-5a2b-b5d5-2d8d2e5bd1c4",
    ),
    "ETag": text_header(
        "Version of the resource, for If-Match and If-None-Match; with `-ld` behind it in JSON-LD.",
        '^"[0-9]+(-ld)?"$',
        15,
        '"1"',
    ),
    "ContentETag": text_header("Tag of the content, for If-None-Match.", '^"[0-9a-f]{32}"$', 34, f'"{"0" * 32}"'),
    "CurrentETag": text_header(
        "Version of the resource as it is; absent where there is none yet.", '^"[0-9]+"$', 12, '"1"', always=False
    ),
    "Idempotent-Replayed": text_header(
        "Present when this is the answer to an earlier request.", "^true$", 4, "true", always=False
    ),
    "Link": text_header(
        "Address of the next page (RFC 8288); absent on the last one.",
        '^<.+>; rel="next"$',
        8000,
        '</v1/goals?cursor=WyI>; rel="next"',
        always=False,
    ),
    "Location": text_header(
        "Address of the new resource.", "^/.+$", 2048, "/v1/goals/36711aa9-0b0b-5a2b-b5d5-2d8d2e5bd1c4"
    ),
    "RateLimit-Limit": number_header(f"Requests that a client may send in {WINDOW_SECONDS} seconds.", 6000),
    "RateLimit-Remaining": number_header("Requests that are left in this window.", 5999),
    "RateLimit-Reset": number_header("Seconds until the next window.", 60),
    "Retry-After": number_header("Seconds after which to try again.", 1),
    "WWW-Authenticate": text_header("How to authenticate.", "^Bearer.*$", 200, "Bearer"),
    "X-Request-ID": text_header("Number of the request, as in the log.", "^[!-~]+$", 128, EXAMPLE_REQUEST),
}
ON_ALL = ("API-Version", "Access-Control-Allow-Origin", "Cache-Control", "X-Request-ID")
ON_COUNTED = (*ON_ALL, "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
BY_STATUS = {401: ("WWW-Authenticate",), 412: ("CurrentETag",), 429: ("Retry-After",), 503: ("Retry-After",)}

SENT_AS = {"ContentETag": "ETag", "CurrentETag": "ETag"}


def headers(*names: str, status: int = 200) -> dict[str, Any]:
    """References to the headers of an answer: what all have, what its status brings, and these."""
    # A crash is answered outside of what counts requests.
    common = ON_ALL if status == HTTPStatus.INTERNAL_SERVER_ERROR else ON_COUNTED
    return {
        SENT_AS.get(name, name): {"$ref": f"#/components/headers/{name}"}
        for name in sorted((*common, *BY_STATUS.get(status, ()), *names))
    }


def reference(part: str, name: str) -> dict[str, Any]:
    """A reference to a component."""
    return {"$ref": f"#/components/{part}/{name}"}


def problem_answer(*kinds: type[Problem]) -> dict[str, Any]:
    """The answer that carries one of these problems."""
    examples = {kind.slug: {"summary": kind.title.en, "value": example(kind, "en")} for kind in kinds}
    return {
        "description": " ".join(kind.about.en for kind in kinds),
        "headers": headers(status=kinds[0].status),
        "content": {MEDIA_TYPE: {"schema": reference("schemas", "Problem"), "examples": examples}},
    }
