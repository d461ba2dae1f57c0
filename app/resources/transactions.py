"""The one transaction of a request, for routes that write."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from fastapi import Depends

from app.access.caller import Caller
from app.access.guards import require_admin, require_contributor, require_coordinator, require_operator, require_reader
from app.changes.log import Transaction, transaction
from app.http.runtime import Running


def begun_by(guard: Callable[..., Awaitable[Caller]]) -> Callable[..., AsyncIterator[Transaction]]:
    """What begins the one transaction for the request of a caller that a guard lets in."""

    async def begin(runtime: Running, caller: Annotated[Caller, Depends(guard)]) -> AsyncIterator[Transaction]:
        async with transaction(runtime.database, caller, runtime.settings.zone, runtime.clock()) as session:
            yield session

    return begin


# "function": committed before the answer is sent, so that no caller is told of what a failing commit then undoes.
ByReader = Annotated[Transaction, Depends(begun_by(require_reader), scope="function")]
ByContributor = Annotated[Transaction, Depends(begun_by(require_contributor), scope="function")]
ByCoordinator = Annotated[Transaction, Depends(begun_by(require_coordinator), scope="function")]
ByAdmin = Annotated[Transaction, Depends(begun_by(require_admin), scope="function")]
ByOperator = Annotated[Transaction, Depends(begun_by(require_operator), scope="function")]
