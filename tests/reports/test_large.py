"""The reports on some thousand rows: as many statements as on a few, and every row."""

from collections.abc import AsyncIterator, Callable
from datetime import date
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update
from sqlmodel import SQLModel

from app.access.visibility import Visibility
from app.changes.tallies import TALLY
from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.database.engines import Database
from app.decisions.models import Decision, DecisionEvent, DecisionPartner
from app.indicators.models import Indicator
from app.reports.tables import BATCH
from app.statements.models import Statement
from app.sub_measures.models import SubMeasure
from app.vocabularies.decision_kind import DecisionKind
from tests.clock import Clock
from tests.conftest import Templates, client_of, running
from tests.factories import LIGA, items_of, make
from tests.reports.counting import check, counting
from tests.reports.making import fill, multiply, stated
from tests.tables import CSV, cells, csv_of, rows_of

COUNT = 999
HELD_ON = date(2024, 12, 31)
COPIES = [uuid4().int & ~0xF for _ in range(COUNT)]
KINDS = (ConsultationEvent, Indicator, Decision, SubMeasure, Statement)
OF_ONE_KIND = 498
ONE_PAGE = {"limit": 200}
PAGED = ("progress/sub-measures", "early-involvement/decisions", "early-involvement/partners", "indicators", "upcoming")
WHOLE = ("progress", "early-involvement", "exchange", "exchange?by=partner")


BY_DECISION = "early-involvement/decisions"


def own(model: type[SQLModel]) -> Callable[[int], UUID]:
    """The ids of the copies of a kind: no two resources have the same."""
    return lambda number: UUID(int=COPIES[number] + KINDS.index(model))


async def grow(database: Database) -> None:
    """Make many of the newest of each kind."""
    for model in (ConsultationEvent, Indicator):
        await multiply(database, model, COUNT, id=own(model))
    await multiply(
        database,
        Decision,
        COUNT,
        id=own(Decision),
        kind=lambda number: DecisionKind.sectoral if number < OF_ONE_KIND else DecisionKind.financial,
        visibility=lambda number: Visibility.public if number else Visibility.partners,
    )
    await multiply(database, SubMeasure, COUNT, id=own(SubMeasure), number=lambda number: 1_000 + number)
    await multiply(database, EventParticipant, COUNT, consultation_event_id=own(ConsultationEvent))
    await multiply(database, DecisionPartner, COUNT, decision_id=own(Decision))
    links = {"decision_id": own(Decision), "consultation_event_id": own(ConsultationEvent)}
    await multiply(database, DecisionEvent, COUNT, **links)
    await multiply(database, Statement, COUNT, id=own(Statement), decision_id=own(Decision))
    async with database.transaction() as session:
        await session.execute(update(TALLY).where(TALLY.c.day == HELD_ON).values(amount=TALLY.c.amount * (COUNT + 1)))


@pytest.fixture(scope="module")
async def large(templates: Templates) -> AsyncIterator[FastAPI]:
    """A register with a thousand of each kind, for tests that only read."""
    async with (
        templates.fresh("seeded") as settings,
        running(settings) as app,
        client_of(app, templates.keys["operator"]) as client,
    ):
        Clock(app)
        await fill(client, "2025-03-05")
        participants = [{"partner_id": LIGA, "attendance": "attended"}]
        past = {"starts_at": f"{HELD_ON}T09:00:00Z", "status": "held", "participants": participants}
        held = await make(client, "consultation-events", **past)
        linked = {"consultation_event_ids": [held["id"]], "involved_partner_ids": [LIGA], "announced_on": "2024-12-01"}
        await stated(client, await make(client, "decisions", decides_on="2025-03-05", **linked))
        await grow(app.state.runtime.database)
        yield app


@pytest.fixture
async def client(large: FastAPI, templates: Templates) -> AsyncIterator[httpx.AsyncClient]:
    """The operator's client of the large register."""
    async with client_of(large, templates.keys["operator"]) as client:
        yield client


class TestManyRows:
    async def test_take_as_many_statements_as_few(self, large: FastAPI) -> None:
        async with counting(large) as (anyone, counted):
            for report in (*PAGED, *WHOLE):
                params = ONE_PAGE if report in PAGED else {}
                address = httpx.URL(f"/v1/reports/{report}").copy_merge_params(params)
                answer = await anyone.get(address)
                assert answer.status_code == 200
                check(counted, 1)
                rows = len(await csv_of(anyone, report)) if report in PAGED else 0
                assert rows >= (COUNT if report in PAGED else 0)
                if report in PAGED:
                    check(counted, rows // BATCH + 1)

    @pytest.mark.parametrize("report", PAGED)
    async def test_are_all_there_once_in_pages_and_in_csv(self, client: httpx.AsyncClient, report: str) -> None:
        answer = await client.get(f"/v1/reports/{report}", headers=CSV)
        lines = answer.text.splitlines()[1:]
        pages = await items_of(client, f"reports/{report}", **ONE_PAGE)
        assert len(lines) == len(set(lines)) == len(pages)
        ids = [next(value for name, value in row.items() if name.endswith("_id")) for row in pages]
        assert {*COPIES} <= {UUID(id).int & ~0xF for id in ids}
        if report == BY_DECISION:
            assert [cells(row) for row in pages] == await csv_of(client, report)

    @pytest.mark.parametrize(
        ("caller", "params", "count"),
        [
            (None, {"kind": "sectoral"}, 499),
            ("reader", {"kind": "sectoral"}, 500),
            ("reader", {"kind": "financial"}, 501),
            ("reader", {}, 1001),
        ],
    )
    async def test_are_complete_and_in_order_around_a_batch(
        self, large: FastAPI, templates: Templates, caller: str | None, params: dict[str, str], count: int
    ) -> None:
        async with client_of(large, caller and templates.keys[caller]) as client:
            rows = await csv_of(client, BY_DECISION, **params)
        ids = [row["decision_id"] for row in rows]
        assert BATCH == 500
        assert len(ids) == len(set(ids)) == count
        assert ids == sorted(ids), "all are decided on the same day: the id decides"

    async def test_are_counted_all(self, client: httpx.AsyncClient) -> None:
        rows = await rows_of(client, "early-involvement")
        assert [row["kind"] for row in rows] == ["financial", "sectoral"]
        assert [row["decisions"] for row in rows] == [COUNT - OF_ONE_KIND, OF_ONE_KIND + 2]
        assert [row["answered"] for row in rows] == [COUNT - OF_ONE_KIND, OF_ONE_KIND + 1]
        assert [row["median_lead_days"] for row in rows] == [64.0, 64.0]
        for by, group, gap in (("quarter", "2024-Q4", 0), ("partner", LIGA, 60)):
            row = next(row for row in await rows_of(client, "exchange", by=by) if row["group"] == group)
            assert (row["held"], row["longest_gap_days"]) == (COUNT + 1, gap)
        assert sum(row["sub_measures"] for row in await rows_of(client, "progress")) == 18 + COUNT
