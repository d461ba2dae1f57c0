"""What a validation error says to people, in both languages."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from app.http.problems import FieldError, at
from app.language import Text

MESSAGES: Mapping[str, Text] = {
    "missing": Text("Die Angabe fehlt.", "The value is missing."),
    "extra_forbidden": Text("Diese Angabe ist hier nicht bekannt.", "This name is not known here."),
    "not_a_number": Text("Erwartet wird eine Zahl.", "A number is expected."),
    "string_type": Text("Erwartet wird ein Text.", "A string is expected."),
    "string_too_short": Text(
        "Der Text braucht mindestens {min_length} Zeichen.", "The string needs {min_length} or more characters."
    ),
    "string_too_long": Text(
        "Der Text darf höchstens {max_length} Zeichen haben.", "The string may have {max_length} characters at most."
    ),
    "string_pattern_mismatch": Text(
        "Der Text passt nicht zum Muster {pattern}.", "The string does not match the pattern {pattern}."
    ),
    "invisible_text": Text(
        "Der Text braucht mindestens ein sichtbares Zeichen.", "The string needs at least one visible character."
    ),
    "surrounding_space": Text(
        "Am Anfang und am Ende darf kein Leerzeichen stehen.", "There may be no space at the beginning or the end."
    ),
    "line_break": Text("Hier ist nur eine Zeile möglich.", "Only one line is possible here."),
    "control_character": Text(
        "Steuerzeichen und Zeichen, die die Schreibrichtung umkehren, sind nicht erlaubt.",
        "Control characters, and characters that override the direction of writing, are not allowed.",
    ),
    "int_type": Text("Erwartet wird eine ganze Zahl.", "An integer is expected."),
    "int_parsing": Text("Erwartet wird eine ganze Zahl.", "An integer is expected."),
    "int_parsing_size": Text("Die Zahl ist zu groß.", "The number is too large."),
    "int_from_float": Text("Erwartet wird eine ganze Zahl.", "An integer is expected."),
    "float_type": Text("Erwartet wird eine Zahl.", "A number is expected."),
    "finite_number": Text("Erwartet wird eine endliche Zahl.", "A finite number is expected."),
    "bool_type": Text("Erwartet wird true oder false.", "true or false is expected."),
    "bool_parsing": Text("Erwartet wird true oder false.", "true or false is expected."),
    "greater_than_equal": Text("Die Zahl muss mindestens {ge} sein.", "The number must be at least {ge}."),
    "less_than_equal": Text("Die Zahl darf höchstens {le} sein.", "The number may be {le} at most."),
    "enum": Text("Erlaubt ist nur: {expected}.", "Only these are allowed: {expected}."),
    "literal_error": Text("Erlaubt ist nur: {expected}.", "Only these are allowed: {expected}."),
    "list_type": Text("Erwartet wird eine Liste.", "An array is expected."),
    "too_long": Text("Höchstens {max_length} Einträge sind erlaubt.", "{max_length} entries at most are allowed."),
    "too_short": Text("Mindestens {min_length} Angabe wird erwartet.", "{min_length} entry at least is expected."),
    "dict_type": Text("Erwartet wird ein Objekt.", "An object is expected."),
    "model_type": Text("Erwartet wird ein Objekt.", "An object is expected."),
    "model_attributes_type": Text("Erwartet wird ein Objekt.", "An object is expected."),
    "uuid_format": Text(
        "Erwartet wird eine UUID wie 0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11.",
        "A UUID such as 0198c5d2-7c1e-7a63-9f10-3b5f0f6f2a11 is expected.",
    ),
    "date_format": Text(
        "Erwartet wird ein Datum wie 2024-08-29 (ISO 8601).", "A date such as 2024-08-29 is expected (ISO 8601)."
    ),
    "time_format": Text(
        "Erwartet wird ein Zeitpunkt mit Zeitzone wie 2024-08-29T10:00:00+02:00 (RFC 3339).",
        "A time with offset such as 2024-08-29T10:00:00+02:00 is expected (RFC 3339).",
    ),
    "email_format": Text(
        "Erwartet wird eine E-Mail-Adresse wie kontakt@example.org.",
        "An email address such as contact@example.org is expected.",
    ),
    "year_out_of_range": Text(
        "Das Jahr muss zwischen 1000 und 2999 liegen.", "The year must be between 1000 and 2999."
    ),
    "unknown_timezone": Text(
        "Erwartet wird die Zeitzone eines Ortes wie Europe/Berlin oder UTC.",
        "The time zone of a place such as Europe/Berlin, or UTC, is expected.",
    ),
    "no_address": Text(
        "Unter . und .. gibt es keine Adresse: das sind Schritte nach oben.",
        "There is no address for . and ..: these are steps upwards.",
    ),
    "repeated": Text("Der Eintrag steht doppelt in der Liste.", "The entry stands twice in the array."),
    "sent_twice": Text("Diese Angabe darf nur einmal vorkommen.", "This parameter may be sent only once."),
    "plus_as_space": Text(
        "Vor dem Versatz steht ein Leerzeichen; in einer Adresse ist + als %2B zu schreiben: 2024-08-29T10:00:00%2B02:00.",
        "There is a space before the offset; in an address + is written as %2B: 2024-08-29T10:00:00%2B02:00.",
    ),
    "invalid_cursor": Text(
        "Der Cursor gehört nicht zu dieser Liste und Sortierung. Erwartet wird next_cursor der Seite davor; ohne Cursor "
        "beginnt sie von vorn.",
        "The cursor does not belong to this list and order. The next_cursor of the page before is expected; without a "
        "cursor it begins at the start.",
    ),
}
KNOWN = Text(
    "Diese Angabe ist hier nicht bekannt; bekannt sind: {names}.", "This name is not known here; known are: {names}."
)


# Pydantic names these by its own workings; the same mistake has one name, whichever validator finds it.
CODES: Mapping[str, str] = {
    "value_error": "email_format",
    "datetime_parsing": "time_format",
    "datetime_from_date_parsing": "time_format",
}


def field_errors(errors: Iterable[Mapping[str, Any]], known: Mapping[str, Collection[str]] = {}) -> list[FieldError]:
    """Pydantic's errors, each with its place in the request; an error of a kind without a text keeps Pydantic's.

    `known` has the names that each part of the request may hold, for who sent another one.
    """
    return [field_error(error, known) for error in errors]


def errors_in(error: ValidationError, *place: str) -> list[FieldError]:
    """The errors of what stands at a place in a request, such as `"body", "changes"`, and was validated by itself."""
    return field_errors([{**each, "loc": (*place, *each["loc"])} for each in error.errors()])


def field_error(error: Mapping[str, Any], known: Mapping[str, Collection[str]] = {}) -> FieldError:
    """One of Pydantic's errors; its `loc` begins with the part of the request."""
    part, *path = error["loc"]
    if path[-1:] == ["[key]"] and error["type"] != "extra_forbidden":
        # Pydantic's way to say that the name of a member is wrong, not its value: the place is the same.
        path.pop()
    code = CODES.get(error["type"], error["type"])
    text = MESSAGES.get(code)
    # Pydantic's own message is no template: what the caller sent can stand in it, braces included.
    detail = filled(text, error.get("ctx", {})) if text else Text(error["msg"], error["msg"])
    if code == "extra_forbidden" and len(path) == 1 and known.get(part):
        detail = only_known(known[part])
    match part:
        case "body":
            return at(*path, code=code, detail=detail)
        case "header":
            return FieldError("header", str(path[0]), code, detail)
        case _:
            return FieldError("parameter", printable(str(path[0])), code, detail)


def only_known(names: Collection[str]) -> Text:
    """What is said to who sent another name than one of these."""
    return filled(KNOWN, {"names": ", ".join(sorted(names))})


def filled(text: Text, context: Mapping[str, Any]) -> Text:
    """A text with its places filled; Pydantic lists what it expects in English."""
    english = {name: str(value) for name, value in context.items()}
    german = english | {"expected": " oder ".join(english.get("expected", "").rsplit(" or ", 1))}
    return Text(text.de.format(**german), text.en.format(**english))


def printable(name: str) -> str:
    """A name from the request without what a terminal or a log could take for a command."""
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:200]
