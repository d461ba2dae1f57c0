"""Closed lists of terms, each with its German and its English label."""

from enum import StrEnum
from typing import Self

from app.language import Text


class Term(StrEnum):
    """A closed vocabulary: `code = ("code", "German label", "English label")`."""

    label: Text

    def __new__(cls, code: str, german: str, english: str) -> Self:
        term = str.__new__(cls, code)
        term._value_ = code
        term.label = Text(de=german, en=english)
        return term

    @classmethod
    def explained(cls) -> str:
        """The terms with their labels in one line, for the docs."""
        return ", ".join(f"`{term}` ({term.label.en}, {term.label.de})" for term in cls)
