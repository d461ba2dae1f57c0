"""What reports are made of, where it takes more than one request, and days counted in plain Python."""

from calendar import monthrange
from datetime import date
from typing import Any

import httpx

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
