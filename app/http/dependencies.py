"""What a route depends on."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel


def dependencies_of(dependant: Dependant) -> Iterator[Dependant]:
    """The dependencies of a route in the order in which they are called: what a dependency depends on is before it."""
    for each in dependant.dependencies:
        yield from dependencies_of(each)
        yield each


def schemas_of(parameters: Iterable[Any]) -> Iterator[type[BaseModel]]:
    """The schemas among the parameters of a route: their fields are the names that it takes."""
    types = (each.field_info.annotation for each in parameters)
    return (each for each in types if isinstance(each, type) and issubclass(each, BaseModel))
