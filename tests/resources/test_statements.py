"""How many statements a request costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event

from tests.conftest import client_of
from tests.factories import CARITAS, CITY, LIGA, goal_id, make, measure_id


@contextmanager
def counted(app: FastAPI) -> Iterator[list[str]]:
    """The statements that the app runs meanwhile, BEGIN and COMMIT included."""
    statements: list[str] = []
    database = app.state.database
    engines: list[Engine] = [database.reader, database.writer.sync_engine]

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    def note_begin(_connection: Any) -> None:
        statements.append("BEGIN")

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
        event.listen(engine, "begin", note_begin)
    yield statements
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(engine, "begin", note_begin)


@pytest.fixture
async def anonymous(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client without a key, on a register with events."""
    for hour in range(10, 20):
        await make(
            client,
            "consultation-events",
            starts_at=f"2025-03-12T{hour}:00:00Z",
            sub_measure_ids=[measure_id(1, 1)],
            participants=[{"partner_id": partner} for partner in (CARITAS, LIGA, CITY)],
            agenda_items=[{"title": "Stand"}],
        )
    return client_of(app)


class TestReads:
    @pytest.mark.parametrize(
        "address", [f"/v1/goals/{goal_id(1)}", "/v1/consultation-events", "/v1/sub-measures?sdg=3"]
    )
    async def test_are_one_statement(self, app: FastAPI, anonymous: httpx.AsyncClient, address: str) -> None:
        with counted(app) as statements:
            assert (await anonymous.get(address)).status_code == 200
        assert [statement[:7] for statement in statements if statement != "BEGIN"] == ["SELECT "]

    async def test_with_a_total_are_two(self, app: FastAPI, anonymous: httpx.AsyncClient) -> None:
        with counted(app) as statements:
            answer = await anonymous.get(
                "/v1/consultation-events", params={"partner_id": CARITAS, "include_total": "true"}
            )
        assert answer.json()["total"] == len(answer.json()["items"]) == 10
        assert [statement[:7] for statement in statements if statement != "BEGIN"] == ["SELECT ", "SELECT "]

    async def test_with_a_key_look_it_up_first(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
        with counted(app) as statements:
            assert (await client.get(f"/v1/goals/{goal_id(1)}")).status_code == 200
        assert ["api_key" in statement for statement in statements if statement != "BEGIN"] == [True, False]
