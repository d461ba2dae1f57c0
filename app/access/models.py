"""The tables of keys and of secret addresses."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from app.access.roles import Role
from app.database.tables import closed


class ApiKey(SQLModel, table=True):
    """A key of a partner: everything but the key."""

    __tablename__ = "api_key"

    id: UUID = Field(primary_key=True)
    partner_id: UUID = Field(foreign_key="partner.id", index=True)
    role: Role = Field(sa_type=closed(Role))
    prefix: str = Field(max_length=12)
    digest: str = Field(max_length=64, unique=True)
    description: str | None = Field(default=None, max_length=200)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None
    written_on: date | None = None
    written_bytes: int | None = Field(default=None, sa_type=BigInteger)


class CalendarFeed(SQLModel, table=True):
    """A secret address of a partner's calendar: everything but the secret."""

    __tablename__ = "calendar_feed"

    id: UUID = Field(primary_key=True)
    partner_id: UUID = Field(foreign_key="partner.id", index=True, ondelete="CASCADE")
    prefix: str = Field(max_length=12)
    digest: str = Field(max_length=64, unique=True)
    description: str | None = Field(default=None, max_length=200)
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_on: date | None = None
