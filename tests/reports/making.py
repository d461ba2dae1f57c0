"""What reports are made of, where it takes more than one request, and days counted in plain Python."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx
from sqlalchemy import insert, select, text
from sqlmodel import SQLModel

from app.database.engines import Database
from app.database.tables import table_of
from tests.factories import LIGA, make, patch


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or the last one of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


async def accepted(client: httpx.AsyncClient, measure: dict[str, Any], period_to: str, **fields: Any) -> None:
    """Accept a report on a sub-measure; it proposes nothing."""
    made = await make(
        client,
        "progress-reports",
        sub_measure_id=measure["id"],
        period_from=period_to,
        period_to=period_to,
        state="submitted",
        **fields,
    )
    assert (await patch(client, "progress-reports", made, state="accepted")).status_code == 200


async def observed(
    client: httpx.AsyncClient, indicator: dict[str, Any], on: str, value: float = 1, **fields: Any
) -> None:
    """Set the value of an indicator on a day."""
    body = {"value": value, **fields}
    answer = await client.put(f"/v1/indicators/{indicator['id']}/observations/{on}", json=body)
    assert answer.status_code == 201, answer.text


async def stated(client: httpx.AsyncClient, decision: dict[str, Any], partner: str = LIGA, **fields: Any) -> None:
    """Give a partner's statement."""
    address = f"/v1/decisions/{decision['id']}/statements/{partner}"
    answer = await client.put(address, json={"position": "support", **fields})
    assert answer.status_code == 201, answer.text


async def fill(client: httpx.AsyncClient, day: str, **fields: Any) -> None:
    """One thing of each kind that is due on a day; a report and an observation have it half a year after."""
    before = str(months_later(date.fromisoformat(day), -6))
    event = {"title": "Termin", "organiser_id": LIGA, "starts_at": f"{day}T10:00:00Z"}
    await make(client, "consultation-events", **event, **fields)
    asked = {"title": "Entscheidung", "involved_partner_ids": [LIGA]}
    await make(client, "decisions", statements_due_on=day, decides_on=day, **asked, **fields)
    milestones = [{"title": "Meilenstein", "due_on": day}]
    work = {"title": "Bericht", "lead_partner_id": LIGA, "status": "in_progress", "starts_on": before}
    measure = await make(client, "sub-measures", milestones=milestones, **work, **fields)
    interval = {"sub_measure_id": measure["id"], "goal_id": None, "baseline_on": before, "interval_months": 6}
    await make(client, "indicators", name="Messwert", **interval, **fields)


async def multiply(database: Database, model: type[SQLModel], count: int, **fields: Callable[[int], Any]) -> None:
    """Add copies of the newest row of a table, which differ in these fields; the record does not know of them."""
    table = table_of(model)
    newest = select(table).order_by(*(column.desc() for column in table.primary_key.columns)).limit(1)
    async with database.transaction() as session:
        row = (await session.execute(newest)).mappings().one()
        copies = [{**row, **{name: field(number) for name, field in fields.items()}} for number in range(count)]
        await session.execute(insert(table), copies)
        if not database.is_sqlite:
            # As autovacuum would within a minute: a plan for an empty table takes forever on a full one.
            await session.execute(text(f"ANALYZE {table.name}"))
