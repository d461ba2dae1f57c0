"""Other words in what is served, past the rules: tests see that it is found, and set right."""

from sqlalchemy import select, update
from sqlmodel import SQLModel

from app import migrating
from app.settings import Settings


async def reword(settings: Settings, table: str, old: str, new: str) -> None:
    """Replace words in what is served of the resources of a table."""
    rows = SQLModel.metadata.tables[table]
    async with migrating.connected(settings) as connection:
        for row in await connection.execute(select(rows.c.id, rows.c.representation)):
            said = row.representation.replace(old, new)
            await connection.execute(update(rows).where(rows.c.id == row.id).values(representation=said))
