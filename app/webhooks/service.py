"""Making, changing and trying endpoints."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from app.agreements.models import Agreement
from app.changes.log import Transaction, end
from app.database.engines import one_at_a_time
from app.http.conditional import Preconditions
from app.http.errors import Invalid, NotFound
from app.http.problems import FieldError, at
from app.language import Text
from app.resources.ids import new_id
from app.resources.references import UNKNOWN
from app.settings import Settings
from app.webhooks.addresses import fault_of
from app.webhooks.errors import ReplayInProgress, WebhooksOff
from app.webhooks.models import (
    EndpointBase,
    Replay,
    WebhookEndpoint,
    WebhookEndpointCreate,
    WebhookEndpointUpdate,
)
from app.webhooks.queries import within_reach
from app.webhooks.signing import secret_of, shown

MOST_ENDPOINTS = 10
TOO_MANY = Text(
    f"Ein Partner hat höchstens {MOST_ENDPOINTS} Endpunkte.", f"A partner has {MOST_ENDPOINTS} endpoints at most."
)
BACKWARDS = Text("Das Ende liegt vor dem Anfang.", "The end lies before the beginning.")
NOT_YET = Text(
    "So weit ist der Endpunkt noch nicht: das wird ohnehin zugestellt.",
    "The endpoint has not come that far: this will be delivered anyway.",
)


class Made(NamedTuple):
    """An endpoint and its secret, which nobody can read again."""

    row: WebhookEndpoint
    secret: str


async def make(session: Transaction, settings: Settings, content: WebhookEndpointCreate) -> Made:
    """Make an endpoint of the caller's partner, which begins at the end of the feed and is pinged first.

    Raises Invalid, and WebhooksOff where the installation sends nothing.
    """
    await check(session, settings, content)
    partner_id = session.by.partner_id
    if partner_id is None:
        raise NotFound
    # Of two that are made at once each counts the other.
    await one_at_a_time(session, f"webhook endpoints {partner_id}")
    count = select(func.count()).where(col(WebhookEndpoint.partner_id) == partner_id)
    if (await session.execute(count)).scalar_one() >= MOST_ENDPOINTS:
        raise Invalid(errors=[at(code="too_many", detail=TOO_MANY)])
    stamps = {"id": new_id(), "version": 1, "created_at": session.now, "updated_at": session.now}
    begun = {
        "position": await end(session),
        "ping_id": new_id(),
        "next_attempt_at": session.now,
        "failures": 0,
        "generation": 1,
        "is_enabled": True,
    }
    row = WebhookEndpoint.model_validate(content, update={**stamps, **begun, "partner_id": partner_id})
    secret = secret_in(settings, row)
    session.add(row)
    await session.flush()
    return Made(row, secret)


async def check(session: Transaction, settings: Settings, content: EndpointBase) -> None:
    """Refuse a URL that webhooks may not lead to, and agreements that are not there."""
    errors: list[FieldError] = []
    fault = fault_of(content.url, settings.webhook_networks)
    if fault is not None:
        errors.append(at("url", code="address_not_allowed", detail=fault))
    known = select(col(Agreement.id)).where(col(Agreement.id).in_(content.agreement_ids))
    there = set((await session.execute(known)).scalars()) if content.agreement_ids else set()
    for number, id in enumerate(content.agreement_ids):
        if id not in there:
            errors.append(at("agreement_ids", number, code="unknown_reference", detail=UNKNOWN))
    if errors:
        raise Invalid(errors=errors)


def secret_in(settings: Settings, row: WebhookEndpoint) -> str:
    """The secret of an endpoint; raises WebhooksOff where the installation has none to make it from."""
    if settings.webhook_key is None:
        raise WebhooksOff
    return shown(secret_of(settings.webhook_key, row.id, row.generation))


async def kept(session: Transaction, id: UUID) -> WebhookEndpoint:
    """The locked row of an endpoint that the caller keeps; raises NotFound for any other."""
    statement = select(WebhookEndpoint).where(col(WebhookEndpoint.id) == id, within_reach(session.by))
    row = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def change(
    session: Transaction, settings: Settings, id: UUID, changes: WebhookEndpointUpdate, preconditions: Preconditions
) -> WebhookEndpoint:
    """Change an endpoint: what failed before is tried again at once. A change of nothing keeps the version."""
    row = await kept(session, id)
    before = {name: getattr(row, name) for name in (*EndpointBase.model_fields, "is_enabled")}
    values = before | changes.model_dump()
    content = EndpointBase.model_validate({name: values[name] for name in EndpointBase.model_fields})
    await check(session, settings, content)
    preconditions.require(row.version)
    new = {**content.model_dump(mode="json"), "is_enabled": values["is_enabled"]}
    if new == before:
        return row
    for name, value in new.items():
        setattr(row, name, value)
    row.version, row.updated_at = row.version + 1, session.now
    row.failures, row.failing_since, row.next_attempt_at = 0, None, session.now
    if row.is_enabled:
        row.disabled_because = row.disabled_at = None
    await session.flush()
    return row


async def remove(session: Transaction, id: UUID, preconditions: Preconditions) -> None:
    """Delete an endpoint, with what was tried."""
    row = await kept(session, id)
    preconditions.require(row.version)
    await session.delete(row)
    await session.flush()


async def rotate(session: Transaction, settings: Settings, id: UUID, overlap: timedelta) -> Made:
    """Replace the secret; the one before is used beside it until the overlap ends."""
    row = await kept(session, id)
    row.generation += 1
    row.old_secret_until = session.now + overlap if overlap else None
    row.version, row.updated_at = row.version + 1, session.now
    secret = secret_in(settings, row)
    await session.flush()
    return Made(row, secret)


async def ping(session: Transaction, id: UUID) -> WebhookEndpoint:
    """Have an endpoint tried as soon as can be, and what failed before once more."""
    row = await kept(session, id)
    row.ping_id, row.next_attempt_at = row.ping_id or new_id(), session.now
    await session.flush()
    return row


async def replay(session: Transaction, id: UUID, wanted: Replay) -> WebhookEndpoint:
    """Have a range of the feed delivered once more; raises Invalid, and ReplayInProgress while another one is not done."""
    row = await kept(session, id)
    first, last = wanted.from_position, wanted.to_position or row.position
    errors = [
        at(name, code="not_delivered_yet", detail=NOT_YET)
        for name, position in (("from_position", first), ("to_position", last))
        if position > row.position
    ]
    if last < first and not errors:
        errors = [at("to_position", code="before_start", detail=BACKWARDS)]
    if errors:
        raise Invalid(errors=errors)
    if row.replay_until is not None and (row.replay_after, row.replay_until) != (first - 1, last):
        raise ReplayInProgress
    row.replay_after, row.replay_until = first - 1, last
    await session.flush()
    return row
