"""Problem documents (RFC 9457): the one shape of every error, in German and English."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import Field
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from app.http.forwarded import prefix_of
from app.http.masking import masked
from app.http.negotiation import language_of
from app.language import Language, Text

MEDIA_TYPE = "application/problem+json"
ERRORS_SHOWN = 100
LONGEST_POINTER = 500
EXAMPLE_REQUEST = "0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11"

Code = Annotated[str, Field(max_length=60, pattern="^[a-z_]+$")]
"""A word for programs: what is wrong, a field, a status."""


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong, and the place in the request where it is wrong."""

    place: Literal["pointer", "parameter", "header"]
    name: str
    code: str
    detail: Text


def at(*path: str | int, code: str, detail: Text) -> FieldError:
    """An error in the body: `at("participants", 0, "partner_id", ...)` is `#/participants/0/partner_id` (RFC 6901)."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    pointer = "#" + "".join("/" + quote(step, safe="!$&'()*+,;=:@~", errors="replace") for step in steps)
    return FieldError("pointer", pointer[:LONGEST_POINTER], code, detail)


class Problem(Exception):
    """An error that knows its status, its address under /problems and its title; each kind is a subclass."""

    status: ClassVar[int]
    slug: ClassVar[str]
    title: ClassVar[Text]
    about: ClassVar[Text]
    remedy: Text
    """What whoever meets it can do; what is said here of the kind holds unless one says otherwise."""
    own: ClassVar[Mapping[str, tuple[Any, Any]]] = {}
    """The members that only this kind's documents have (RFC 9457, section 3.2): the type and the field of each."""
    sample: ClassVar[Mapping[str, Any]] = {}
    """Some of those, as an example."""
    sample_errors: ClassVar[Sequence[FieldError]] = ()
    kinds: ClassVar[dict[str, type["Problem"]]] = {}
    refused_for: str | None = None
    """Why whoever called may not do it, for the log."""

    def __init_subclass__(cls) -> None:
        cls.kinds[cls.slug] = cls

    def __init__(
        self,
        detail: Text | None = None,
        *,
        remedy: Text | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        if not members.keys() <= self.own.keys():
            raise TypeError(f"{self.slug} does not declare {members.keys() - self.own.keys()}")
        super().__init__(self.slug)
        self.detail = detail or self.about
        self.remedy = remedy or self.remedy
        self.errors = errors
        self.headers = dict(headers or {})
        self.members = members


def problem_response(scope: Scope, problem: Problem) -> Response:
    """The answer to a request that failed, in the language that its caller prefers."""
    language = language_of(Headers(scope=scope))
    prefix = prefix_of(scope)
    about = {
        "type": f"{prefix}/problems/{problem.slug}",
        "detail": getattr(problem.detail, language)[:2000],
        "instance": quote(prefix + masked(scope["path"]), errors="replace")[:2048],
        "request_id": scope.get("request_id", ""),
        "remedy": getattr(problem.remedy, language),
    }
    body = document(type(problem), language, about, problem.members, problem.errors)
    return Response(
        json.dumps(body, ensure_ascii=False),
        status_code=problem.status,
        headers={
            "Content-Language": language,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            **problem.headers,
        },
        media_type=MEDIA_TYPE,
    )


def document(
    kind: type[Problem],
    language: Language,
    about: Mapping[str, str],
    members: Mapping[str, Any],
    errors: Sequence[FieldError],
) -> dict[str, Any]:
    """A problem document of this kind, `about` one request."""
    head = {"type": f"/problems/{kind.slug}", "title": getattr(kind.title, language), "status": kind.status}
    body = {**head, **about, **members}
    if errors:
        body["errors"] = [shown(error, language) for error in errors[:ERRORS_SHOWN]]
    return body


def example(kind: type[Problem], language: Language) -> dict[str, Any]:
    """A problem document of this kind, as somebody may meet it."""
    about = {
        "detail": getattr(kind.about, language),
        "instance": "/v1/goals",
        "request_id": EXAMPLE_REQUEST,
        "remedy": getattr(kind.remedy, language),
    }
    return document(kind, language, about, kind.sample, kind.sample_errors)


def shown(error: FieldError, language: Language) -> dict[str, str]:
    """One entry of `errors`."""
    return {error.place: error.name, "code": error.code, "detail": getattr(error.detail, language)}
