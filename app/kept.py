"""Statements that nearly every request needs: SQLAlchemy puts them together once, and the driver itself runs them."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Select
from sqlalchemy.util import await_

from app.postgresql import ALONE

Convert = Callable[[Any], Any]


class Compiled(NamedTuple):
    """A statement in a database's own words; `bound` has a name where a value is given, and the value where it is not."""

    text: str
    bound: list[tuple[str | None, Any, Convert | None]]
    read: Sequence[Convert | None]


class Kept:
    """A statement that finds one row, kept as each kind of database understands it."""

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self.row: Any = namedtuple("Row", statement.selected_columns.keys())  # type: ignore[misc]  # noqa: PYI024 (its names are those of the statement)
        self.compiled: dict[str, Compiled] = {}

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """The row with these values, its columns by their names; None where there is none.

        Where a transaction is wanted around it, or the driver fails, SQLAlchemy runs it: it knows what that means.
        """
        if not connection.get_execution_options().get(ALONE):
            return connection.execute(self.statement, values).first()
        dialect = connection.dialect
        compiled = self.compiled.get(dialect.name) or self.compile(dialect)
        given = [
            convert(value) if convert else value
            for value, convert in (
                (constant if name is None else values[name], convert) for name, constant, convert in compiled.bound
            )
        ]
        try:
            found = ask(connection, compiled.text, given)
        except Exception:  # noqa: BLE001 (whatever it is, it is said again)
            return connection.execute(self.statement, values).first()
        except BaseException:
            # Of a question that nobody waits for any more the answer would be that of the next one.
            connection.invalidate()
            raise
        if found is None:
            return None
        return self.row._make(
            convert(value) if convert else value for value, convert in zip(found, compiled.read, strict=True)
        )

    def compile(self, dialect: Dialect) -> Compiled:
        """The statement for a database."""
        made: Any = self.statement.compile(dialect=dialect)
        bound: list[tuple[str | None, Any, Convert | None]] = []
        for name in made.positiontup:
            parameter = made.binds[name]
            convert = parameter.type.dialect_impl(dialect).bind_processor(dialect)
            if parameter.required:
                bound.append((name, None, convert))
            else:
                bound.append((None, convert(parameter.value) if convert else parameter.value, None))
        columns = self.statement.selected_columns
        read = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self.compiled[dialect.name] = Compiled(str(made), bound, read)
        return self.compiled[dialect.name]


def ask(connection: Connection, text: str, given: list[Any]) -> Any:
    """What the driver of a connection finds first."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        return await_(driver.fetchrow(text, *given))
    return driver.execute(text, given).fetchone()
