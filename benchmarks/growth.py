"""How much a register grows with each change, by table and index: `python -m benchmarks.growth [CHANGES]`.

Half of the changes make something, the other half change it.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from uuid import UUID

import asyncpg
from sqlalchemy import make_url, select
from sqlmodel import col

from app.access.caller import COMMAND
from app.changes.log import transaction
from app.cli.verify import verify_and_note
from app.needs.models import NeedUpdate
from app.needs.resource import NEEDS
from app.resources.writing import change
from app.runtime import Runtime
from app.settings import Settings
from benchmarks.databases import both_databases
from benchmarks.log import BATCH, fill, watched, words

CHANGES = 100_000
LEAST = 20
"""How many bytes a change are shown."""
SIZES = (
    "SELECT relname, CASE relkind WHEN 'r' THEN pg_table_size(oid) ELSE pg_relation_size(oid) END FROM pg_class"
    " WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
)


def in_file(url: str) -> dict[str, int]:
    """How many bytes each table and index takes in an SQLite file."""
    with closing(sqlite3.connect(str(make_url(url).database))) as connection:
        return dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))


def in_postgresql(url: str) -> dict[str, int]:
    """The same in a PostgreSQL, when what was replaced is free again."""

    async def measured() -> dict[str, int]:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("VACUUM")
            return dict(await connection.fetch(SIZES))
        finally:
            await connection.close()

    return asyncio.run(measured())


async def change_all(settings: Settings) -> None:
    """Change each need once."""
    database, table, last = Runtime.of(settings).database, NEEDS.table, UUID(int=0)
    wanted = select(table).order_by(col(table.id)).limit(BATCH)
    try:
        while True:
            async with transaction(database, COMMAND, settings.zone) as session:
                rows = (await session.execute(wanted.where(col(table.id) > last))).scalars().all()
                if not rows:
                    return
                last = rows[-1].id
                for row in rows:
                    await change(session, NEEDS, row, NeedUpdate.model_validate({"description": words(50)}))
    finally:
        await database.close()


def growth(title: str, before: dict[str, int], after: dict[str, int], changes: int) -> Iterator[str]:
    """The lines of a table about what was added."""
    each = {name: (size - before.get(name, 0)) / changes for name, size in after.items()}
    yield f"| {title} | all | {sum(each.values()):,.0f} bytes |"
    for name, size in sorted(each.items(), key=lambda item: -item[1]):
        if size >= LEAST:
            yield f"| {title} | {name} | {size:,.0f} bytes |"


def main() -> None:
    """Measure both databases."""
    half = (int(sys.argv[1]) if len(sys.argv) > 1 else CHANGES) // 2
    print("| database | what | figure |\n|---|---|---|", flush=True)
    with both_databases() as databases:
        for engine, url, _ in databases:
            sizes = partial(in_file if engine == "SQLite" else in_postgresql, url)
            settings = Settings(_env_file=None, database_url=url)
            asyncio.run(fill(settings, 0))
            before = sizes()
            asyncio.run(fill(settings, half))
            made = sizes()
            print(*growth(f"{engine}, made", before, made, half), sep="\n", flush=True)
            asyncio.run(change_all(settings))
            print(*growth(f"{engine}, changed", made, sizes(), half), sep="\n", flush=True)
            found, seconds, memory = watched(partial(verify_and_note, settings))
            print(
                f"| {engine} | verify {found.checked:,} resources | {seconds:.0f} s, {memory:.0f} MB, {len(found.faults)} faults |"
            )


if __name__ == "__main__":
    main()
