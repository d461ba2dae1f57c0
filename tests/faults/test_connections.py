"""What each pooled connection promises, asked from each one."""

from contextlib import AsyncExitStack
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

import pytest

from app.database import Database
from tests.faults.conftest import only
from tests.factories import delete, make, patch

LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "synchronous_commit": "on",
    "fsync": "on",
}


async def asked_of_all(database: Database, question: str) -> list[str]:
    """What every connection of the pool for writing answers, all of them open at once."""
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(database.writer.connect())
            for _ in range(database.writer.pool.size())  # type: ignore[attr-defined]  # the pool that is used has a size
        ]
        return [str((await connection.exec_driver_sql(question)).scalar_one()) for connection in connections]


@only("postgresql")
class TestPostgreSQL:
    async def test_waits_for_nothing_without_end_and_keeps_what_it_answers(self, app: FastAPI) -> None:
        for name, value in LIMITS.items():
            assert await asked_of_all(app.state.database, f"SHOW {name}") == [value] * 10
