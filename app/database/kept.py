"""Statements that nearly every request needs: SQLAlchemy puts them together once, and the driver itself runs them."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Float, SelectBase, UpdateBase
from sqlalchemy.util import await_

from app.database.postgresql import ALONE

Convert = Callable[[Any], Any]
Statement = SelectBase | UpdateBase
FLOAT8 = 701
"""The number of PostgreSQL's type that columns of numbers have: their type asks for it before it reads any."""


class Compiled(NamedTuple):
    """A statement in a database's own words; `bound` has a name where a value is given, and the value where it is not."""

    text: str
    bound: list[tuple[str | None, Any, Convert | None]]
    read: Sequence[Convert | None]

    def given(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """What the driver gets for these values."""
        given = [
            constant if name is None else values[name] if convert is None else convert(values[name])
            for name, constant, convert in self.bound
        ]
        return tuple(given)


class Kept:
    """A statement, kept as each kind of database understands it; one that stores columns says by `stored` which ones."""

    def __init__(self, statement: Statement, stored: Sequence[str] | None = None) -> None:
        self.statement: Any = statement
        self.stored = stored
        self.columns: Any = statement.exported_columns
        self.compiled: dict[str, Compiled] = {}
        self.is_asked_again = False

    @cached_property
    def row(self) -> Any:
        """The class of its rows, whose names are those of the statement."""
        return namedtuple("Row", map(str, self.columns.keys()))  # noqa: PYI024 (no other names are known)

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The row with these values, its columns by their names; None where there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """The rows with these values."""
        return list(self.each(connection, values))

    def each(self, connection: Connection, values: Mapping[str, Any]) -> Iterable[Any]:
        """The rows with these values; what is stored of each is read when the row is asked for.

        Where a transaction is wanted around it, or the driver fails, SQLAlchemy runs it: it knows what that means.
        """
        compiled = self.compiled_for(connection.dialect)
        given = compiled.given(values)
        if not connection.get_execution_options().get(ALONE):
            return self.read(compiled, connection.exec_driver_sql(compiled.text, given).all())
        try:
            found = ask(connection, compiled.text, given)
        except Exception:  # noqa: BLE001 (whatever it is, it is said again)
            return connection.execute(self.statement, values).all()
        except BaseException:
            # Of a question that nobody waits for any more the answer would be that of the next one.
            connection.invalidate()
            raise
        return self.read(compiled, found)

    @contextmanager
    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Iterator[Iterable[Any]]:
        """The same of what may be asked for only once, for whoever may not want all rows: SQLite gives them one by one.

        SQLAlchemy has put together another statement like it before, and need not do so again.
        """
        if self.is_asked_again and connection.dialect.name == "postgresql":
            yield self.each(connection, values)
        else:
            self.is_asked_again = True
            with connection.execute(self.statement, values) as found:
                yield found

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry it out in a transaction, with the values of each row."""
        compiled = self.compiled_for(connection.dialect)
        given = [compiled.given(row) for row in rows]
        connection.exec_driver_sql(compiled.text, given[0] if len(given) == 1 else given)

    def read(self, compiled: Compiled, found: Iterable[Any]) -> Iterator[Any]:
        """What the driver found, as it was stored."""
        if any(compiled.read):
            found = (
                [
                    value if convert is None else convert(value)
                    for value, convert in zip(row, compiled.read, strict=True)
                ]
                for row in found
            )
        # As the class itself does it, without a call of Python for each row.
        return (tuple.__new__(self.row, row) for row in found)

    def compiled_for(self, dialect: Dialect) -> Compiled:
        """The statement for a database."""
        return self.compiled.get(dialect.name) or self.compile(dialect)

    def compile(self, dialect: Dialect) -> Compiled:
        """The same, put together."""
        made: Any = self.statement.compile(dialect=dialect, column_keys=self.stored)
        # Lists of values have a place for each of them then.
        said = made.construct_expanded_state({name: None for name, each in made.binds.items() if each.required})
        bound: list[tuple[str | None, Any, Convert | None]] = []
        for name in said.positiontup:
            parameter = made.binds.get(name)
            convert = (
                parameter.type.dialect_impl(dialect).bind_processor(dialect)
                if parameter is not None
                else said.processors.get(name)
            )
            if parameter is not None and parameter.required:
                bound.append((name, None, convert))
            else:
                value = said.parameters[name]
                bound.append((None, convert(value) if convert else value, None))
        read = [
            column.type.dialect_impl(dialect).result_processor(
                dialect, FLOAT8 if isinstance(column.type, Float) else None
            )
            for column in self.columns
        ]
        self.compiled[dialect.name] = Compiled(said.statement, bound, read)
        return self.compiled[dialect.name]


def ask(connection: Connection, text: str, given: Sequence[Any]) -> Sequence[Any]:
    """What the driver of a connection finds."""
    driver: Any = connection.connection.driver_connection
    found: Sequence[Any]
    if connection.dialect.name == "postgresql":
        found = await_(driver.fetch(text, *given))
    else:
        found = driver.execute(text, given).fetchall()
    return found
