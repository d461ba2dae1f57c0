"""What reading costs: one statement a page, whatever the entries hold, and no transaction around it.

Counted twice: as SQLAlchemy sends them, and at the driver, which also shows what SQLAlchemy has it do: BEGIN and COMMIT.
"""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, Engine, event, text

from app.database import kept
from app.database.engines import Database
from tests.conftest import Templates, client_of, running
from tests.databases import only_postgresql
from tests.factories import CARITAS, CITY, LIGA, PATHS, delete, goal_id, items_of, make, measure_id, topic_id
from tests.poolers import MODE

# Each transaction sets its limits then, and a read is one.
pytestmark = pytest.mark.skipif(
    MODE == "transaction", reason="statements are not counted behind a pooler that lends transactions"
)


PLANS = text(
    "SELECT statement, generic_plans AS for_any_values FROM pg_prepared_statements"
    " WHERE statement LIKE '%finding%' AND custom_plans + generic_plans > 5"
)
"""Statements that were asked again, with how often they had a plan that was not made for their values."""


class Statements:
    """What an engine is asked by SQLAlchemy (`sent`) and what its driver is asked in all (`run`)."""

    def __init__(self, engine: Engine) -> None:
        self.sent: list[str] = []
        self.run: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *args: self.sent.append(args[2]))
        event.listen(engine, "connect", self.listen_to_driver)

    def listen_to_driver(self, connection: Any, _entry: Any) -> None:
        """Note what a new connection is asked."""
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(self.note)
        elif isinstance(connection.driver_connection, asyncpg.Connection):
            # It logs what is no prepared query, and that is what would be around one.
            connection.driver_connection.add_query_logger(lambda query: self.run.append(query.query))
        else:
            connection.run_async(lambda driver: driver.set_trace_callback(self.note))

    def note(self, statement: str) -> None:
        """Note what SQLite was asked, and not what its index of texts asks the tables behind it."""
        if "'main'" not in statement:
            self.run.append(statement)

    def clear(self) -> None:
        """Forget what was counted."""
        self.sent.clear()
        self.run.clear()


class Counted:
    """The statements of both engines of a database."""

    def __init__(self, database: Database) -> None:
        self.is_sqlite = database.is_sqlite
        self.reader = Statements(database.reader)
        self.writer = Statements(database.writer.sync_engine)
        self.alone: list[str] = []
        self.ever_alone: set[str] = set()

    def clear(self) -> None:
        """Forget what was counted."""
        self.alone.clear()
        self.reader.clear()
        self.writer.clear()

    @property
    def asked(self) -> list[str]:
        """What was read: by SQLAlchemy, by the driver alone, and whatever else its connection was asked.

        asyncpg tells of what it was asked alone as well, some time later.
        """
        if self.is_sqlite:
            return self.reader.run
        return [*self.reader.sent, *self.alone, *(each for each in self.reader.run if each not in self.ever_alone)]

    def check(self, statements: int) -> None:
        """Refuse any other number of statements, and any that is not a query."""
        assert len(self.asked) == statements, self.asked
        assert all(statement.startswith(("SELECT", "WITH")) for statement in self.asked)
        assert self.writer.sent == self.writer.run == []


@pytest.fixture(scope="module")
async def register(templates: Templates) -> AsyncIterator[FastAPI]:
    """A register with sixty events, each with participants, an agenda and links."""
    async with (
        templates.fresh("seeded") as settings,
        running(settings) as app,
        client_of(app, templates.keys["operator"]) as client,
    ):
        for path in set(PATHS) - {"consultation-events"}:
            await make(client, path)
        for number in range(60):
            await make(
                client,
                "consultation-events",
                title=f"Gespräch {number}",
                organiser_id=LIGA,
                participants=[{"partner_id": each} for each in (CITY, LIGA, CARITAS)],
                agenda_items=[{"title": "Eins", "sub_measure_id": measure_id(1, 1)}, {"title": "Zwei"}],
                topic_ids=[topic_id("health"), topic_id("work")],
                goal_ids=[goal_id(1)],
                sub_measure_ids=[measure_id(1, 1), measure_id(2, 1)],
            )
        yield app


@pytest.fixture(scope="module")
def counted(register: FastAPI) -> Iterator[Counted]:
    """The counter of the register's statements."""
    counted, ask = Counted(register.state.runtime.database), kept.ask

    def note(connection: Connection, text: str, given: list[Any]) -> Any:
        counted.alone.append(text)
        counted.ever_alone.add(text)
        return ask(connection, text, given)

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(kept, "ask", note)
        yield counted


@pytest.fixture
async def reader(register: FastAPI, counted: Counted) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose app has just opened its connection, with nothing counted yet."""
    async with client_of(register) as client:
        await client.get("/v1/partners")
        await register.state.runtime.database.close()
        assert (await client.get("/v1/partners")).status_code == 200
        counted.clear()
        yield client


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"sort": "-title", "q": "gespräch"},
    {"partner_id": [CITY, CARITAS], "topic_id": topic_id("health")},
    {"goal_id": goal_id(1), "sub_measure_id": measure_id(1, 1), "organiser_id": LIGA},
]


class TestReadingAPage:
    @pytest.mark.parametrize("asked", QUESTIONS, ids=str)
    async def test_of_events_is_one_statement(
        self, reader: httpx.AsyncClient, counted: Counted, asked: dict[str, Any]
    ) -> None:
        answer = (await reader.get("/v1/consultation-events", params=asked)).json()
        assert len(answer["items"]) == 50
        assert all(len(each["participants"]) == 3 for each in answer["items"])
        counted.check(1)
        counted.clear()
        params = {**asked, "cursor": answer["next_cursor"]}
        assert len((await reader.get("/v1/consultation-events", params=params)).json()["items"]) == 10
        counted.check(1)

    async def test_with_its_total_is_two(self, reader: httpx.AsyncClient, counted: Counted) -> None:
        answer = await reader.get("/v1/consultation-events", params={"include_total": "true", "partner_id": CITY})
        assert answer.json()["total"] == 60
        counted.check(2)

    @pytest.mark.parametrize("path", PATHS)
    async def test_is_one_statement_for_every_kind(
        self, reader: httpx.AsyncClient, counted: Counted, path: str
    ) -> None:
        assert (await reader.get(f"/v1/{path}")).json()["items"]
        counted.check(1)

    @only_postgresql
    async def test_is_planned_for_what_is_asked(self, register: FastAPI, reader: httpx.AsyncClient) -> None:
        params: dict[str, Any] = {
            "partner_id": CITY,
            "created_at_from": "2000-01-01T00:00:00Z",
            "limit": 1,
            "include_total": "true",
        }
        params["cursor"] = (await reader.get("/v1/consultation-events", params=params)).json()["next_cursor"]
        for _ in range(8):
            assert (await reader.get("/v1/consultation-events", params=params)).json()["total"] == 60
        found = await register.state.runtime.database.read(lambda asked: asked.execute(PLANS).all())
        assert len(found) >= 2
        assert {plan.for_any_values for plan in found} == {0}

    @only_postgresql
    async def test_looks_up_what_is_asked_of_each_row(self, reader: httpx.AsyncClient, counted: Counted) -> None:
        for asked in ({"q": "gespräch", "goal_id": goal_id(1)}, {"partner_id": CITY, "topic_id": topic_id("health")}):
            await reader.get("/v1/consultation-events", params=asked)
        assert all(each.count("EXISTS (SELECT") == each.count("OFFSET") for each in counted.asked)

    async def test_that_cannot_be_is_none(self, reader: httpx.AsyncClient, counted: Counted) -> None:
        for params in ({"limit": 0}, {"cursor": "x"}, {"nonsense": 1}, {"sort": "nonsense"}):
            assert (await reader.get("/v1/consultation-events", params=params)).status_code == 422
        counted.check(0)


class TestReadingOne:
    @pytest.mark.parametrize("path", PATHS)
    async def test_is_one_statement(self, reader: httpx.AsyncClient, counted: Counted, path: str) -> None:
        id = (await items_of(reader, path))[0]["id"]
        counted.clear()
        answer = await reader.get(f"/v1/{path}/{id}")
        assert answer.status_code == 200
        counted.check(1)
        counted.clear()
        answer = await reader.get(f"/v1/{path}/{id}", headers={"If-None-Match": answer.headers["etag"]})
        assert answer.status_code == 304
        counted.check(1)

    async def test_that_is_gone_looks_once_more_for_what_is_left_of_it(
        self, register: FastAPI, templates: Templates, reader: httpx.AsyncClient, counted: Counted
    ) -> None:
        async with client_of(register, templates.keys["keeper"]) as admin:
            made = await make(admin, "partners")
            assert (await delete(admin, "partners", made)).status_code == 204
        counted.clear()
        assert (await reader.get(f"/v1/partners/{made['id']}")).status_code == 410
        counted.check(2)


class TestWriting:
    @pytest.mark.usefixtures("reader")
    async def test_is_counted_where_it_is_not_reading(
        self, register: FastAPI, templates: Templates, counted: Counted
    ) -> None:
        """The counter's own test: it sees a transaction."""
        async with client_of(register, templates.keys["keeper"]) as admin:
            await make(admin, "partners")
        assert any(statement.startswith("INSERT") for statement in counted.writer.sent)
        assert counted.writer.run[-1].startswith("COMMIT")
        assert any(statement.startswith("BEGIN") for statement in counted.writer.run)
        assert counted.asked
        assert all("api_key" in statement for statement in counted.asked)
