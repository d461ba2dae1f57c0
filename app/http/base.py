"""Where the service is reached, for what is read elsewhere and leads back."""

from typing import Annotated

from fastapi import Depends, Request

from app.runtime import Runtime


async def base_of(request: Request) -> str:
    """The address of the installation without a slash at its end: as the settings say, else as it was asked for."""
    runtime: Runtime = request.app.state.runtime
    return runtime.settings.public_url or str(request.base_url).rstrip("/")


Base = Annotated[str, Depends(base_of)]
