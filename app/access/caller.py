"""Who calls."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from app.access.errors import Unauthorized


@dataclass(frozen=True)
class Caller:
    """Who sends a request, and what it may therefore see and change."""

    sees_partners: bool
    writes: bool


LOCAL = Caller(sees_partners=True, writes=True)


async def identify(
    authorization: Annotated[str | None, Header(alias="Authorization", include_in_schema=False)] = None,
) -> Caller:
    """The caller of a request; no keys are issued yet, so a request that brings one is refused."""
    if authorization is not None:
        raise Unauthorized
    return LOCAL


Anyone = Annotated[Caller, Depends(identify)]
Contributor = Annotated[Caller, Depends(identify)]
