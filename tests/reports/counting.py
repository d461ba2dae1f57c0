"""How many statements a report takes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from tests.conftest import client_of
from tests.resources.test_statements import Counted


@asynccontextmanager
async def counting(app: FastAPI) -> AsyncIterator[tuple[httpx.AsyncClient, Counted]]:
    """A client without a key, whose look into the database would be counted too, and the counter."""
    counted = Counted(app.state.runtime.database)
    async with client_of(app) as client:
        # Connections are listened to from their opening on.
        await app.state.runtime.database.close()
        assert (await client.get("/v1/partners")).status_code == 200
        counted.clear()
        yield client, counted


def check(counted: Counted, statements: int) -> None:
    """Refuse any other number of statements, any that is not a query, and transactions around them; forget them."""
    assert len(counted.reader.sent) == statements, counted.reader.sent
    assert all(statement.startswith(("SELECT", "WITH")) for statement in counted.reader.sent)
    assert len(counted.reader.run) == (statements if counted.is_sqlite else 0), counted.reader.run
    assert counted.writer.sent == counted.writer.run == []
    counted.clear()
