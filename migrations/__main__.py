"""Writes the next migration: what leads from the newest schema to the tables of the code."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import app.main  # noqa: F401 (makes every table known, those too that belong to no kind)
from app import migrating
from app.settings import Settings

ROOT = Path(__file__).parent.parent


def next_number(config: Config) -> str:
    """The number behind that of the newest migration."""
    return f"{int(ScriptDirectory.from_config(config).get_current_head() or 0) + 1:04}"


async def write(message: str) -> None:
    """Write the next migration; Alembic says where.

    It compares the tables with a database of its own, so it makes no difference what that of the folder is like.
    """
    config = Config(ROOT / "alembic.ini")

    def compare(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=next_number(config))

    with TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, database_url=f"sqlite:///{folder}/newest.db")
        async with migrating.connected(settings) as connection:
            await connection.run_sync(compare)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
