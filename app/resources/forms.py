"""Another form than the stored JSON in which whoever asks now would like to have resources."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from app.resources.kind import Kind


@dataclass(frozen=True)
class Form:
    """How texts that are JSON objects become another form of JSON, by what is put in front of their members.

    Each function gives what is put there, after the opening brace: `alone` and `entry` for a resource of a kind with this
    text, by itself or in a list, `page` for the list of a kind. `mark` is what its ETags end with (see `etag`).
    """

    media_type: str
    mark: str
    alone: Callable[[Kind[Any], str], str]
    entry: Callable[[Kind[Any], str], str]
    page: Callable[[Kind[Any]], str]


wanted_form: ContextVar[Form | None] = ContextVar("wanted_form", default=None)
"""The form that the request which is being answered prefers; None is the JSON that is stored."""
