"""The statements of a piece of work, noted so that they can be run again where all that they read is the same."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError

SAVEPOINTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")
REPEATED = {"register_repeated": True}
"""What is run again here is not noted again."""
WRITING = ("INSERT", "UPDATE", "DELETE")


class Executed(NamedTuple):
    """A statement as the driver gets it; `found` is a digest of what it read, None where it wrote."""

    statement: str
    parameters: Any
    found: bytes | None


class Differs(Exception):
    """Something that was read is not what it was, or what was written cannot be written any more."""


@contextmanager
def noting(connection: Connection) -> Iterator[list[Executed]]:
    """Note what runs over a connection in the block: what writes must not also read."""
    executed: list[Executed] = []

    def note(
        connection: Connection,
        cursor: Any,
        statement: str,
        parameters: Any,
        context: Any,
        _is_many: bool,  # noqa: FBT001 (SQLAlchemy calls it so)
    ) -> None:
        if context.execution_options.keys() & REPEATED.keys() or statement.startswith(SAVEPOINTS):
            return
        found = None if cursor.description is None else found_by(connection, statement, parameters)
        if found is not None and statement.startswith(WRITING):
            raise TypeError(f"this writes and reads: {statement}")
        executed.append(Executed(statement, parameters, found))

    event.listen(connection, "after_cursor_execute", note)
    try:
        yield executed
    finally:
        event.remove(connection, "after_cursor_execute", note)


def repeat(connection: Connection, executed: Sequence[Executed]) -> None:
    """Write again what was written, in the state in which it was: nothing has to be read."""
    for each in executed:
        if each.found is None:
            connection.exec_driver_sql(each.statement, each.parameters, execution_options=REPEATED)


def repeat_alike(connection: Connection, executed: Sequence[Executed]) -> None:
    """The same in another state: what was read is read again, in its turn.

    Raises Differs where something else is found, or a constraint forbids something.
    """
    for each in executed:
        if each.found is None:
            try:
                connection.exec_driver_sql(each.statement, each.parameters, execution_options=REPEATED)
            except IntegrityError as error:
                raise Differs from error
        elif found_by(connection, each.statement, each.parameters) != each.found:
            raise Differs


def found_by(connection: Connection, statement: str, parameters: Any) -> bytes:
    """A digest of what a statement finds."""
    found = connection.exec_driver_sql(statement, parameters, execution_options=REPEATED)
    rows = [tuple(row) for row in found]
    return hashlib.blake2b(repr(rows).encode(), digest_size=16).digest()
