"""Who calls."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.access.errors import Unauthorized


@dataclass(frozen=True)
class Caller:
    """Who sends a request, and what it may therefore see and change."""

    sees_partners: bool
    writes: bool


LOCAL = Caller(sees_partners=True, writes=True)


async def identify(request: Request) -> Caller:
    """The caller of a request; no keys are issued yet, so a request that brings one is refused."""
    if "authorization" in request.headers:
        raise Unauthorized
    return LOCAL


Anyone = Annotated[Caller, Depends(identify)]
Contributor = Annotated[Caller, Depends(identify)]
