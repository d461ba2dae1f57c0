"""What a route depends on."""

from collections.abc import Iterator

from fastapi.dependencies.models import Dependant


def dependencies_of(dependant: Dependant) -> Iterator[Dependant]:
    """The dependencies of a route, those of dependencies included."""
    for each in dependant.dependencies:
        yield each
        yield from dependencies_of(each)
