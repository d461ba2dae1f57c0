"""The one transaction of a request, for routes that write."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends

from app.access.guards import Admin, Contributor, Coordinator, Operator, Reader
from app.changes.log import Transaction, transaction
from app.http.runtime import Running


async def begin_as_reader(runtime: Running, caller: Reader) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller with any key, which keeps its own."""
    async with transaction(runtime.database, caller, runtime.settings.zone, runtime.clock()) as session:
        yield session


async def begin_as_contributor(runtime: Running, caller: Contributor) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller that may write what belongs to its partner."""
    async with transaction(runtime.database, caller, runtime.settings.zone, runtime.clock()) as session:
        yield session


async def begin_as_coordinator(runtime: Running, caller: Coordinator) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller that may write everything about the cooperation."""
    async with transaction(runtime.database, caller, runtime.settings.zone, runtime.clock()) as session:
        yield session


async def begin_as_admin(runtime: Running, caller: Admin) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller that may also keep its partner's keys and profile."""
    async with transaction(runtime.database, caller, runtime.settings.zone, runtime.clock()) as session:
        yield session


async def begin_as_operator(runtime: Running, caller: Operator) -> AsyncIterator[Transaction]:
    """One transaction for the request of a caller that may also keep agreements, partners and their first keys."""
    async with transaction(runtime.database, caller, runtime.settings.zone, runtime.clock()) as session:
        yield session


# "function": committed before the answer is sent, so that no caller is told of what a failing commit then undoes.
ByReader = Annotated[Transaction, Depends(begin_as_reader, scope="function")]
ByContributor = Annotated[Transaction, Depends(begin_as_contributor, scope="function")]
ByCoordinator = Annotated[Transaction, Depends(begin_as_coordinator, scope="function")]
ByAdmin = Annotated[Transaction, Depends(begin_as_admin, scope="function")]
ByOperator = Annotated[Transaction, Depends(begin_as_operator, scope="function")]
