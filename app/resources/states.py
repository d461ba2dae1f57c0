"""State machines: tables of what can follow what, which the docs show as they are."""

from collections.abc import Mapping
from typing import TypeVar

from app.vocabularies.term import Term

State = TypeVar("State", bound=Term)


def described(transitions: Mapping[State, frozenset[State]]) -> str:
    """The table as one line for the docs."""
    lines = (f"{state} → {', '.join(sorted(following)) or 'nothing'}" for state, following in transitions.items())
    return f"It can change so: {'; '.join(lines)}."
