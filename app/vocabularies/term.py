"""Closed lists of terms, each with its label and its meaning in German and English."""

from enum import StrEnum
from typing import Any, Self

from app.language import Text


class Term(StrEnum):
    """A closed vocabulary: `code = ("code", "German label", "English label", "German description", "English description")`."""

    label: Text
    description: Text

    def __new__(cls, code: str, german: str, english: str, german_description: str, english_description: str) -> Self:
        term = str.__new__(cls, code)
        term._value_ = code
        term.label = Text(de=german, en=english)
        term.description = Text(de=german_description, en=english_description)
        return term

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        VOCABULARIES[cls.__name__] = cls

    @classmethod
    def explained(cls) -> str:
        """The terms with their labels in one line, for the docs."""
        return ", ".join(f"`{term}` ({term.label.en}, {term.label.de})" for term in cls)


VOCABULARIES: dict[str, type[Term]] = {}
"""Every vocabulary by the name of its class, filled as they are defined, just as `KINDS` knows every kind."""
