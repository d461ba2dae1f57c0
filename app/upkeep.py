"""What was done to keep the register, so that who runs it can be told what was left undone."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field, SQLModel

from app.database.engines import Database


class Backup(SQLModel, table=True):
    """When the register was backed up last, by itself: one row, once it was."""

    __tablename__ = "backup"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True)
    at: datetime


class Verification(SQLModel, table=True):
    """When the record was verified last, up to which position, and how many faults there were: one row, once it was."""

    __tablename__ = "verification"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(primary_key=True)
    at: datetime
    position: int = Field(sa_type=BigInteger)
    faults: int


async def note_backup(database: Database) -> None:
    """Note that a backup was made now."""
    async with database.transaction() as session:
        await session.merge(Backup(id=1, at=datetime.now(UTC)))


async def note_verification(database: Database, position: int, faults: int) -> None:
    """Note that the record was verified now."""
    async with database.transaction() as session:
        await session.merge(Verification(id=1, at=datetime.now(UTC), position=position, faults=faults))
