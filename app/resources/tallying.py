"""Counting resources day by day, for reports."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from app.changes.log import Transaction
from app.changes.models import LogHead
from app.changes.tallies import TALLY, Cell, Tallies
from app.database.tables import table_of
from app.resources.kind import Kind


def cells_of(kind: Kind[Any], values: Mapping[str, Any]) -> Iterator[Cell]:
    """What a resource with these values, its columns and its lists, is counted in."""
    if kind.tallied is None:
        return
    shared = (
        values[kind.tallied.on],
        str(values[kind.state]),
        values["visibility"],
        values["agreement_id"],
    )
    own = ((name, str(values[name])) for name in kind.tallied.columns)
    for name, value in {("", ""), *own, *kind.tallied.by(values)}:
        yield Cell(kind.type, name, value, *shared)


def note_tallies(
    session: Transaction,
    kind: Kind[Any],
    id: UUID,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Note what a resource was counted in and is counted in now, until its change is recorded; None for what is not there."""
    if kind.tallied is not None:
        was, now = (set() if values is None else set(cells_of(kind, values)) for values in (before, after))
        session.tallied[id] = dict.fromkeys(now - was, 1) | dict.fromkeys(was - now, -1)


def settle_tallies(session: Transaction, id: UUID) -> None:
    """Count a resource as it is stored now, where no change of it is recorded."""
    session.pending.tallies.update(session.tallied.pop(id, {}))


def noted_tallies(session: Transaction, kind: Kind[Any]) -> Tallies:
    """What a transaction is to count at its end, of resources of a kind."""
    noted = Tallies(session.pending.tallies)
    for each in session.written:
        noted.update(each.tallied)
    return Tallies({cell: amount for cell, amount in noted.items() if cell.kind == kind.type})


def stored_tallies(connection: Connection, *kinds: Kind[Any]) -> Tallies:
    """What is counted of these kinds, or of all, as it is stored."""
    columns = [TALLY.c[name] for name in Cell._fields]
    stored = select(*columns, TALLY.c.amount)
    if kinds:
        stored = stored.where(TALLY.c.kind.in_([kind.type for kind in kinds]))
    return Tallies({Cell(*row[:-1]): row.amount for row in connection.execute(stored)})


def hold_tallies(connection: Connection) -> None:
    """Wait for who is counting, and let nobody count before this transaction ends: all do behind the end of the log."""
    connection.execute(select(table_of(LogHead).c.position).with_for_update())


def tally_faults(connection: Connection, counted: Tallies) -> Iterator[str]:
    """In what the stored tallies differ from what was counted."""
    stored = stored_tallies(connection)
    for cell in sorted(cell for cell in {*stored, *counted} if stored[cell] != counted[cell]):
        of = f" of {cell.name} {cell.value}" if cell.name else ""
        yield f"{stored[cell]} and not {counted[cell]} {cell.kind}{of} are tallied on {cell.day} ({cell.state})"
