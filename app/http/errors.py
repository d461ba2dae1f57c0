"""What can be wrong with any request, whatever it is about."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from app.http.problems import FieldError, Problem, at
from app.language import Text


class Malformed(Problem):
    """The request cannot be parsed."""

    status = 400
    slug = "malformed-request"
    title = Text("Die Anfrage ist nicht lesbar", "The request cannot be parsed")
    about = Text(
        "Die Anfrage ist kein gültiges HTTP oder JSON. Sie wurde nicht ausgeführt.",
        "The request is not valid HTTP or JSON. Nothing was done.",
    )
    remedy = Text(
        "detail sagt, wo es liegt. Einen Anfragetext mit einem JSON-Werkzeug prüfen: UTF-8, doppelte Anführungszeichen, "
        "kein Komma am Ende, jeder Name nur einmal.",
        "detail says where it is. Check a body with a JSON tool: UTF-8, double quotes, no comma at the end, each name once.",
    )


class NotFound(Problem):
    """There is nothing at this address, or nothing that this caller may see."""

    status = 404
    slug = "not-found"
    title = Text("Nicht gefunden", "Not found")
    about = Text("Unter dieser Adresse gibt es nichts.", "There is nothing at this address.")
    remedy = Text(
        "Die Adresse prüfen: GET /v1 nennt, was es gibt, alles klein geschrieben und ohne Schrägstrich am Ende. Manches ist "
        "nur mit einem Schlüssel zu sehen, der dazu berechtigt: GET /v1/keys/current sagt, was der eigene ist.",
        "Check the address: GET /v1 names what there is, all in small letters and without a slash at the end. Some things "
        "are seen only with a key that allows it: GET /v1/keys/current tells what yours is.",
    )


class MethodNotAllowed(Problem):
    """The address exists, the method does not; `Allow` names those that do."""

    status = 405
    slug = "method-not-allowed"
    title = Text("Methode nicht erlaubt", "Method not allowed")
    about = Text(
        "Diese Adresse kennt die Methode nicht. Der Header Allow nennt die erlaubten.",
        "This address does not know the method. The Allow header names those it does.",
    )
    remedy = Text(
        "Eine der Methoden verwenden, die der Header Allow nennt; die Schnittstelle steht unter /docs.",
        "Use one of the methods that the Allow header names; the API is described at /docs.",
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
    remedy = Text(
        "Im Header Accept eine der genannten Formen erlauben, oder ihn weglassen.",
        "Allow one of the forms that were named in the Accept header, or leave it out.",
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
    remedy = Text(
        "Die Anfrage noch einmal senden, am Stück; ein POST mit demselben Idempotency-Key legt nichts doppelt an.",
        "Send the request again, in one go; a POST with the same Idempotency-Key creates nothing twice.",
    )

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
    remedy = Text(
        "Den Eintrag aus der eigenen Kopie löschen. Was er war, steht im Verlauf: .../history an derselben Adresse.",
        "Delete the resource from your copy. What it was stands in its history: .../history at the same address.",
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
    remedy = Text(
        "Neu lesen, die Änderung auf den heutigen Stand anwenden und mit dessen ETag in If-Match senden.",
        "Read again, apply the change to what is there now, and send it with that ETag in If-Match.",
    )
    sample: ClassVar = {"current_etag": '"4"'}
    own: ClassVar = {
        "current_etag": (
            str,
            Field(None, max_length=40, pattern='^"[0-9]+"$', description="With 412: the ETag of the current version."),
        )
    }


class PayloadTooLarge(Problem):
    """The body is larger than the operation reads: 1 MiB, for an import 100 MiB."""

    status = 413
    slug = "payload-too-large"
    title = Text("Die Anfrage ist zu groß", "The request is too large")
    about = Text(
        "Ein Anfragetext darf höchstens 1 MiB groß sein, der eines Imports 100 MiB.",
        "A request body may have 1 MiB at most, that of an import 100 MiB.",
    )
    remedy = Text(
        "Den Anfragetext aufteilen. Viele Einträge auf einmal nimmt POST /v1/imports an, bis 100 MiB.",
        "Split the body. POST /v1/imports takes many resources at once, up to 100 MiB.",
    )


class UnsupportedMediaType(Problem):
    """The body's media type is not one that this operation reads."""

    status = 415
    slug = "unsupported-media-type"
    title = Text("Medientyp nicht unterstützt", "Unsupported media type")
    about = Text(
        "Diese Adresse liest den Medientyp nicht. Der Header Accept oder Accept-Patch nennt die möglichen.",
        "This address does not read the media type. The header Accept, or Accept-Patch, names those it reads.",
    )
    remedy = Text(
        "Ungepackt senden, und im Header Content-Type sagen, was: einen der Medientypen, die der Header Accept oder "
        "Accept-Patch dieser Antwort nennt.",
        "Send it uncompressed, and say in the Content-Type header what it is: one of the media types that this answer "
        "names in its header Accept, or Accept-Patch.",
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
    remedy = Text(
        "errors nennt jede Stelle und was dort falsch ist: das berichtigen und noch einmal senden. Es wurde "
        "nichts gespeichert.",
        "errors names each place and what is wrong there: mend it and send the request again. Nothing was stored.",
    )
    sample_errors: ClassVar[Sequence[FieldError]] = (
        at("title", code="missing", detail=Text("Die Angabe fehlt.", "The value is missing.")),
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
    remedy = Text(
        "Zuerst lesen, dann mit dem ETag der Antwort in If-Match ändern.",
        "Read first, then change with the answer's ETag in If-Match.",
    )


class TooManyRequests(Problem):
    """More requests from an address than a minute allows, or more written with a key than a day.

    `Retry-After` says when to go on.
    """

    status = 429
    slug = "too-many-requests"
    title = Text("Zu viele Anfragen", "Too many requests")
    about = Text(
        "Diese Adresse hat in dieser Minute zu viele Anfragen gesendet.",
        "This address has sent too many requests in this minute.",
    )
    remedy = Text(
        "So viele Sekunden warten, wie der Header Retry-After sagt. Statt oft zu fragen: GET /v1/changes?wait=30 "
        "oder Webhooks.",
        "Wait for as many seconds as the Retry-After header says. Rather than asking often: GET "
        "/v1/changes?wait=30, or webhooks.",
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
    remedy = Text(
        "Adresse und Header kürzen: weniger Werte je Filter, dafür mehr Anfragen.",
        "Shorten address and headers: fewer values a filter, and more requests.",
    )
