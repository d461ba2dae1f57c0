"""What the pages for people say beside the record itself, in both languages."""

from collections.abc import Mapping

from app.language import Text

WORDS: Mapping[str, Text] = {
    "title": Text("Kooperationsregister", "Cooperation register"),
    "intro": Text(
        "Hier steht, was eine Stadt und ihre Wohlfahrtsverbände miteinander vereinbart haben und was daraus wird. "
        "Jede Änderung ist nummeriert und bleibt nachprüfbar.",
        "This is what a city and its welfare associations have agreed, and what becomes of it. Every change is numbered "
        "and can be checked.",
    ),
    "skip": Text("Zum Inhalt", "Skip to content"),
    "overview": Text("Überblick", "Overview"),
    "record": Text("Eintragungen", "Record"),
    "reports": Text("Berichte", "Reports"),
    "reports_on": Text("Berichte dazu", "Reports on it"),
    "only": Text("Nur:", "Only:"),
    "other_language": Text("English", "Deutsch"),
    "for_programs": Text("Für Programme", "For programs"),
    "api_docs": Text("Schnittstelle", "API"),
    "as_json": Text("Diese Seite als JSON", "This page as JSON"),
    "position": Text("Stand: Änderung {position}, {day}", "As of change {position}, {day}"),
    "licence": Text("Lizenz der Daten", "Licence of the data"),
    "terms": Text("Nutzungsbedingungen", "Terms of use"),
    "contact": Text("Kontakt", "Contact"),
    "operated_by": Text("Betrieben von {operator}", "Run by {operator}"),
    "search": Text("Suchen", "Search"),
    "search_in": Text("In Titeln und Beschreibungen suchen", "Search titles and descriptions"),
    "nothing": Text("Dazu ist noch nichts erfasst.", "Nothing is on record for this yet."),
    "filter": Text("Eingrenzen", "Filter"),
    "next_page": Text("Weitere Einträge", "More entries"),
    "first_page": Text("Zum Anfang der Liste", "Back to the beginning of the list"),
    "show_all": Text("alle anzeigen", "show all"),
    "refers": Text("Was sich darauf bezieht", "What refers to it"),
    "history": Text("Verlauf", "History"),
    "changed_by": Text("von {partner}", "by {partner}"),
    "by_register": Text("vom Betreiber geladen", "loaded by the operator"),
    "corrected_by": Text("bestätigter Vorschlag", "confirmed proposal"),
    "longer_history": Text("ganzer Verlauf (JSON)", "whole history (JSON)"),
    "yes": Text("ja", "yes"),
    "no": Text("nein", "no"),
    "none": Text("keine Angabe", "not stated"),
    "hidden": Text("nicht öffentlich", "not public"),
    "percent": Text("{value} %", "{value} %"),
    "parties": Text("Vertragsparteien", "Parties"),
    "signatories": Text("Unterzeichnet von", "Signed by"),
    "term": Text("Laufzeit", "Term"),
    "signed_on": Text("unterzeichnet am {day}", "signed on {day}"),
    "from_until": Text("{first} bis {last}", "{first} to {last}"),
    "since": Text("seit {first}", "since {first}"),
    "open_end": Text("ohne vereinbartes Ende", "no agreed end"),
    "goals": Text("Ziele und wie weit sie sind", "Goals and how far they are"),
    "goal": Text("Ziel", "Goal"),
    "measures": Text("Teilmaßnahmen", "Sub-measures"),
    "mean_progress": Text("mittlerer Fortschritt", "mean progress"),
    "heard_before": Text("Wurden die Partner vor Entscheidungen gehört?", "Were the partners heard before decisions?"),
    "coming": Text("Anstehende Entscheidungen", "Decisions to come"),
    "none_coming": Text("Keine Entscheidung angekündigt.", "No decision announced."),
    "statements_until": Text("Stellungnahmen bis", "statements until"),
    "decided_until": Text("Entscheidung am", "decision on"),
    "all_due": Text("Alles, was ansteht", "All that is due"),
    "latest_decisions": Text("Die letzten Entscheidungen", "The latest decisions"),
    "no_decisions": Text("Noch keine Entscheidung erfasst.", "No decision on record yet."),
    "meetings": Text("Austausch", "Exchange"),
    "last_met": Text("Zuletzt getroffen", "Last met"),
    "meets_next": Text("Nächster Termin", "Next meeting"),
    "never_met": Text("Noch kein Treffen erfasst.", "No meeting on record yet."),
    "no_next": Text("Kein Termin angekündigt.", "No meeting announced."),
    "calendar": Text("Kalender abonnieren", "Subscribe to the calendar"),
    "needs": Text("Bedarfe", "Needs"),
    "no_needs": Text("Noch kein Bedarf erfasst.", "No need on record yet."),
    "latest_changes": Text("Zuletzt geändert", "Latest changes"),
    "no_agreement": Text(
        "Noch keine Vereinbarung erfasst. `register seed` lädt die Dresdner Vereinbarung.",
        "No agreement on record yet. `register seed` loads Dresden's.",
    ),
    "downloads": Text("Herunterladen", "Download"),
    "computed": Text("Wie es gerechnet ist", "How it is computed"),
    "figures": Text("Zahlen", "Figures"),
    "chart_of": Text(
        "Diagramm: {title}. Alle Zahlen stehen in der Tabelle.", "Chart: {title}. All figures are in the table."
    ),
    "rows_shown": Text(
        "Die ersten {count} Zeilen; alle stehen in den Dateien.", "The first {count} rows; the files have all of them."
    ),
    "story": Text("Wie es dazu kam", "How it came about"),
    "announced": Text("Angekündigt", "Announced"),
    "statements_due": Text("Stellungnahmen erbeten bis", "Statements asked for until"),
    "to_be_decided": Text("Soll entschieden werden", "To be decided"),
    "decided": Text("Entschieden", "Decided"),
    "event_held": Text("Termin", "Event"),
    "statement_given": Text("Stellungnahme", "Statement"),
    "objection_raised": Text("Widerspruch", "Objection"),
    "correction_confirmed": Text("Berichtigung", "Correction"),
    "who_was_heard": Text("Wer wurde wann gehört?", "Who was heard when?"),
    "both_sides": Text("Was beide Seiten sagen", "What both sides say"),
    "answer": Text("Antwort", "Answer"),
    "no_answer": Text("noch keine", "none yet"),
    "half_year": Text("Halbjahr", "Half-year"),
    "partner": Text("Partner", "Partner"),
    "heard_on": Text("gehört am", "heard on"),
    "heard_by": Text("wodurch", "by what"),
    "days_before": Text("Tage vorher", "days before"),
    "not_heard": Text("nicht gehört", "not heard"),
    "go_home": Text("Zum Überblick", "To the overview"),
    "example": Text("Beispiel", "Example"),
    "remedy": Text("Was zu tun ist", "What to do"),
    "docs_lead": Text(
        "Was Programme hier lesen und schreiben können, zum Ausprobieren. Lesen geht ohne Schlüssel.",
        "What programs can read and write here, to try out. Reading needs no key.",
    ),
    "docs_steps": Text(
        "Eine Gruppe öffnen, darin eine Operation, dann „Try it out“ und „Execute“. Wer schreiben will, trägt zuerst unter "
        "„Authorize“ seinen Schlüssel ein: Was hier gesendet wird, steht im Register.",
        "Open a group, in it an operation, then press “Try it out” and “Execute”. Whoever wants to write enters a key at "
        "“Authorize” first: what is sent here stands in the register.",
    ),
    "docs_terms": Text(
        "Die Beschreibungen der Operationen sind englisch, wie der Vertrag der Schnittstelle. Die Begriffe des Registers "
        "auf Deutsch und Englisch:",
        "The register's terms, in German and English:",
    ),
    "problems": Text("Arten von Fehlern", "Kinds of problems"),
}


def words(language: str) -> dict[str, str]:
    """What the pages say in one language, by its name."""
    return {name: getattr(text, language) for name, text in WORDS.items()}
