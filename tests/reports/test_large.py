"""The reports on some thousand rows: as many statements as on a few, and every row."""

from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from app.consultation_events.models import ConsultationEvent, EventParticipant
from app.database import Database
from app.decisions.models import Decision, DecisionEvent, DecisionPartner
from app.indicators.models import Indicator
from app.reports.spreadsheet import BATCH
from app.statements.models import Statement
from app.sub_measures.models import SubMeasure
from tests.clock import Clock
from tests.factories import LIGA, items_of, make, measure_id
from tests.reports.counting import check, counting
from tests.reports.making import fill, multiply, stated
from tests.tables import CSV, csv_of, rows_of

COUNT = 1_500
IDS = [uuid4() for _ in range(COUNT)]
ONE_PAGE = {"limit": 200}
PAGED = ("progress/sub-measures", "early-involvement/decisions", "indicators", "upcoming")
WHOLE = ("progress", "early-involvement", "exchange", "exchange?by=partner")


def own(number: int) -> UUID:
    """The id of a copy."""
    return IDS[number]


async def grow(database: Database) -> None:
    """Make many of what there is one of."""
    for model in (ConsultationEvent, Decision, Indicator):
        await multiply(database, model, COUNT, id=own)
    await multiply(database, SubMeasure, COUNT, id=own, number=lambda number: 1_000 + number)
    await multiply(database, EventParticipant, COUNT, consultation_event_id=own)
    await multiply(database, DecisionPartner, COUNT, decision_id=own)
    await multiply(database, DecisionEvent, COUNT, decision_id=own, consultation_event_id=own)
    await multiply(database, Statement, COUNT, id=own, decision_id=own)


class TestManyRows:
    async def test_take_as_many_statements_as_few(self, app: FastAPI, client: httpx.AsyncClient, clock: Clock) -> None:
        clock.set("2025-03-01")
        await fill(client, "2025-03-05")
        participants = [{"partner_id": LIGA, "attendance": "attended"}]
        held = await make(client, "consultation-events", status="held", participants=participants)
        linked = {"consultation_event_ids": [held["id"]], "involved_partner_ids": [LIGA]}
        await stated(client, await make(client, "decisions", **linked))
        await grow(app.state.runtime.database)
        async with counting(app) as (anyone, counted):
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
    async def test_are_all_there_once_in_pages_and_in_csv(
        self, app: FastAPI, client: httpx.AsyncClient, clock: Clock, report: str
    ) -> None:
        clock.set("2025-03-01")
        await fill(client, "2025-03-05")
        few = len(await rows_of(client, report, **ONE_PAGE))
        for model in (ConsultationEvent, Decision, Indicator):
            await multiply(app.state.runtime.database, model, COUNT, id=own)
        await multiply(app.state.runtime.database, SubMeasure, COUNT, id=own, number=lambda number: 1_000 + number)
        answer = await client.get(f"/v1/reports/{report}", headers=CSV)
        lines = answer.text.splitlines()[1:]
        pages = await items_of(client, f"reports/{report}", **ONE_PAGE)
        assert len(lines) == len(set(lines)) == len(pages)
        assert len(pages) >= few + COUNT
        ids = [next(value for name, value in row.items() if name.endswith("_id")) for row in pages]
        assert {str(id) for id in IDS} <= set(ids)

    async def test_are_counted_all(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        participants = [{"partner_id": LIGA, "attendance": "attended"}]
        held = await make(client, "consultation-events", status="held", participants=participants)
        linked = {"consultation_event_ids": [held["id"]], "involved_partner_ids": [LIGA]}
        await stated(client, await make(client, "decisions", decides_on="2025-05-15", **linked))
        await make(client, "indicators", goal_id=None, sub_measure_id=measure_id(1, 1))
        await grow(app.state.runtime.database)
        (row,) = await rows_of(client, "early-involvement")
        assert (row["decisions"], row["answered"], row["median_lead_days"]) == (COUNT + 1, COUNT + 1, 64.0)
        for by, group in (("quarter", "2025-Q1"), ("partner", LIGA)):
            (row,) = await rows_of(client, "exchange", by=by)
            assert (row["group"], row["held"], row["longest_gap_days"]) == (group, COUNT + 1, 0)
        assert sum(row["sub_measures"] for row in await rows_of(client, "progress")) == 17 + COUNT
