"""Writes to an SQLite file for which others wait longer than usual, in whichever process they are.

Who writes so holds a lock of the system's on the file of SQLite's log, which SQLite itself locks elsewhere: it is gone with the
process, however that ends, and leaves nothing behind.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

MORE_SECONDS = 60.0


@contextmanager
def written_long(path: str) -> Iterator[None]:
    """Let whoever comes to write to a file meanwhile wait longer; somebody has it open already."""
    log = os.open(log_of(path), os.O_RDONLY)
    try:
        fcntl.flock(log, fcntl.LOCK_SH)
        yield
    finally:
        os.close(log)


def more_seconds(path: str) -> float:
    """How many seconds longer than usual to wait for whoever writes to a file now."""
    try:
        log = os.open(log_of(path), os.O_RDONLY)
    except FileNotFoundError:
        return 0.0
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return MORE_SECONDS
    finally:
        os.close(log)
    return 0.0


def log_of(path: str) -> str:
    """The file of SQLite's log."""
    return f"{path}-wal"
