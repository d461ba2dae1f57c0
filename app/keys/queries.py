"""What keys are asked for."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal, or_, select
from sqlmodel import col

from app.access.caller import Caller
from app.access.models import ApiKey
from app.access.parties import PARTY, is_party_on
from app.access.roles import Role
from app.agreements.models import Agreement
from app.database.tables import table_of
from app.keys.models import MOST_AGREEMENTS, KeyQuery
from app.partners.models import Partner


def within_reach(caller: Caller) -> ColumnElement[bool]:
    """The keys that a caller may know of: its partner's, for operators those of all."""
    own: ColumnElement[bool] = col(ApiKey.partner_id) == caller.partner_id
    return or_(own, literal(caller.has(Role.operator)))


def by_id(caller: Caller, id: UUID) -> Select[Any]:
    """One key."""
    return select(table_of(ApiKey)).where(col(ApiKey.id) == id, within_reach(caller))


def partner_of(id: UUID) -> Select[Any]:
    """The partner that a key belongs to."""
    partner = table_of(Partner).c
    return select(partner.id, partner.slug, partner.name).where(partner.id == id)


def agreements_on(partner_id: UUID, day: date) -> Select[Any]:
    """The agreements that a partner is a party of on a day, each with its side."""
    columns = (col(Agreement.id), col(Agreement.slug), col(Agreement.title), PARTY.c.side)
    joined = select(*columns).join(PARTY, PARTY.c.agreement_id == col(Agreement.id)).distinct()
    parties = joined.where(PARTY.c.partner_id == partner_id, is_party_on(day))
    return parties.order_by(col(Agreement.title), col(Agreement.id), PARTY.c.side).limit(MOST_AGREEMENTS)


def page_of(caller: Caller, wanted: KeyQuery) -> Select[Any]:
    """A page of keys, and one more to see whether there are more."""
    statement = select(table_of(ApiKey)).where(within_reach(caller)).order_by(col(ApiKey.id)).limit(wanted.limit + 1)
    if wanted.cursor is not None:
        statement = statement.where(col(ApiKey.id) > wanted.cursor)
    if wanted.partner_id is not None:
        statement = statement.where(col(ApiKey.partner_id).in_(wanted.partner_id))
    if wanted.role is not None:
        statement = statement.where(col(ApiKey.role).in_(wanted.role))
    return statement
