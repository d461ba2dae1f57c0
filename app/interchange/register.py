"""The register as a whole, as a folder of JSON Lines: so that it can be left for another database, or another house.

A file a table, with the rows in the order of their keys; `register.json` says how many there are and what the files must
hash to. The tables are read as they are declared, so what a later version adds comes along.
"""

import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from pydantic_core import to_jsonable_python
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    String,
    Table,
    collate,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy import tuple_ as row_of
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app.access.keys import stand_in
from app.access.models import ApiKey, CalendarFeed
from app.catalogue import FEATURES
from app.changes.feed import head_of
from app.changes.models import LogHead
from app.city_zone import difference, kept_zone
from app.database.revisions import newest_revision
from app.database.snapshot import Snapshot
from app.database.tables import table_of
from app.resources.verifying import walks

FORMAT = "cooperation-register 1"
CONTENTS = "register.json"
BATCH = 1_000

LEFT_OUT = frozenset(
    {"backup", "idempotency_key", "import", "tree_node", "verification", "webhook_endpoint", "webhook_delivery"}
)
"""Tables that stay behind: answers that are kept for a day in case a request is repeated; what came of imports; hashes that
follow from the leaves of the log; where changes are sent to, because they would be sent from two houses, and the secrets stay
behind; and when this one was backed up and verified."""

Row = Mapping[str, Any]


SECRET: Mapping[Column[Any], Callable[[Row], Any]] = {
    table_of(model).c.digest: (lambda row: stand_in(row["id"])) for model in (ApiKey, CalendarFeed)
}
"""Columns that stay behind, with what stands there instead in the register that is imported."""


class BadFolder(Exception):
    """A folder that is no export, or that cannot be imported here; the message says why."""


def tables() -> list[Table]:
    """The tables that go along, each behind those that it refers to."""
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in LEFT_OUT]


def shown(table: Table) -> list[Column[Any]]:
    """The columns of a table that go along."""
    return [column for column in table.c if column not in SECRET]


async def write_register(snapshot: Snapshot, folder: Path) -> int:
    """Write one state of the register into an empty folder, for its owner's eyes only; return the position of its log.

    What says that the export is complete is written last.
    """
    contents = {}
    for table in tables():
        with created(folder / f"{table.name}.jsonl") as file:
            digest, count = hashlib.sha256(), 0
            async for rows in batches(snapshot, table, shown(table)):
                text = "".join(f"{line_of(row)}\n" for row in rows).encode()
                digest.update(text)
                count += len(rows)
                file.write(text)
        contents[table.name] = {"rows": count, "sha256": digest.hexdigest()}
    position = (await snapshot.read(head_of)).position
    about = {
        "format": FORMAT,
        "schema": newest_revision(),
        "position": position,
        "tables": dict(sorted(contents.items())),
    }
    with created(folder / CONTENTS) as file:
        file.write(f"{json.dumps(about, indent=2)}\n".encode())
    return position


def created(path: Path) -> IO[bytes]:
    """A new file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


async def batches(snapshot: Snapshot, table: Table, columns: Iterable[Column[Any]]) -> AsyncIterator[Sequence[Row]]:
    """The rows of a table with these columns, in the order of their keys, some at a time."""
    last: Sequence[Any] | None = None
    while True:

        def read(connection: Connection, last: Sequence[Any] | None = last) -> Sequence[Row]:
            order = [ordered(column, connection) for column in table.primary_key]
            wanted = select(*columns).order_by(*order).limit(BATCH)
            if last is not None:
                bound = (literal(value, column.type) for value, column in zip(last, table.primary_key, strict=True))
                wanted = wanted.where(row_of(*order) > row_of(*bound))
            return [dict(row) for row in connection.execute(wanted).mappings()]

        rows = await snapshot.read(read)
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        last = [rows[-1][column.name] for column in table.primary_key]


def ordered(column: Column[Any], connection: Connection) -> ColumnElement[Any]:
    """A column in the order that is the same on both databases."""
    is_text = isinstance(getattr(column.type, "impl_instance", column.type), String)
    return collate(column, "C") if is_text and connection.dialect.name == "postgresql" else column


def line_of(row: Row) -> str:
    """A row as JSON: times in UTC, codes of terms."""
    return json.dumps(to_jsonable_python(row), ensure_ascii=False, separators=(",", ":"))


async def read_register(session: AsyncSession, folder: Path, timezone: str) -> int:
    """Write what is in a folder into an empty register, and verify all of it; return the position of the log.

    Raises BadFolder, for the transaction to be rolled back, where the folder is not complete, is of another version or
    counts days in another time zone, or holds what `register verify` would find fault with; and where the register is
    not empty.
    """
    about = read_contents(folder)
    await check_empty(session)
    await session.execute(delete(table_of(LogHead)))
    for table in tables():
        await fill(session, table, folder, about["tables"][table.name])
    kept = await (await session.connection()).run_sync(kept_zone)
    if found := difference(kept, timezone):
        raise BadFolder(f"{found}: set it to that")
    fault = await first_fault(session)
    if fault is not None:
        raise BadFolder(f"what is in {folder} is not as it was written: {fault}")
    return int(about["position"])


def read_contents(folder: Path) -> dict[str, Any]:
    """What an export says of itself."""
    try:
        about: dict[str, Any] = json.loads((folder / CONTENTS).read_text("utf-8"))
    except (OSError, ValueError):
        raise BadFolder(f"{folder} holds no {CONTENTS}: it is no export, or not a complete one") from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise BadFolder(f"{folder / CONTENTS} is not of the format {FORMAT}")
    if about["schema"] != newest_revision():
        raise BadFolder(
            f"{folder} was exported at revision {about['schema']} and this version is at {newest_revision()}: "
            "import it with the version that it was exported with, then migrate"
        )
    if about["tables"].keys() != {table.name for table in tables()}:
        raise BadFolder(f"{folder / CONTENTS} names other tables than this version has")
    return about


async def check_empty(session: AsyncSession) -> None:
    """Refuse a register in which there is anything; raises BadFolder."""
    for table in tables():
        rows = select(func.count()).select_from(table)
        if table is table_of(LogHead):
            rows = rows.where(table.c.position > 0)
        if (await session.execute(rows)).scalar_one():
            raise BadFolder(f"this register is not empty: there is something in its table {table.name}")


async def fill(session: AsyncSession, table: Table, folder: Path, promised: Mapping[str, Any]) -> None:
    """Write the rows of a table."""
    digest, count, filling = hashlib.sha256(), 0, Filling(session, table)
    for rows in rows_in(folder / f"{table.name}.jsonl", table, digest.update):
        count += len(rows)
        await filling.add(rows)
    await filling.end()
    if (count, digest.hexdigest()) != (promised["rows"], promised["sha256"]):
        raise BadFolder(f"{folder / table.name}.jsonl is not the file that was exported")


class Filling:
    """Writes the rows of a table. What refers to the same table is set when all of its rows are there."""

    def __init__(self, session: AsyncSession, table: Table) -> None:
        self.session, self.table = session, table
        self.own = [column for column in table.c if any(key.column.table is table for key in column.foreign_keys)]
        self.later: list[Row] = []

    async def add(self, rows: Sequence[Row]) -> None:
        """Write some rows."""
        self.later += [row for row in rows if any(row[column.name] is not None for column in self.own)]
        alone = [{**row, **{column.name: None for column in self.own}} for row in rows]
        await self.session.execute(insert(self.table), alone)

    async def end(self) -> None:
        """Set what refers to the table itself."""
        for row in self.later:
            chosen = (column == row[column.name] for column in self.table.primary_key)
            said = {column.name: row[column.name] for column in self.own}
            await self.session.execute(update(self.table).where(*chosen).values(said))


def rows_in(path: Path, table: Table, note: Callable[[bytes], None]) -> Iterator[list[dict[str, Any]]]:
    """The rows in a file, some at a time; `note` is told every line."""
    rows: list[dict[str, Any]] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                note(line)
                rows.append(row_in(line, table, f"{path}, line {number}"))
                if len(rows) == BATCH:
                    yield rows
                    rows = []
    except OSError as error:
        raise BadFolder(f"{path}: {error.strerror}") from None
    if rows:
        yield rows


def row_in(line: bytes, table: Table, place: str) -> dict[str, Any]:
    """The row in a line, with something in place of what stayed behind."""
    try:
        said = json.loads(line)
        row = {column.name: typed(said[column.name], column) for column in shown(table)}
    except (ValueError, TypeError, KeyError):
        raise BadFolder(f"{place} is no row of the table {table.name}") from None
    return row | {column.name: stand_in(row) for column, stand_in in SECRET.items() if column.table is table}


def typed(value: Any, column: Column[Any]) -> Any:
    """A value from JSON as its column's type."""
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if value is None or not issubclass(kind, date | UUID | Enum):
        return value
    return kind.fromisoformat(value) if issubclass(kind, datetime | date) else kind(value)


async def first_fault(session: AsyncSession) -> str | None:
    """What `register verify` would say first; nothing where all is well."""
    connection = await session.connection()
    for walk in walks([feature.kind for feature in FEATURES]):
        while (faults := await connection.run_sync(walk.step)) is not None:
            if faults:
                return faults[0]
    return None
