"""How many resources there are on each day, by what they are counted by: what reports read in place of the resources.

They follow from the resources and are written with the log, behind the lock that numbers changes: whoever writes at the same
time never waits for a row of them while it holds another.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, CTE, Connection, bindparam, func, select, true
from sqlmodel import Field, SQLModel

from app.access.visibility import Visibility
from app.database.engines import insert_into
from app.database.kept import Kept
from app.database.tables import closed, ordered_text, table_of


class Tally(SQLModel, table=True):
    """On one day there are so many resources of a kind in one state that have a value of what they are counted by.

    `name` and `value` are empty where all are counted.
    """

    __tablename__ = "tally"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: str = Field(primary_key=True, sa_type=ordered_text(60))
    name: str = Field(primary_key=True, sa_type=ordered_text(40))
    value: str = Field(primary_key=True, sa_type=ordered_text(40))
    day: date = Field(primary_key=True)
    state: str = Field(primary_key=True, sa_type=ordered_text(40))
    visibility: Visibility = Field(primary_key=True, sa_type=closed(Visibility))
    agreement_id: UUID = Field(primary_key=True)
    amount: int


TALLY = table_of(Tally)


class Cell(NamedTuple):
    """What one row counts."""

    kind: str
    name: str
    value: str
    day: date
    state: str
    visibility: Visibility
    agreement_id: UUID


Tallies = Counter[Cell]


def add_tallies(connection: Connection, tallies: Mapping[Cell, int]) -> None:
    """Count so many more, or less where it is negative."""
    rows = rows_of(tallies)
    if rows:
        named = [dict(zip(TALLY.c.keys(), row, strict=True)) for row in rows]
        adding(connection.dialect.name).run(connection, named)


def rows_of(tallies: Mapping[Cell, int]) -> list[tuple[Any, ...]]:
    """What is counted otherwise now, each as the columns of its row; in one order, whoever counts."""
    return [(*cell, amount) for cell, amount in sorted(tallies.items()) if amount]


@cache
def adding(dialect: str) -> Kept:
    """The statement that adds to a row, or makes it."""
    return Kept(counting(insert_into(TALLY, dialect)), TALLY.c.keys())


def counting(insert: Any) -> Any:
    """An INSERT of rows that are added to those that are there."""
    more = TALLY.c.amount + insert.excluded.amount
    return insert.on_conflict_do_update(index_elements=list(TALLY.primary_key), set_={"amount": more})


def counting_behind(head: CTE) -> Any:
    """The same for PostgreSQL, in one statement with what takes a position: no row is counted before that has its lock.

    Its values are columns of rows, each a list by the name that `tallied_in` gives it.
    """
    given = (bindparam(f"tally_{each.name}", type_=ARRAY(each.type)) for each in TALLY.c)
    rows = func.unnest(*given).table_valued(*TALLY.c.keys()).render_derived()
    return counting(insert_into(TALLY, "postgresql").from_select(TALLY.c.keys(), select(*rows.c).join(head, true())))


def tallied_in(rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """The values of that."""
    return {f"tally_{name}": [row[place] for row in rows] for place, name in enumerate(TALLY.c.keys())}
