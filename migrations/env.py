"""How Alembic reaches the database: over the connection it is given, or that of the settings."""

import asyncio
from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, String
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app import catalogue
from app.database import Json
from app.migrating import connected
from app.settings import Settings

# Importing the catalogue makes every table known.
METADATA = catalogue.FEATURES[0].kind.table.metadata


def plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write column types of ours as SQLAlchemy's own: a migration must not change when our code does."""
    match item if kind == "type" else None:
        case Json():
            return "sa.JSON()"
        case UTCDateTime():
            return "sa.DateTime(timezone=True)"
        case AutoString(impl=String(length=None)):
            return "sa.String()"
        case AutoString(impl=String(length=length)):
            return f"sa.String(length={length})"
        case _:
            return False


def migrate(connection: Connection) -> None:
    """Run the migrations that were asked for over this connection."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=True,
        render_item=plain_type,
        # On SQLite too: the connection opens its transaction itself.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_configured() -> None:
    """Run the migrations on the database of the settings."""
    async with connected(Settings()) as connection:
        await connection.run_sync(migrate)


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    asyncio.run(migrate_configured())
else:
    migrate(given)
