"""What becomes of an import."""

from app.vocabularies.term import Term


class ImportState(Term):
    """How far an import is."""

    running = "running", "läuft", "running"
    done = "done", "fertig", "done"
    failed = "failed", "gescheitert; nichts wurde geschrieben", "failed; nothing was written"
