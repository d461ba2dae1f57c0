"""What every error answer must be."""

from functools import cache
from typing import Any

import httpx

from app.http.problem_schema import ProblemDocument, ProblemError, document_of_all_kinds
from app.http.problems import MEDIA_TYPE, Problem
from app.language import Language, Text


@cache
def documents() -> type[ProblemDocument]:
    """What the contract says of problem documents."""
    return document_of_all_kinds()


def problem_of(
    answer: httpx.Response, status: int, slug: str, language: Language = "en", remedy: Text | None = None
) -> dict[str, Any]:
    """The document of an answer that must be exactly this problem, in this language, with the remedy of its kind or this one."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE), answer.text
    document: dict[str, Any] = answer.json()
    documents().model_validate_json(answer.content, strict=True, extra="forbid")
    kind = Problem.kinds[slug]
    assert document.keys() <= {*ProblemDocument.model_fields, *kind.own}, "each kind has its own members and no other's"
    assert document["type"] == f"/problems/{slug}"
    assert document["title"] == getattr(kind.title, language)
    assert document["remedy"] == getattr(remedy or kind.remedy, language)
    assert document["status"] == status == kind.status
    assert document["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-language"] == language
    assert answer.headers["vary"] == "Accept-Language"
    assert answer.headers["cache-control"] == "no-store"
    assert None not in document.values(), "a member that does not apply is absent"
    for error in document.get("errors", []):
        ProblemError.model_validate(error, strict=True, extra="forbid")
        assert len({"pointer", "parameter", "header"} & error.keys()) == 1
    return document


def detail_of(answer: httpx.Response) -> str:
    """What the only entry of `errors` says to people."""
    (error,) = answer.json()["errors"]
    return str(error["detail"])
