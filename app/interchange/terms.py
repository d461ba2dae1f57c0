"""What becomes of an import."""

from app.vocabularies.term import Term


class ImportState(Term):
    """How far an import is."""

    running = "running", "läuft", "running", "Er wird noch ausgeführt.", "It is still being carried out."
    done = (
        "done",
        "fertig",
        "done",
        "Alle Zeilen sind geschrieben, oder geprüft.",
        "All lines are written, or were tried.",
    )
    failed = (
        "failed",
        "gescheitert",
        "failed",
        "Etwas war falsch, oder der Prozess endete; es wurde nichts geschrieben.",
        "Something was wrong, or the process ended; nothing was written.",
    )
