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

from app.http.masking import masked
from app.http.negotiation import language_of
from app.language import Language, Text

MEDIA_TYPE = "application/problem+json"
ERRORS_SHOWN = 100
LONGEST_POINTER = 500

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
    own: ClassVar[Mapping[str, tuple[Any, Any]]] = {}
    """The members that only this kind's documents have (RFC 9457, section 3.2): the type and the field of each."""
    kinds: ClassVar[dict[str, type["Problem"]]] = {}
    refused_for: str | None = None
    """Why whoever called may not do it, for the log."""

    def __init_subclass__(cls) -> None:
        cls.kinds[cls.slug] = cls

    def __init__(
        self,
        detail: Text | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        if not members.keys() <= self.own.keys():
            raise TypeError(f"{self.slug} does not declare {members.keys() - self.own.keys()}")
        super().__init__(self.slug)
        self.detail = detail or self.about
        self.errors = errors
        self.headers = dict(headers or {})
        self.members = members


class Malformed(Problem):
    """The request cannot be parsed."""

    status = 400
    slug = "malformed-request"
    title = Text("Die Anfrage ist nicht lesbar", "The request cannot be parsed")
    about = Text(
        "Die Anfrage ist kein gültiges HTTP oder JSON. Sie wurde nicht ausgeführt.",
        "The request is not valid HTTP or JSON. Nothing was done.",
    )


class NotFound(Problem):
    """There is nothing at this address, or nothing that this caller may see."""

    status = 404
    slug = "not-found"
    title = Text("Nicht gefunden", "Not found")
    about = Text("Unter dieser Adresse gibt es nichts.", "There is nothing at this address.")


class MethodNotAllowed(Problem):
    """The address exists, the method does not; `Allow` names those that do."""

    status = 405
    slug = "method-not-allowed"
    title = Text("Methode nicht erlaubt", "Method not allowed")
    about = Text(
        "Diese Adresse kennt die Methode nicht. Der Header Allow nennt die erlaubten.",
        "This address does not know the method. The Allow header names those it does.",
    )


class NotAcceptable(Problem):
    """Accept names none of the media types that this address has."""

    status = 406
    slug = "not-acceptable"
    title = Text("Nicht in dieser Form", "Not in this form")
    about = Text(
        "Die Antwort gibt es in keiner der Formen, die der Header Accept nennt.",
        "The answer does not exist in any of the forms that the Accept header names.",
    )

    def __init__(self, media_types: Sequence[str]) -> None:
        there = ", ".join(media_types)
        super().__init__(Text(f"Diese Antwort gibt es als {there}.", f"This answer exists as {there}."))


class RequestTimeout(Problem):
    """The client did not send its body in time."""

    status = 408
    slug = "request-timeout"
    title = Text("Zeit abgelaufen", "Request timeout")
    about = Text("Der Anfragetext kam nicht rechtzeitig an.", "The request body did not arrive in time.")

    def __init__(self) -> None:
        # The rest of the body may still come; on a connection that stays open it would hold its place.
        super().__init__(headers={"Connection": "close"})


class Gone(Problem):
    """The resource was deleted; its id is never used again."""

    status = 410
    slug = "gone"
    title = Text("Gelöscht", "Deleted")
    about = Text(
        "Dieser Eintrag wurde gelöscht. Seine Kennung wird nicht wieder vergeben.",
        "This resource was deleted. Its id is never used again.",
    )


class PreconditionFailed(Problem):
    """`If-Match` does not name the current version, or `If-None-Match` does."""

    status = 412
    slug = "precondition-failed"
    title = Text("Inzwischen geändert", "Changed in the meantime")
    about = Text(
        "If-Match passt nicht zur aktuellen Fassung. Bitte neu lesen und die Änderung erneut anwenden.",
        "If-Match does not match the current version. Read the resource again and repeat the change on it.",
    )
    own: ClassVar = {
        "current_etag": (
            str,
            Field(None, max_length=40, pattern='^"[0-9]+"$', description="With 412: the ETag of the current version."),
        )
    }


class PayloadTooLarge(Problem):
    """The body is larger than 1 MiB."""

    status = 413
    slug = "payload-too-large"
    title = Text("Die Anfrage ist zu groß", "The request is too large")
    about = Text("Ein Anfragetext darf höchstens 1 MiB groß sein.", "A request body may have 1 MiB at most.")


class UnsupportedMediaType(Problem):
    """The body's media type is not one that this operation reads."""

    status = 415
    slug = "unsupported-media-type"
    title = Text("Medientyp nicht unterstützt", "Unsupported media type")
    about = Text(
        "Diese Adresse liest den Medientyp nicht. Der Header Accept nennt die möglichen.",
        "This address does not read the media type. The Accept header names those it reads.",
    )


class Invalid(Problem):
    """The request was parsed, but its content breaks a rule; `errors` says which and where."""

    status = 422
    slug = "validation-error"
    title = Text("Die Angaben sind ungültig", "The request is invalid")
    about = Text(
        "Mindestens eine Angabe ist ungültig. Es wurde nichts geändert.",
        "At least one value is invalid. Nothing was changed.",
    )


class PreconditionRequired(Problem):
    """The operation needs `If-Match`, so that nobody overwrites what they have not seen."""

    status = 428
    slug = "precondition-required"
    title = Text("If-Match fehlt", "If-Match is missing")
    about = Text(
        "Änderungen brauchen den Header If-Match mit dem ETag der gelesenen Fassung.",
        "Changes need the If-Match header with the ETag of the version that was read.",
    )


class TooManyRequests(Problem):
    """More requests from an address than in one minute, or more written with a key than in one day; `Retry-After` says when to go on."""

    status = 429
    slug = "too-many-requests"
    title = Text("Zu viele Anfragen", "Too many requests")
    about = Text(
        "Diese Adresse hat in dieser Minute zu viele Anfragen gesendet.",
        "This address has sent too many requests in this minute.",
    )

    def __init__(self, seconds: int, detail: Text | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(seconds)})


class HeadTooLarge(Problem):
    """The request's first line and headers are larger than 32 KiB; the connection is closed."""

    status = 431
    slug = "request-head-too-large"
    title = Text("Der Kopf der Anfrage ist zu groß", "The request's head is too large")
    about = Text(
        "Adresse und Header einer Anfrage dürfen zusammen höchstens 32 KiB groß sein.",
        "Address and headers of a request may have 32 KiB together at most.",
    )


class InternalError(Problem):
    """The register failed; the request id leads to the log."""

    status = 500
    slug = "internal-error"
    title = Text("Interner Fehler", "Internal error")
    about = Text(
        "Die Anfrage ist an einem Fehler des Registers gescheitert. Es wurde nichts geändert.",
        "The request failed because of an error in the register. Nothing was changed.",
    )


class Unavailable(Problem):
    """The register cannot answer just now; `Retry-After` says when to try again."""

    status = 503
    slug = "unavailable"
    title = Text("Gerade nicht verfügbar", "Unavailable just now")
    about = Text(
        "Das Register ist gerade ausgelastet oder erreicht seine Datenbank nicht. Bitte später wiederholen.",
        "The register is busy or cannot reach its database. Please try again later.",
    )

    def __init__(self, detail: Text | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "1"})


CROWDED = Text(
    "Für diese Adresse oder diesen Schlüssel läuft schon so viel, wie zugleich laufen darf. Bitte gleich wiederholen.",
    "As much is going on for this address or this key as may at once. Please try again in a moment.",
)


class InsufficientStorage(Problem):
    """The register's disk is full: it can be read, and written again when there is room."""

    status = 507
    slug = "storage-full"
    title = Text("Der Speicher ist voll", "The storage is full")
    about = Text(
        "Das Register hat keinen Platz mehr, um etwas zu speichern. Es wurde nichts geändert; lesen geht weiter.",
        "The register has no room left to store anything. Nothing was changed; reading goes on.",
    )


def problem_response(scope: Scope, problem: Problem) -> Response:
    """The answer to a request that failed, in the language that its caller prefers."""
    language = language_of(Headers(scope=scope))
    body = {
        "type": f"/problems/{problem.slug}",
        "title": getattr(problem.title, language),
        "status": problem.status,
        "detail": getattr(problem.detail, language)[:2000],
        "instance": quote(masked(scope["path"]), errors="replace")[:2048],
        "request_id": scope.get("request_id", ""),
        **problem.members,
    }
    if problem.errors:
        body["errors"] = [shown(error, language) for error in problem.errors[:ERRORS_SHOWN]]
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


def shown(error: FieldError, language: Language) -> dict[str, str]:
    """One entry of `errors`."""
    return {error.place: error.name, "code": error.code, "detail": getattr(error.detail, language)}
