"""What addresses of pages say: keys, and the parameters of a list."""

from collections.abc import Iterable
from datetime import date
from typing import Any, get_args, get_origin
from uuid import UUID

from app.http.errors import NotFound
from app.site.showing import ID


def uuid_of(text: str) -> UUID:
    """The id in an address; raises NotFound for what is none."""
    if not ID.fullmatch(text):
        raise NotFound
    return UUID(text)


def day_of(text: str) -> date:
    """The day in an address; raises NotFound for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


def takes_many(annotation: Any) -> bool:
    """Whether a field is a list, or none."""
    return any(get_origin(each) is list for each in (annotation, *get_args(annotation)))


def grouped(asked: Iterable[tuple[str, str]], **others: Any) -> dict[str, Any]:
    """The parameters of an address by their names, with others in place of those that have the same name."""
    by_name: dict[str, Any] = {}
    for name, value in asked:
        by_name.setdefault(name, []).append(value)
    return by_name | others
