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
        # Connections are listened to from their opening on; of what the driver itself runs asyncpg tells some time later.
        await app.state.runtime.database.close()
        assert (await client.get("/v1/reports/exchange")).status_code == 200
        counted.clear()
        yield client, counted


def check(counted: Counted, statements: int) -> None:
    """Refuse any other number of statements, any that is not a query, and writing; forget them.

    What CSV is read of is one state: the beginning and the end of that are not counted.
    """
    sent, run = queries(counted.reader.sent), queries(counted.reader.run)
    assert len(sent) == statements, sent
    assert all(statement.startswith(("SELECT", "WITH")) for statement in sent)
    assert len(run) == (statements if counted.is_sqlite else 0), run
    assert counted.writer.sent == counted.writer.run == []
    counted.clear()


def queries(statements: list[str]) -> list[str]:
    """What is asked, without the beginning and the end of a snapshot."""
    return [each for each in statements if not each.startswith(("BEGIN", "ROLLBACK"))]
