"""What keys are asked for."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import col

from app.access.models import ApiKey
from app.database import table_of
from app.keys.models import KeyQuery


def by_id(id: UUID) -> Select[Any]:
    """One key."""
    return select(table_of(ApiKey)).where(col(ApiKey.id) == id)


def page_of(wanted: KeyQuery) -> Select[Any]:
    """A page of keys, and one more to see whether there are more."""
    statement = select(table_of(ApiKey)).order_by(col(ApiKey.id)).limit(wanted.limit + 1)
    if wanted.cursor is not None:
        statement = statement.where(col(ApiKey.id) > wanted.cursor)
    if wanted.partner_id is not None:
        statement = statement.where(col(ApiKey.partner_id).in_(wanted.partner_id))
    if wanted.role is not None:
        statement = statement.where(col(ApiKey.role).in_(wanted.role))
    return statement
