"""What was done to keep the register, so that who runs it can be told what was left undone."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from app.database import Database, closed, table_of


class Task(StrEnum):
    """What is to be done again and again."""

    backup = "backup"
    verification = "verification"


class Upkeep(SQLModel, table=True):
    """When a task was done last, and how many faults it found."""

    __tablename__ = "upkeep"

    task: Task = Field(primary_key=True, sa_type=closed(Task))
    done_at: datetime
    faults: int


UPKEEP = table_of(Upkeep)


async def note(database: Database, task: Task, faults: int) -> None:
    """Note that a task was done now."""
    async with database.transaction() as session:
        await session.merge(Upkeep(task=task, done_at=datetime.now(UTC), faults=faults))


def last_done(connection: Connection) -> dict[Task, tuple[datetime, int]]:
    """When each task was done last, and how many faults it found; what was never done is not there."""
    return {row.task: (row.done_at, row.faults) for row in connection.execute(select(UPKEEP))}
