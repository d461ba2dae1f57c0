"""Listening to what engines do, for as long as a test wants it: an app that tests come back to is listened to by nobody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from app.database.engines import Database


@contextmanager
def listening(engine: Engine, name: str, listener: Callable[..., Any]) -> Iterator[None]:
    """Tell what happens in the block."""
    event.listen(engine, name, listener)
    try:
        yield
    finally:
        event.remove(engine, name, listener)


def listeners(database: Database) -> int:
    """How many listen to the engines of a database."""
    engines = (database.reader, database.writer.sync_engine)
    told: list[Any] = [each.dispatch for engine in engines for each in (engine, engine.pool)]
    return sum(len(list(each)) for events in told for each in events._event_descriptors)  # noqa: SLF001 (SQLAlchemy says it nowhere else)
