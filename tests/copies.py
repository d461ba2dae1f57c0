"""Copies of a PostgreSQL database that are put back to what they were: to make a new one takes many times as long."""

from dataclasses import dataclass
from typing import Self

import asyncpg
from sqlmodel import SQLModel

TABLES = ["alembic_version", *(table.name for table in SQLModel.metadata.sorted_tables)]
SET_ASIDE = ";".join(
    ("CREATE SCHEMA aside", *(f"CREATE TABLE aside.{name} AS SELECT * FROM public.{name}" for name in TABLES))  # noqa: S608 (names of our own tables)
)

# Rows that are new or changed have a higher transaction number than all before, and those that are gone are missed in
# the count: that tells what a test has changed without looking at its values.
TRACES = "count(*) AS rows, max(xmin::text::bigint) AS newest"
SCHEMA = {
    "columns": "pg_attribute WHERE attrelid > 16383",
    "constraints": "pg_constraint WHERE conrelid > 16383",
    "triggers": "pg_trigger",
    "settings": "pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
}
STATE = " UNION ALL ".join(
    f"SELECT '{name}' AS name, {TRACES} FROM {source}"  # noqa: S608 (the same)
    for name, source in (SCHEMA | {name: f"public.{name}" for name in TABLES}).items()
)


@dataclass(frozen=True)
class Copy:
    """A copy of a database whose rows were set aside, with the connection that puts them back."""

    connection: asyncpg.Connection
    state: dict[str, tuple[int, int | None]]

    @classmethod
    async def of(cls, url: str) -> Self:
        """The copy at a URL as it is now."""
        connection = await asyncpg.connect(url)
        # What is put back is whole: nothing refers to nothing, and looking for that takes most of the time.
        await connection.execute("SET session_replication_role = replica; SET lock_timeout = '1s'")
        return cls(connection, await state_of(connection))

    async def is_put_back(self) -> bool:
        """Put the rows back; False when a test has changed more than rows, or left somebody there who has them locked."""
        if self.connection.is_closed():
            return False
        now = await state_of(self.connection)
        changed = [name for name in now if now[name] != self.state[name]]
        if not SCHEMA.keys().isdisjoint(changed):
            return False
        if not changed:
            return True
        try:
            await self.connection.execute(";".join(map(put_back, changed)))
        except asyncpg.LockNotAvailableError:
            return False
        self.state.update(await state_of(self.connection))
        return True


def put_back(table: str) -> str:
    """The statements that put the rows of a table back."""
    return f"DELETE FROM public.{table}; INSERT INTO public.{table} SELECT * FROM aside.{table}"  # noqa: S608 (the same)


async def state_of(connection: asyncpg.Connection) -> dict[str, tuple[int, int | None]]:
    """How many rows each table has, and which transaction the newest of them is from."""
    return {row["name"]: (row["rows"], row["newest"]) for row in await connection.fetch(STATE)}
