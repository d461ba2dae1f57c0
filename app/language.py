"""The two languages that the register speaks to people."""

from typing import Literal, NamedTuple

Language = Literal["de", "en"]

LANGUAGES: dict[str, Language] = {"de": "de", "en": "en"}


class Text(NamedTuple):
    """One text in both languages."""

    de: str
    en: str

    def format(self, **values: object) -> "Text":
        """The same text with its places filled."""
        return Text(self.de.format(**values), self.en.format(**values))


def preferred(accept_language: str) -> Language:
    """The language that an Accept-Language header (RFC 9110) prefers; English when it names neither."""
    best: tuple[float, Language] = (0.0, "en")
    for choice in accept_language.lower().split(","):
        tag, _, parameters = choice.partition(";")
        language = tag.strip().partition("-")[0]
        weight = quality(parameters)
        if weight > best[0] and language in LANGUAGES:
            best = (weight, LANGUAGES[language])
    return best[1]


def quality(parameters: str) -> float:
    """The weight in `q=0.8`; 1 when there is none, 0 when it is not a number."""
    name, _, value = parameters.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
