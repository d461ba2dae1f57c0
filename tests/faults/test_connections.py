"""What each pooled connection promises, asked of each one."""

from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from app.database.engines import Database
from app.settings import Settings
from tests.conftest import Templates, client_of, running
from tests.databases import only_postgresql, only_sqlite
from tests.engines import listening
from tests.factories import delete, make, patch

POOL_SIZE = 3
LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "15s",
    "synchronous_commit": "on",
    "fsync": "on",
    "jit": "off",
}


async def asked_of_writers(database: Database, question: str) -> list[str]:
    """What every connection of the pool for writing answers, one after the other let in and all kept open."""
    answers = []
    async with AsyncExitStack() as stack:
        for _ in range(1 if database.is_sqlite else POOL_SIZE):
            connection = await stack.enter_async_context(database.writer.connect())
            answers.append(str((await connection.exec_driver_sql(question)).scalar_one()))
            # On SQLite the transaction that has just begun would keep the next connection waiting.
            await connection.rollback()
    return answers


async def asked_of_readers(database: Database, question: str) -> list[str]:
    """What every connection of the pool for reading answers."""

    def ask(connection: Any) -> str:
        return str(connection.exec_driver_sql(question).scalar_one())

    def ask_nested(connection: Any, left: int) -> list[str]:
        if left == 0:
            return [ask(connection)]
        with database.reader.connect() as another:
            return [ask(connection), *ask_nested(another, left - 1)]

    return await database.read(lambda connection: ask_nested(connection, POOL_SIZE - 1))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A small pool, so that each of its connections can be asked."""
    return settings.model_copy(update={"database_pool_size": POOL_SIZE})


@pytest.mark.thorough
@only_postgresql
class TestPostgreSQL:
    @pytest.mark.parametrize(("name", "value"), LIMITS.items())
    async def test_waits_for_nothing_without_end(self, app: FastAPI, name: str, value: str) -> None:
        for answers in (
            await asked_of_writers(app.state.runtime.database, f"SHOW {name}"),
            await asked_of_readers(app.state.runtime.database, f"SHOW {name}"),
        ):
            assert answers == [value] * POOL_SIZE


@only_sqlite
class TestSQLite:
    @pytest.mark.parametrize(("name", "value"), [("synchronous", "2"), ("foreign_keys", "1"), ("journal_mode", "wal")])
    async def test_keeps_what_it_answers(self, app: FastAPI, name: str, value: str) -> None:
        for answers in (
            await asked_of_writers(app.state.runtime.database, f"PRAGMA {name}"),
            await asked_of_readers(app.state.runtime.database, f"PRAGMA {name}"),
        ):
            assert answers == [value] * len(answers)

    async def test_takes_the_lock_before_anything_is_read(self, app: FastAPI, settings: Settings) -> None:
        others = Database(settings.database, pool_size=1, pool_timeout=1)
        event.listen(others.writer.sync_engine, "connect", wait_for_nobody)
        try:
            async with app.state.runtime.database.writer.connect() as first, others.writer.connect() as second:
                await first.exec_driver_sql("SELECT 1")
                with pytest.raises(OperationalError, match="database is locked"):
                    await second.exec_driver_sql("SELECT 1")
                await first.rollback()
                assert (await second.exec_driver_sql("SELECT 1")).scalar_one() == 1
        finally:
            await others.close()

    async def test_has_one_connection_that_writes(self, app: FastAPI) -> None:
        assert app.state.runtime.database.writer.pool.size() == 1

    async def test_begins_every_transaction_so(self, settings: Settings, templates: Templates) -> None:
        statements: list[str] = []

        def trace(connection: Any, _entry: ConnectionPoolEntry) -> None:
            connection.set_trace_callback(statements.append)

        async with running(settings) as app, client_of(app, templates.keys["operator"]) as client:
            with listening(app.state.runtime.database.writer.sync_engine, "connect", trace):
                await write_in_every_way(client)
        begins = [statement for statement in statements if statement.startswith("BEGIN")]
        ends = [statement for statement in statements if statement.startswith(("COMMIT", "ROLLBACK"))]
        # One more than the requests: the first of the day with a key notes that.
        assert begins == ["BEGIN IMMEDIATE"] * 6
        assert len(ends) == len(begins)


def wait_for_nobody(connection: Any, _entry: ConnectionPoolEntry) -> None:
    """Refuse at once what would have to wait."""
    connection.execute("PRAGMA busy_timeout=0")


async def write_in_every_way(client: httpx.AsyncClient) -> None:
    """A creation, a refused one, a change, a refused one, a deletion."""
    made = await make(client, "goals")
    taken = {name: made[name] for name in ("agreement_id", "topic_id", "number", "title")}
    assert (await client.post("/v1/goals", json=taken)).status_code == 409
    assert (await patch(client, "goals", made, title="Anders")).status_code == 200
    assert (await patch(client, "goals", made, title="Noch anders")).status_code == 412
    assert (await delete(client, "goals", {**made, "version": 2})).status_code == 204
