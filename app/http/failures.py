"""What can be wrong with the register itself, whatever it was asked."""

from app.http.problems import Problem
from app.language import Text


class InternalError(Problem):
    """The register failed; the request id leads to the log."""

    status = 500
    slug = "internal-error"
    title = Text("Interner Fehler", "Internal error")
    about = Text(
        "Die Anfrage ist an einem Fehler des Registers gescheitert. Es wurde nichts geändert.",
        "The request failed because of an error in the register. Nothing was changed.",
    )
    remedy = Text(
        "Noch einmal versuchen; ein POST mit demselben Idempotency-Key legt nichts doppelt an. Bleibt es dabei, "
        "dem Betreiber die request_id nennen.",
        "Try again; a POST with the same Idempotency-Key creates nothing twice. If it stays, tell the operator "
        "the request_id.",
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
    remedy = Text(
        "So viele Sekunden warten, wie der Header Retry-After sagt, und noch einmal senden, einen POST mit "
        "demselben Idempotency-Key. Bleibt es dabei: weniger auf einmal verlangen, oder es dem Betreiber sagen.",
        "Wait for as many seconds as the Retry-After header says, and send it again, a POST with the same "
        "Idempotency-Key. If it stays: ask for less at once, or tell the operator.",
    )

    def __init__(self, detail: Text | None = None, remedy: Text | None = None, seconds: int = 1) -> None:
        super().__init__(detail, remedy=remedy, headers={"Retry-After": str(seconds)})


CROWDED = Text(
    "Für diese Adresse oder diesen Schlüssel läuft schon so viel, wie zugleich laufen darf. Bitte gleich wiederholen.",
    "As much is going on for this address or this key as may at once. Please try again in a moment.",
)
LEFT_TO_OPERATOR = Text(
    "Dem Betreiber sagen, was detail nennt: nur er kann es ändern. Zu warten hilft nicht, bis er es getan hat.",
    "Tell the operator what detail says: only they can change it. Until they have, waiting does not help.",
)
SECONDS_FOR_OPERATOR = 10


def left_to_operator(detail: Text) -> Unavailable:
    """Why the register cannot answer until its operator does something."""
    return Unavailable(detail, LEFT_TO_OPERATOR, SECONDS_FOR_OPERATOR)


class InsufficientStorage(Problem):
    """The register's disk is full: it can be read, and written again when there is room."""

    status = 507
    slug = "storage-full"
    title = Text("Der Speicher ist voll", "The storage is full")
    about = Text(
        "Das Register hat keinen Platz mehr, um etwas zu speichern. Es wurde nichts geändert; lesen geht weiter.",
        "The register has no room left to store anything. Nothing was changed; reading goes on.",
    )
    remedy = Text(
        "Später noch einmal senden und es dem Betreiber sagen: nur er kann Platz schaffen.",
        "Send it again later, and tell the operator: only they can make room.",
    )
