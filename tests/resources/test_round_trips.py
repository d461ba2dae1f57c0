"""What writing costs: the statements of each transaction, whatever else is in the tables."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.cli.verify import verify_and_note
from app.settings import Settings
from tests.databases import only_postgresql
from tests.engines import listening
from tests.factories import CARITAS, CITY, LIGA, body_of, goal_id, make, patch, rule_of
from tests.poolers import MODE

EVENTS = "consultation-events"


@contextmanager
def written_by(app: FastAPI) -> Iterator[list[str]]:
    """The statements of transactions in the block, each by its first words; what begins and ends one is not among them."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(" ".join(statement.split()[:3]))

    engine = app.state.runtime.database.writer.sync_engine
    with listening(engine, "before_cursor_execute", note):
        yield said


@only_postgresql
@pytest.mark.skipif(MODE == "transaction", reason="limits are set in each transaction then")
class TestRoundTrips:
    async def test_are_few_for_something_new(self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient]) -> None:
        client, body = callers["coordinator"], body_of(EVENTS, organiser_id=CITY)
        assert (await client.post(f"/v1/{EVENTS}", json=body)).status_code == 201
        with written_by(app) as said:
            assert (await client.post(f"/v1/{EVENTS}", json=body)).status_code == 201
        # What it refers to, the row, the log with what lists find it by and what reports count: the rights were looked up
        # just before, and nobody was waited for since.
        assert said == [
            "SELECT 'agreement' AS",
            "INSERT INTO consultation_event",
            "WITH noted AS",
        ]

    async def test_do_not_grow_with_the_entries_of_lists(
        self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient]
    ) -> None:
        client, counts = callers["coordinator"], list[int]()
        # The first request of the day with a key notes that.
        await make(client, EVENTS, organiser_id=CITY)
        for number in (1, 2, 5):
            lists = {
                "goal_ids": [goal_id(each + 1) for each in range(number)],
                "agenda_items": [{"title": f"Punkt {each}"} for each in range(number)],
            }
            with written_by(app) as said:
                await make(client, EVENTS, organiser_id=CITY, **lists)
            counts.append(len(said))
        assert counts[0] == counts[1] == counts[2]

    async def test_are_few_for_a_change(self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient]) -> None:
        client = callers["coordinator"]
        made = await make(client, EVENTS, organiser_id=CITY)
        made = (await patch(client, EVENTS, made, title="Anders")).json()
        with written_by(app) as said:
            assert (await patch(client, EVENTS, made, title="Noch anders")).status_code == 200
        # The row is held, changed, and the log written: the rights were looked up just before, and nobody was waited for since.
        assert said == [
            "SELECT consultation_event.id, consultation_event.version,",
            "UPDATE consultation_event SET",
            "WITH noted AS",
        ]

    async def test_are_as_few_where_it_is_found_by_something_else(
        self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient], settings: Settings
    ) -> None:
        client = callers["coordinator"]
        made = await make(client, EVENTS, organiser_id=CITY, participants=[{"partner_id": CARITAS}])
        for changes in ({"starts_at": "2031-01-01T10:00:00Z"}, {"visibility": "partners"}):
            with written_by(app) as said:
                made = (await patch(client, EVENTS, made, **changes)).json()
            assert not any(each.endswith(" finding") for each in said)
            listed = (await client.get(f"/v1/{EVENTS}?partner_id={CARITAS}")).json()["items"]
            assert [each for each in listed if each["id"] == made["id"]] == [made]
        made = (await patch(client, EVENTS, made, participants=[{"partner_id": CITY}, {"partner_id": LIGA}])).json()
        assert (await verify_and_note(settings)).faults == []
        await client.delete(f"/v1/{EVENTS}/{made['id']}", headers={"If-Match": "*"})
        assert (await verify_and_note(settings)).faults == []

    async def test_are_more_for_who_waited_for_another_one(
        self, app: FastAPI, callers: Mapping[str, httpx.AsyncClient]
    ) -> None:
        """Whoever was waited for may have taken the rights away."""
        client = callers["coordinator"]
        made = await make(client, EVENTS, organiser_id=CITY)
        waiting = text(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        async with app.state.runtime.database.transaction() as session:
            await session.execute(text("SELECT id FROM consultation_event FOR UPDATE"))
            changing = asyncio.create_task(patch(client, EVENTS, made, title="Anders"))
            while not (await session.execute(waiting)).scalar_one():
                assert not changing.done()
            await session.execute(text("DELETE FROM agreement_party"))
        assert rule_of(await changing) == "agreement"


class TestFirstWrite:
    def test_needs_nothing_that_was_read_before(self) -> None:
        """A process that begins with it has read no row of any table."""
        code = (
            "from uuid import UUID; from app.changes.log import Transaction; from app.goals.resource import GOALS; "
            "from app.resources.storing import row_of; print(row_of(Transaction(), GOALS, {'id': UUID(int=7)}).id.int)"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 (our own code)
        assert ran.stdout == "7\n"
