"""What every error answer must be."""

from typing import Any

import httpx
from pydantic import ConfigDict

from app.http.problems import MEDIA_TYPE, Problem, ProblemDocument, ProblemError
from app.language import Language


class StrictError(ProblemError):
    """An entry of `errors` without anything that the contract does not name."""

    model_config = ConfigDict(extra="forbid", strict=True)


class StrictDocument(ProblemDocument):
    """A problem document without anything that the contract does not name."""

    model_config = ConfigDict(extra="forbid", strict=True)


def problem_of(answer: httpx.Response, status: int, slug: str, language: Language = "en") -> dict[str, Any]:
    """The document of an answer that must be exactly this problem, in this language."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE), answer.text
    document: dict[str, Any] = answer.json()
    StrictDocument.model_validate_json(answer.content)
    kind = Problem.kinds[slug]
    assert document["type"] == f"/problems/{slug}"
    assert document["title"] == getattr(kind.title, language)
    assert document["status"] == status == kind.status
    assert document["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-language"] == language
    assert answer.headers["vary"] == "Accept-Language"
    assert answer.headers["cache-control"] == "no-store"
    assert None not in document.values(), "a member that does not apply is absent"
    for error in document.get("errors", []):
        StrictError.model_validate(error)
        assert len({"pointer", "parameter", "header"} & error.keys()) == 1
    return document


def detail_of(answer: httpx.Response) -> str:
    """What the only entry of `errors` says to people."""
    (error,) = answer.json()["errors"]
    return str(error["detail"])
