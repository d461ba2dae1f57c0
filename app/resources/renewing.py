"""Bringing what is stored to what this version would store: after a migration, and to see whether it is so."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any
from urllib.parse import quote
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.changes.findings import FoundBy
from app.changes.log import Transaction, record
from app.changes.models import Action
from app.changes.tallies import Cell, Tallies
from app.database.tables import table_of
from app.resources.findings import findings_of, settle_findings, stored_findings
from app.resources.kind import Kind
from app.resources.rendering import changed_fields, columns, logged, render, stored_columns, stored_lists
from app.resources.schema import Stored
from app.resources.storing import replace_values
from app.resources.tallying import cells_of, hold_tallies, noted_tallies, settle_tallies, stored_tallies
from app.schema.text import BREAK, BREAKS, CONTROL, SPACES, composed, is_visible
from app.zones import place_of

BATCH = 500
ROUNDS = 3
EMPTY = "[leer]"
UNWRITTEN = re.compile(f"[{BREAKS}{SPACES}]")


async def renew(session: Transaction, kind: Kind[Any]) -> int:
    """Store every resource of a kind as this version would; return how many are served otherwise than before.

    Those get a new version in the log. Texts that earlier versions took and this one refuses are mended.
    """
    renewed, counted = 0, Tallies()
    async for rows in batches(session, kind):
        ids = [row["id"] for row in rows]
        lists, found = await stored_lists(session, kind, ids), await stored_findings(session, kind, ids)
        counted.update(counted_in(kind, rows, lists))
        others = [row["id"] for row in rows if not is_current(kind, row, lists[row["id"]], found[row["id"]])]
        for row in await loaded(session, kind, others):
            renewed += await renew_one(session, kind, row, lists[row.id], found[row.id])
        await session.flush()
        session.expunge_all()
    if kind.tallied is not None:
        await count_anew(session, kind, counted)
    return renewed


def counted_in(
    kind: Kind[Any], rows: Sequence[Mapping[str, Any]], lists: Mapping[UUID, Mapping[str, Any]]
) -> Iterator[Cell]:
    """What these rows are counted in."""
    return chain.from_iterable(cells_of(kind, {**lists[row["id"]], **row}) for row in rows)


async def count_anew(session: Transaction, kind: Kind[Any], counted: Tallies) -> None:
    """Count the resources of a kind anew where other tallies are stored than were counted on the way.

    A version that knows nothing of tallies may have written beside this one.
    """
    connection = await session.connection()
    if await connection.run_sync(stored_tallies, kind) == counted:
        return
    # Who wrote while they were counted has counted that already: now nobody does.
    await connection.run_sync(hold_tallies)
    counted = Tallies()
    async for rows in batches(session, kind):
        counted.update(counted_in(kind, rows, await stored_lists(session, kind, [row["id"] for row in rows])))
    counted.subtract(await connection.run_sync(stored_tallies, kind))
    counted.subtract(noted_tallies(session, kind))
    session.pending.tallies.update(counted)


async def batches(session: AsyncSession, kind: Kind[Any]) -> AsyncIterator[Sequence[dict[str, Any]]]:
    """The columns of the rows of a kind in the order of their ids, a batch at a time."""
    table, last = table_of(kind.table), UUID(int=0)
    while True:
        connection = await session.connection()
        found = await connection.execute(select(table).where(table.c.id > last).order_by(table.c.id).limit(BATCH))
        rows = [dict(row) for row in found.mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]["id"]


def is_current(
    kind: Kind[Any], row: Mapping[str, Any], lists: Mapping[str, Sequence[Any]], found: set[FoundBy]
) -> bool:
    """Whether all that is stored of a resource is as this version would store it."""
    try:
        content = kind.public.model_validate({**row, **lists})
    except ValidationError:
        return False
    values = content.model_dump()
    return (
        content.model_dump_json() == row["representation"]
        and all(row[name] == value for name, value in columns(kind, values).items())
        and all(lists[name] == values[name] for name in kind.lists)
        and found == findings_of(kind, {**values, **row})
    )


async def loaded(session: AsyncSession, kind: Kind[Any], ids: Sequence[UUID]) -> Sequence[Stored]:
    """These resources, to be changed."""
    if not ids:
        return []
    return list((await session.execute(select(kind.table).where(col(kind.table.id).in_(ids)))).scalars())


async def renew_one(
    session: Transaction, kind: Kind[Any], row: Stored, lists: Mapping[str, Sequence[Any]], found: set[FoundBy]
) -> bool:
    """Store one resource as this version would; return whether it is served otherwise than before."""
    values = mended(kind, row, lists)
    await replace_values(session, kind, row, values, lists, found)
    wanted = {name: values[name] for name in kind.lists}
    if render(kind, row, wanted) == row.representation:
        settle_tallies(session, row.id)
        await settle_findings(session)
        return False
    before = json.loads(row.representation)
    row.version, row.updated_at = row.version + 1, session.now
    row.representation = render(kind, row, wanted)
    await record(session, [logged(kind, row, Action.updated, changed_fields(before, row), row.visibility)])
    return True


def mended(kind: Kind[Any], row: Stored, lists: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The content of a resource as its schema takes it; raises ValidationError for what cannot be mended."""
    values = deepcopy({**stored_columns(row), **lists})
    for _ in range(ROUNDS):
        try:
            return kind.public.model_validate(values).model_dump()
        except ValidationError as error:
            for each in error.errors():
                mend(values, each["loc"], each["type"])
    return kind.public.model_validate(values).model_dump()


def mend(values: dict[str, Any], path: Sequence[str | int], code: str) -> None:
    """Put right one value that is refused now, where it is known how."""
    holder: Any = values
    for step in path[:-1]:
        holder = holder[step]
    if code in MENDING:
        holder[path[-1]] = MENDING[code](holder[path[-1]])


def in_one_line(text: str) -> str:
    """The text in one line, with nothing but what is seen at its ends."""
    line = " ".join(CONTROL.sub("", BREAK.sub(" ", composed(text))).split())
    return line if is_visible(line) else EMPTY


def each_once(entries: list[str]) -> list[str]:
    """The entries that differ."""
    return list(dict.fromkeys(composed(entry) for entry in entries))


def escaped(address: str) -> str:
    """An address with its spaces escaped."""
    return UNWRITTEN.sub(lambda found: quote(found[0]), address)


MENDING: Mapping[str, Callable[[Any], Any]] = {
    "invisible_text": in_one_line,
    "surrounding_space": in_one_line,
    "line_break": in_one_line,
    "control_character": in_one_line,
    "repeated": each_once,
    "string_pattern_mismatch": escaped,
    "unknown_timezone": place_of,
}
"""What becomes of a value that an earlier version took, by the code with which it is refused now."""
