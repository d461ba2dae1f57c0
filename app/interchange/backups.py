"""A backup: the whole register in one SQLite file, from whichever database it is in, to be restored into either."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import NullPool, create_engine, delete, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from app import migrating
from app.city_zone import difference
from app.database.engines import DISCREET
from app.database.revisions import is_newer, newest_revision, remedy_for
from app.database.snapshot import Snapshot
from app.interchange.register import Filling, batches, check_empty
from app.settings import Settings

BESIDE = ("-wal", "-shm", "-journal")
"""How files are named that SQLite has beside a database: together they are one."""
WRITE_VERSION = 18
WAL = 2
"""Where the head of an SQLite file says that its newest writes may be in another file, and how."""


class BadBackup(Exception):
    """A file that cannot be restored, or a place where nothing can be; the message says why."""


@contextmanager
def put_in_place(file: Path) -> Iterator[Path]:
    """A new file for its owner's eyes only, which has its name once it is complete and on the disk; raises OSError."""
    if file.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file))
    with TemporaryDirectory(prefix=".half-", dir=file.parent) as folder:
        half = Path(folder) / file.name
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield half
        make_durable(half)
        # Unlike a rename, it never replaces what has come to be there meanwhile.
        os.link(half, file)
        make_durable(file.parent)


def make_durable(path: Path) -> None:
    """Have a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settings_of(settings: Settings, file: Path) -> Settings:
    """The same settings, with the register in an SQLite file."""
    return settings.model_copy(update={"database_url": f"sqlite:///{file.absolute()}"})


def read_only(file: Path) -> sqlite3.Connection:
    """A connection that leaves a file as it is, and makes none."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def copy_file(source: Path, half: Path) -> None:
    """Write one state of an SQLite register into an empty file, while others write.

    What was deleted or erased stays in the free pages of a file; here only what is there goes along. Raises sqlite3.Error,
    and BadBackup for one of a newer version.
    """
    with closing(read_only(source)) as connection:
        revision = revision_of(connection)
        if is_newer(revision):
            raise BadBackup(f"the database's schema is not that of this version: {remedy_for(revision)}")
        connection.execute("VACUUM INTO ?", (str(half),))


async def copy_tables(snapshot: Snapshot, there: Settings) -> None:
    """Write every table of one state of a register into an empty SQLite file."""
    await migrating.upgrade(there)
    engine = create_engine(there.database.set(drivername="sqlite+pysqlite"), poolclass=NullPool, **DISCREET)
    with engine.begin() as connection:
        for table in SQLModel.metadata.sorted_tables:
            connection.execute(delete(table))
            async for rows in batches(snapshot, table, table.c):
                connection.execute(insert(table), rows)


def settle(half: Path) -> None:
    """Have all of a database in one file."""
    with closing(sqlite3.connect(half)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def check_backup(file: Path) -> str:
    """The revision of a backup; raises BadBackup for what is none, or not whole, or of a newer version, or OSError."""
    with file.open("rb") as opened:
        head = opened.read(WRITE_VERSION + 1)
    if head[WRITE_VERSION:] == bytes([WAL]):
        raise BadBackup(
            f"{file.name} is a copy of a register's own file, whose newest writes are in another: not a backup"
        )
    try:
        with closing(read_only(file)) as connection:
            revision = revision_of(connection)
            (said, *_), *_ = connection.execute("PRAGMA integrity_check(1)").fetchall()
            if said != "ok":
                raise sqlite3.DatabaseError(str(said).splitlines()[-1])
    except sqlite3.Error as error:
        raise BadBackup(f"{file.name} is no backup, or not a whole one: {error}") from None
    if is_newer(revision):
        raise BadBackup(
            f"{file.name} was made at revision {revision} and this version is at {newest_revision()}: "
            "restore it with the version that it was made with, or a newer one"
        )
    return revision


def check_zone(file: Path, timezone: str) -> None:
    """Refuse a backup of this version whose days are counted in another time zone; raises BadBackup."""
    with closing(read_only(file)) as connection:
        ((kept,),) = connection.execute("SELECT timezone FROM feed").fetchall()
    if found := difference(kept, timezone):
        raise BadBackup(f"{found}: set it to that")


def revision_of(connection: sqlite3.Connection) -> str:
    """The revision of the register in an SQLite file; raises sqlite3.Error where there is none."""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise sqlite3.DatabaseError("it has no schema")
    return str(row[0])


def check_free(file: Path) -> None:
    """Refuse to make a mixture of two registers; raises BadBackup."""
    for path in (file, *(file.with_name(f"{file.name}{end}") for end in BESIDE)):
        if path.exists():
            raise BadBackup(f"{path} is there: stop the register, and move its files away together")


async def fill_register(snapshot: Snapshot, session: AsyncSession) -> None:
    """Write every table of a backup into an empty register; raises BadFolder where it is not empty."""
    await check_empty(session)
    for table in SQLModel.metadata.sorted_tables:
        await session.execute(delete(table))
        filling = Filling(session, table)
        async for rows in batches(snapshot, table, table.c):
            await filling.add(rows)
        await filling.end()
