"""How long a statement may take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

STATEMENT_SECONDS = 10.0
STEPS = 20_000
"""How many steps SQLite does between two looks at the clock: less than a millisecond."""
INTERRUPTED = "SQLITE_INTERRUPT"


@contextmanager
def deadline(connection: Connection, seconds: float) -> Iterator[None]:
    """Have SQLite stop what takes longer, as PostgreSQL does by itself: it then fails with SQLITE_INTERRUPT."""
    if connection.dialect.name == "postgresql":
        yield
        return
    until = time.monotonic() + seconds
    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, STEPS)
