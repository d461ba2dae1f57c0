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
