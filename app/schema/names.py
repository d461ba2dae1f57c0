"""Texts that are one of some names, which are known only when all of them are defined: those of kinds."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

Names = Callable[[], Iterable[str]]


def named(names: Names) -> Any:
    """Shows the names in the contract."""
    return Field(max_length=60, json_schema_extra=lambda schema: schema.update(enum=list[Any](sorted(names()))))


def one_of(names: Names) -> AfterValidator:
    """Refuses what is none of the names, and tells them."""

    def known(value: str) -> str:
        there = sorted(names())
        if value not in there:
            *first, last = map(repr, there)
            raise PydanticCustomError("enum", "Unknown name", {"expected": f"{', '.join(first)} or {last}"})
        return value

    return AfterValidator(known)
