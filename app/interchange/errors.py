"""Why an import is not begun."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from app.http.problems import Problem
from app.interchange.models import EXAMPLE
from app.language import Text


class ImportRunning(Problem):
    """Another import of the same partner goes on; `import_id` is its id."""

    status = 409
    slug = "import-running"
    title = Text("Import läuft noch", "Import still running")
    about = Text(
        "Ein anderer Import desselben Partners läuft noch. Bitte danach noch einmal senden.",
        "Another import of the same partner still goes on. Please send this one afterwards.",
    )
    remedy = Text(
        "Warten, bis der laufende Import zu Ende ist: GET /v1/imports/{import_id} zeigt, wie weit er ist. Vielleicht ist "
        "es derselbe, dessen Antwort verloren ging.",
        "Wait for the running import to end: GET /v1/imports/{import_id} shows how far it is. It may be the same one, "
        "whose answer was lost.",
    )
    sample: ClassVar = {"import_id": EXAMPLE["id"]}
    own: ClassVar = {
        "import_id": (UUID, Field(None, description="With 409 `import-running`: the import that still goes on."))
    }
