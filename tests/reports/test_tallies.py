"""What is tallied of events with their writes is what they are, whatever was written."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Connection, delete, update

from app.access.caller import ANONYMOUS, COMMAND
from app.changes.tallies import TALLY
from app.cli.migrate import migrate_and_render
from app.cli.verify import verify_and_note
from app.database.engines import Database
from app.reports import exchanged
from app.reports.exchange import exchange_rows
from app.reports.exchanged import EVENT, ExchangeQuery, GroupBy, tallied_by
from app.reports.report import Report
from app.resources.tallying import stored_tallies
from app.settings import Settings
from tests.databases import any_database
from tests.factories import AGREEMENT, CARITAS, CITY, LIGA, make, patch

TODAY = date(2026, 11, 26)
FILTERS: tuple[Mapping[str, Any], ...] = (
    {},
    {"agreement_id": [AGREEMENT], "period_from": "2025-01-02", "period_before": "2025-02-02"},
    {"format": ["talk", "expert_day"]},
    {"level": ["strategic"]},
    {"partner_id": [LIGA, LIGA]},
    {"partner_id": [LIGA, CITY]},
    {"format": ["talk"], "level": ["strategic"]},
)
QUESTIONS = [ExchangeQuery.model_validate({"by": by, **asked}) for by in GroupBy for asked in FILTERS]
TALLIED = [asked for asked in QUESTIONS if tallied_by(asked) is not None]


def reports() -> list[Report[Any]]:
    """What answers each question that tallies can answer, for everybody and for partners, made now."""
    made: Any = exchange_rows
    return [made.__wrapped__(caller, asked, TODAY) for caller in (ANONYMOUS, COMMAND) for asked in TALLIED]


def answers(connection: Connection, reports: Sequence[Report[Any]]) -> list[Any]:
    """The rows of each report."""
    return [
        [report.entry.model_validate(row, from_attributes=True) for row in report.read(connection, 100, None)[1]]
        for report in reports
    ]


def test_some_questions_are_answered_by_tallies_and_some_by_events() -> None:
    assert {each[0] for each in map(tallied_by, TALLIED) if each is not None} == {"", "format", "level", "partner_id"}
    assert 2 * len(TALLIED) > len(QUESTIONS) > len(TALLIED)


@any_database
async def test_tallies_are_what_the_events_are(
    client: httpx.AsyncClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(settings.database, pool_size=1, pool_timeout=30)
    seen: list[Any] = []
    by_tallies = partial(answers, reports=reports())
    monkeypatch.setattr(exchanged, "tallied_by", lambda _wanted: None)
    by_events = partial(answers, reports=reports())

    async def look() -> None:
        tallied = await database.read(by_tallies)
        assert tallied == await database.read(by_events)
        assert tallied not in seen
        seen.append(tallied)

    invited = [{"partner_id": LIGA, "attendance": "accepted"}, {"partner_id": CARITAS, "attendance": "declined"}]
    shared = {"starts_at": "2025-01-01T10:00:00Z", "status_reason": "Grund", "level": "strategic"}
    await look()
    made = await make(client, "consultation-events", **shared, organiser_id=LIGA, participants=invited)
    await make(client, "consultation-events", **shared, format="other", organiser_id=CITY)
    await look()
    coming = [{"partner_id": LIGA, "attendance": "attended"}, {"partner_id": CARITAS, "attendance": "attended"}]
    for changes in (
        {"status": "held"},
        {"participants": coming},
        {"starts_at": "2025-01-31T23:30:00Z"},
        {"visibility": "partners"},
        {"organiser_id": CITY},
    ):
        made = (await patch(client, "consultation-events", made, **changes)).json()
        await look()
    refused = await patch(client, "consultation-events", made, format="conference", title="")
    assert refused.status_code == 422
    other = await make(client, "consultation-events", **shared, format="expert_day", participants=invited)
    await look()
    headers = {"If-Match": '"1"'}
    gone = await client.delete(f"/v1/consultation-events/{other['id']}", headers=headers)
    assert gone.status_code == 204, gone.text
    assert await database.read(by_tallies) == seen[-2]
    assert (await verify_and_note(settings)).faults == []
    await database.close()


async def test_are_counted_anew_where_a_version_without_them_wrote(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    shared = {"starts_at": "2025-01-01T10:00:00Z", "organiser_id": LIGA}
    made = [await make(client, "consultation-events", **shared) for _ in range(3)]
    database = Database(settings.database, pool_size=1, pool_timeout=30)
    counted = await database.read(stored_tallies)
    is_first = TALLY.c.name == "level"
    async with database.transaction() as session:
        await session.execute(delete(TALLY).where(is_first))
        await session.execute(update(TALLY).where(~is_first).values(amount=TALLY.c.amount + 1))
        # What follows from its time is put right in the same run, and counted once.
        other = update(EVENT).where(EVENT.c.id == UUID(made[0]["id"])).values(starts_on=date(2025, 1, 2))
        await session.execute(other)
    assert (await verify_and_note(settings)).faults
    assert await migrate_and_render(settings) == 0
    assert await database.read(stored_tallies) == counted
    assert (await verify_and_note(settings)).faults == []
    await database.close()
