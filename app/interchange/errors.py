"""Why an import is not begun."""

from app.http.problems import Problem
from app.language import Text


class ImportRunning(Problem):
    """Another import of the same partner goes on."""

    status = 409
    slug = "import-running"
    title = Text("Import läuft noch", "Import still running")
    about = Text(
        "Ein anderer Import desselben Partners läuft noch. Bitte danach noch einmal senden.",
        "Another import of the same partner still goes on. Please send this one afterwards.",
    )
    remedy = Text(
        "Warten, bis der laufende Import zu Ende ist: GET /v1/imports/{id} zeigt, wie weit er ist.",
        "Wait for the running import to end: GET /v1/imports/{id} shows how far it is.",
    )
