"""What a route depends on."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant


def dependencies_of(dependant: Dependant) -> Iterator[Dependant]:
    """The dependencies of a route in the order in which they are called: what a dependency depends on is before it."""
    for each in dependant.dependencies:
        yield from dependencies_of(each)
        yield each
