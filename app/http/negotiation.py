"""What a caller would like to be answered with, and what its body is (RFC 9110, sections 8.3, 8.4 and 12.5).

The most specific range decides what a representation weighs, q=0 refuses it, and several lines of a header are one list.
What cannot be read in a list is no wish: it is left out, and a list of which nothing is left is no list.

An address with several representations refuses a caller that takes none of them (`NotAcceptable`): a report that was asked
for as a spreadsheet and came as JSON would be stored under the wrong name. An address with one representation disregards
Accept, as the RFC lets it: who asks for a history as HTML can still tell from Content-Type that it is JSON, errors must
reach everyone, and a client's default header should not cut it off. So do what is there as JSON-LD too, which is the same
JSON with its meaning, and the pages for people, whose JSON is for all others.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from starlette.datastructures import Headers

from app.language import LANGUAGES, Language

JSON, HTML, CSV = "application/json", "text/html", "text/csv; header=present"
LINKED = "application/ld+json"
USUAL: tuple[list[str], ...] = ([], ["*/*"], [JSON])
DEFAULT_LANGUAGE: Language = "en"

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (a word of RFC 9110)
QUOTED = r'"(?:[^"\\]|\\.)*+"'
# What stands in quotes may hold commas; quotes that do not end hold the rest.
ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z))+', re.DOTALL)
NAME = re.compile(rf"({TOKEN}(?:/{TOKEN})?)[ \t]*")
PARAMETER = re.compile(rf"[ \t]*;[ \t]*(?:({TOKEN})=({TOKEN}|{QUOTED}))?", re.DOTALL)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
# Java's own client still writes `q=.2`.
WEIGHT = re.compile(r"0?\.[0-9]+|0\.?|1(?:\.0*)?")


class Choice(NamedTuple):
    """An element of a list: a media type, a range of them or of languages, in small letters, with its parameters."""

    name: str
    parameters: Mapping[str, str]
    weight: float = 1.0

    def covers(self, offer: "Choice") -> bool:
        """Whether a representation is in this range of media types."""
        kind = offer.name.partition("/")[0]
        return self.name in ("*/*", f"{kind}/*", offer.name) and all(
            offer.parameters.get(name, "").lower() == value.lower() for name, value in self.parameters.items()
        )

    @property
    def precision(self) -> tuple[int, int]:
        """How specific a range of media types is: `*/*`, `text/*`, `text/csv`, `text/csv;header=present`."""
        return 2 - self.name.count("*"), len(self.parameters)


def choice_of(text: str) -> Choice | None:
    """An element of a list with its parameters; None when it is none, or says the same thing twice."""
    text = text.strip(" \t")
    match = NAME.match(text)
    if match is None:
        return None
    position, parameters = match.end(), dict[str, str]()
    while position < len(text):
        part = PARAMETER.match(text, position)
        if part is None:
            return None
        position = part.end()
        if part[1] is None:
            continue
        name, value = part[1].lower(), part[2]
        if name in parameters:
            return None
        parameters[name] = ESCAPE.sub(r"\1", value[1:-1]) if value.startswith('"') else value
    return Choice(match[1].lower(), parameters)


def choices(lines: Sequence[str]) -> Iterator[Choice]:
    """The elements of a list of preferences (RFC 9110, section 12.4.2), without those whose weight is no weight."""
    for text in ELEMENT.findall(",".join(lines)):
        choice = choice_of(text)
        if choice is None:
            continue
        weight = choice.parameters.get("q", "1")
        if WEIGHT.fullmatch(weight):
            parameters = {name: value for name, value in choice.parameters.items() if name != "q"}
            yield Choice(choice.name, parameters, float(weight))


def acceptable(accept: Sequence[str], offers: Sequence[str]) -> str | None:
    """The media type of these that the lines of Accept prefer; None when they take none.

    Of what weighs the same, the one that is named more precisely, then the one that is named first, then the first offer.
    """
    ranges = [choice for choice in choices(accept) if "/" in choice.name] or [Choice("*/*", {})]
    weighed = []
    for offer in offers:
        # All text that is sent is UTF-8, so a caller may ask for that.
        known = choice_of(f"{offer}; charset=utf-8")
        found = [(each.precision, each.weight, -at) for at, each in enumerate(ranges) if known and each.covers(known)]
        precision, weight, place = max(found, default=((0, 0), 0.0, 0))
        weighed.append((weight, precision, place, offer))
    best = max(weighed, key=lambda each: each[:3])
    return best[3] if best[0] > 0 else None


def wants_linked(headers: Headers) -> bool:
    """Whether a request prefers JSON-LD to JSON."""
    lines = headers.getlist("accept")
    # Nearly every request says one of these, and each is read more often than anything else.
    return lines not in USUAL and acceptable(lines, (JSON, LINKED)) == LINKED


def preferred_language(accept_language: Sequence[str]) -> Language:
    """The language that the lines of Accept-Language prefer, by lookup (RFC 4647, section 3.4); else English."""
    ranges = sorted(choices(accept_language), key=lambda each: (-each.weight, each.name == "*"))
    named = {each.name.partition("-")[0] for each in ranges}
    refused = {each.name for each in ranges if each.weight == 0} - {each.name for each in ranges if each.weight > 0}
    others = [LANGUAGES[tag] for tag in (DEFAULT_LANGUAGE, *LANGUAGES) if tag not in named]
    for each in ranges:
        tag = each.name.partition("-")[0]
        if each.weight > 0 and tag in LANGUAGES and tag not in refused:
            return LANGUAGES[tag]
        if each.weight > 0 and tag == "*" and others:
            return others[0]
    return DEFAULT_LANGUAGE


def language_of(headers: Headers) -> Language:
    """The language that a request prefers."""
    return preferred_language(headers.getlist("accept-language"))


def content_type(headers: Headers) -> Choice | None:
    """The media type of a body; None when there is none, or none that all readers would understand alike.

    Of several lines, or a list, one reader takes the first and another one the last.
    """
    lines = headers.getlist("content-type")
    media_type = choice_of(lines[0]) if len(lines) == 1 else None
    return media_type if media_type and "/" in media_type.name else None


def content_codings(headers: Headers) -> set[str]:
    """How a body is packed, in small letters."""
    return {coding.strip(" \t").lower() for coding in ",".join(headers.getlist("content-encoding")).split(",")} - {
        "",
        "identity",
    }
