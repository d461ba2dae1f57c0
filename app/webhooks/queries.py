"""What endpoints are asked for, which of them have something to be delivered, and which entries of the feed that are."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    and_,
    exists,
    false,
    literal,
    not_,
    or_,
    select,
)

from app.access.caller import Caller
from app.access.models import ApiKey
from app.access.roles import Role
from app.access.visibility import Visibility
from app.changes.feed import CHANGE, FEED, SUBJECT, Wanted, entries, was_deleted
from app.database.tables import table_of
from app.partners.models import Partner
from app.schema.period import goes_on
from app.webhooks.models import (
    EVENT_TYPES,
    EVERYTHING,
    WebhookDelivery,
    WebhookDeliveryQuery,
    WebhookEndpoint,
    WebhookEndpointQuery,
)
from app.webhooks.rules import LEASE, LONGEST_WAIT
from app.webhooks.terms import OwnChanges

ENDPOINT, DELIVERY = table_of(WebhookEndpoint), table_of(WebhookDelivery)
KEY, PARTNER = table_of(ApiKey), table_of(Partner)
HEAD = select(FEED.position).scalar_subquery()
"""The end of the feed."""


def within_reach(caller: Caller) -> ColumnElement[bool]:
    """The endpoints that a caller keeps: its partner's, for operators those of all."""
    own: ColumnElement[bool] = ENDPOINT.c.partner_id == caller.partner_id
    return or_(own, literal(caller.has(Role.operator)))


def page_of(caller: Caller, wanted: WebhookEndpointQuery) -> Select[Any]:
    """A page of endpoints, and one more to see whether there are more."""
    statement = select(ENDPOINT).where(within_reach(caller)).order_by(ENDPOINT.c.id).limit(wanted.limit + 1)
    if wanted.cursor is not None:
        statement = statement.where(ENDPOINT.c.id > wanted.cursor)
    if wanted.partner_id is not None:
        statement = statement.where(ENDPOINT.c.partner_id.in_(wanted.partner_id))
    if wanted.is_enabled is not None:
        statement = statement.where(ENDPOINT.c.is_enabled.is_(wanted.is_enabled))
    return statement


def by_id(caller: Caller, id: UUID) -> Select[Any]:
    """One endpoint, with the end of the feed."""
    return select(ENDPOINT, HEAD.label("end")).where(ENDPOINT.c.id == id, within_reach(caller))


def deliveries_of(id: UUID, wanted: WebhookDeliveryQuery) -> Select[Any]:
    """A page of attempts, the latest first, and one more."""
    statement = select(DELIVERY).where(DELIVERY.c.endpoint_id == id).order_by(DELIVERY.c.id.desc())
    if wanted.cursor is not None:
        statement = statement.where(DELIVERY.c.id < wanted.cursor)
    if wanted.failed is not None:
        failure = DELIVERY.c.failure
        statement = statement.where(failure.is_not(None) if wanted.failed else failure.is_(None))
    return statement.limit(wanted.limit + 1)


def due(now: datetime, today: date) -> ColumnElement[bool]:
    """Whether it is an endpoint's turn: something waits, nobody delivers it, and its partner has a key that works."""
    e = ENDPOINT.c
    has_key = exists().where(
        KEY.c.partner_id == e.partner_id,
        KEY.c.revoked_at.is_(None),
        or_(KEY.c.expires_at.is_(None), KEY.c.expires_at > now),
        PARTNER.c.id == e.partner_id,
        goes_on(PARTNER.c.dissolved_on, today),
    )
    has_changes = and_(e.is_enabled, or_(e.replay_until.is_not(None), e.position < HEAD))
    return and_(
        or_(e.ping_id.is_not(None), has_changes),
        # Only what failed waits: a clock that was put back would hold the others up until it is where it was.
        or_(e.failures == 0, is_over(e.next_attempt_at, now, LONGEST_WAIT)),
        or_(e.lease_until.is_(None), is_over(e.lease_until, now, LEASE)),
        has_key,
    )


def is_over(until: ColumnElement[datetime], now: datetime, longest: timedelta) -> ColumnElement[bool]:
    """Whether nothing waits for a time any more: it is over, or the clock was put back since somebody set it.

    Then it is further ahead than it can be, with room for the clocks of two machines that differ.
    """
    return or_(until <= now, until > now + 2 * longest)


def in_turn(now: datetime, today: date, busy: Collection[UUID]) -> Select[Any]:
    """The endpoints whose turn it is, with the end of the feed, but for those of some partners; who waits longest is first."""
    order = (ENDPOINT.c.next_attempt_at, ENDPOINT.c.id)
    statement = select(ENDPOINT, HEAD.label("end"))
    return statement.where(due(now, today), ENDPOINT.c.partner_id.not_in(busy)).order_by(*order)


def asks_for_all(endpoint: RowMapping) -> bool:
    """Whether an endpoint is sent everything that its partner sees."""
    is_any = EVERYTHING in endpoint["event_types"] and not endpoint["agreement_ids"]
    return is_any and endpoint["own_changes"] == OwnChanges.included


def events(endpoint: RowMapping) -> ColumnElement[bool] | None:
    """The condition for what an endpoint asks for by its kinds of events; None for everything."""
    if EVERYTHING in endpoint["event_types"]:
        return None
    actions = defaultdict(list)
    for name in endpoint["event_types"]:
        # What an earlier version knew and this one does not never happens.
        if name in EVENT_TYPES:
            kind, action = EVENT_TYPES[name]
            actions[kind].append(action)
    return or_(false(), *(and_(CHANGE.resource_type == kind, CHANGE.action.in_(of)) for kind, of in actions.items()))


def entries_for(endpoint: RowMapping) -> Select[Any]:
    """The entries of the feed that an endpoint asks for, as a reader of its partner sees them now."""
    reader = Caller(role=Role.reader, partner_id=endpoint["partner_id"])
    is_public = and_(
        CHANGE.visibility == Visibility.public, SUBJECT.c.visibility == Visibility.public, not_(was_deleted())
    )
    agreements = tuple(UUID(str(id)) for id in endpoint["agreement_ids"])
    statement = entries(reader, Wanted(agreement_ids=agreements)).add_columns(is_public.label("is_public"))
    asked = events(endpoint)
    if asked is not None:
        statement = statement.where(asked)
    by, own = CHANGE.by_partner_id, endpoint["partner_id"]
    match endpoint["own_changes"]:
        case OwnChanges.excluded:
            return statement.where(or_(by.is_(None), by != own))
        case OwnChanges.only:
            return statement.where(by == own)
    return statement
