"""What an operation answers beside its success, for a route's `responses`."""

from http import HTTPStatus
from typing import Any


def conflicts(*slugs: str) -> dict[int | str, dict[str, Any]]:
    """The 409 answer of an operation, named by the problems that it can be; for a route's `responses`."""
    return problems(409, *slugs)


def problems(status: int, *slugs: str) -> dict[int | str, dict[str, Any]]:
    """An answer that this operation has beside those that all have, named by the problems that it can be."""
    return {status: {"description": HTTPStatus(status).phrase, "x-problems": slugs}}
