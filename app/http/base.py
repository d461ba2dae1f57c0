"""Where the service is reached, for what is told to others and leads back."""

from typing import Annotated

from fastapi import Depends, Request

from app.http.forwarded import prefix_of
from app.runtime import Runtime


async def base_of(request: Request) -> str:
    """The address of the installation without a slash at its end: as the settings say, else as it was asked for."""
    return base_at(request)


def base_at(request: Request) -> str:
    """The address of the installation, for who has no dependencies."""
    runtime: Runtime = request.app.state.runtime
    return (runtime.settings.public_url or str(request.base_url).rstrip("/")) + prefix_of(request.scope)


def outward(request: Request, path: str) -> str:
    """A path of the service as it is asked for from outside."""
    return prefix_of(request.scope) + path


Base = Annotated[str, Depends(base_of)]
