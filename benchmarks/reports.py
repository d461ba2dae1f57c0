"""The reports on a large register, on both databases: `python -m benchmarks.reports [events]`."""

import asyncio
import random
import sys
import time
import urllib.request
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import psutil
from sqlalchemy import Connection, select

from app.access.caller import ANONYMOUS, COMMAND
from app.changes.log import transaction
from app.consultation_events.models import ConsultationEvent
from app.consultation_events.terms import EventStatus
from app.database.engines import Database
from app.database.tables import table_of
from app.decisions.models import DecisionCreate
from app.decisions.resource import DECISIONS, associations
from app.decisions.terms import DecisionStatus
from app.http.conditional import UNCONDITIONAL
from app.reports.early_involvement import EarlyInvolvementQuery, half_year_rows
from app.reports.exchange import exchange_rows
from app.reports.exchanged import ExchangeQuery, GroupBy
from app.reports.hearings import DecisionInvolvementQuery, PartnerInvolvementQuery, decision_rows, partner_rows
from app.reports.indicators import IndicatorFiguresQuery, indicator_rows
from app.reports.progress import goal_rows, sub_measure_rows
from app.reports.progressed import ProgressQuery, SubMeasureProgressQuery
from app.reports.report import MOST_GROUPS, Report
from app.reports.upcoming import UpcomingQuery, upcoming_rows
from app.resources.writing import create
from app.settings import Settings
from app.statements import service as statements
from app.statements.models import StatementPut
from app.statements.terms import Position
from app.vocabularies.decision_kind import DecisionKind
from benchmarks import copies
from benchmarks.content import AGREEMENT
from benchmarks.databases import both_databases
from benchmarks.servers import REGISTER, server

PORT = 8474
EVENTS, DECIDED = 100_000, 1_000
LINKED, STATED, NOTICE = 5, 4, 900
PAGE = 50
TIMES = 3
TODAY = datetime.now(UTC).date()
ZONE = ZoneInfo("Europe/Berlin")
CSV = "text/csv"


class Read(NamedTuple):
    """One report: where the register answers it, and the rows that it is made of."""

    path: str
    rows: Report[Any]
    limit: int = MOST_GROUPS


READS = (
    Read("progress", goal_rows(ANONYMOUS, ProgressQuery(), TODAY)),
    Read("progress/sub-measures", sub_measure_rows(ANONYMOUS, SubMeasureProgressQuery(), TODAY), PAGE + 1),
    Read("early-involvement", half_year_rows(ANONYMOUS, EarlyInvolvementQuery())),
    Read("early-involvement/decisions", decision_rows(ANONYMOUS, DecisionInvolvementQuery()), PAGE + 1),
    Read("early-involvement/partners", partner_rows(ANONYMOUS, PartnerInvolvementQuery()), PAGE + 1),
    Read("indicators", indicator_rows(ANONYMOUS, IndicatorFiguresQuery()), PAGE + 1),
    *(Read(f"exchange?by={by.value}", exchange_rows(ANONYMOUS, ExchangeQuery(by=by), TODAY)) for by in GroupBy),
    Read("upcoming", upcoming_rows(ANONYMOUS, UpcomingQuery(), TODAY, ZONE), PAGE + 1),
    Read("upcoming?days=366", upcoming_rows(ANONYMOUS, UpcomingQuery(days=366), TODAY, ZONE), PAGE + 1),
)
IN_CSV = ("early-involvement/decisions", "early-involvement/partners", "upcoming?days=366")


async def fill(settings: Settings, events: int) -> None:
    """Fill a register with events, of which those that are over were held, and the decisions about those."""
    await copies.fill(settings, events)
    database = Database(settings.database, pool_size=1, pool_timeout=30)
    try:
        event = table_of(ConsultationEvent)
        wanted = select(event.c.id).where(event.c.status == EventStatus.held).order_by(event.c.id)
        async with database.transaction() as session:
            held = (await session.execute(wanted)).scalars().all()
        for start in range(0, DECIDED, LINKED * 10):
            await add_decisions(database, range(start, start + LINKED * 10), held, settings)
    finally:
        await database.close()


async def add_decisions(database: Database, numbers: range, held: Sequence[UUID], settings: Settings) -> None:
    """Add some decisions, each with whom it asks, what they say and when they were heard; half of them are made."""
    async with transaction(database, COMMAND, settings.zone) as session:
        for number in numbers:
            choice = random.Random(number)  # noqa: S311 (the same decisions in every run)
            decision = await create(session, DECISIONS, decision_of(number, choice, held))
            asked = await associations(session, decision.agreement_id, TODAY)
            for partner in choice.sample(asked, STATED):
                content = StatementPut(position=Position.support)
                await statements.put(session, decision.id, partner, content, UNCONDITIONAL)


def decision_of(number: int, choice: random.Random, held: Sequence[UUID]) -> DecisionCreate:
    """One decision as the city would announce it."""
    day: date = TODAY + timedelta(days=number - DECIDED // 2)
    is_made = day < TODAY
    return DecisionCreate(
        agreement_id=AGREEMENT,
        title=f"Entscheidung {number}",
        kind=choice.choice([*DecisionKind]),
        status=DecisionStatus.decided if is_made else DecisionStatus.announced,
        announced_on=day - timedelta(days=NOTICE),
        statements_due_on=day - timedelta(days=14),
        decides_on=day,
        decided_on=day if is_made else None,
        consultation_event_ids=choice.sample(held, LINKED),
    )


def through_the_app(path: str, accept: str = "application/json") -> float:
    """The seconds that the register takes to answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{PORT}/v1/reports/{path}", headers={"Accept": accept})
    started = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (the same)
        answer.read()
    return time.perf_counter() - started


async def in_sql(database: Database, read: Read) -> float:
    """The seconds that its statement alone takes."""

    def work(connection: Connection) -> float:
        started = time.perf_counter()
        read.rows.read(connection, read.limit, None)
        return time.perf_counter() - started

    return min([await database.read(work) for _ in range(TIMES)])


async def measure(engine: str, settings: Settings, process: psutil.Process) -> None:
    """Print the figures of one database."""
    database = Database(settings.database, pool_size=1, pool_timeout=30)
    try:
        for read in READS:
            before = process.memory_info().rss
            ours = min(through_the_app(read.path) for _ in range(TIMES))
            grown = process.memory_info().rss - before
            alone = await in_sql(database, read)
            print(f"| {engine} | {read.path} | {ours:.3f} | {alone:.3f} | {grown / 2**20:+.1f} |", flush=True)
        for path in IN_CSV:
            before = process.memory_info().rss
            ours = min(through_the_app(path, CSV) for _ in range(TIMES))
            grown = process.memory_info().rss - before
            print(f"| {engine} | {path} in CSV | {ours:.3f} | | {grown / 2**20:+.1f} |", flush=True)
    finally:
        await database.close()


def main() -> None:
    """Measure both databases."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    print("| database | report | s | s in SQL | MB more |\n|---|---|---|---|---|")
    with both_databases() as databases:
        for engine, url, settle in databases:
            settings = Settings(_env_file=None, database_url=url)
            asyncio.run(fill(settings, events))
            settle()
            with server(REGISTER, PORT, url) as process:
                asyncio.run(measure(engine, settings, process))


if __name__ == "__main__":
    main()
