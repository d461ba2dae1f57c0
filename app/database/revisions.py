"""Which schema a database has, and which one this version needs; what brings it there is in `migrating`."""

from functools import cache
from importlib.resources import files

from sqlalchemy import Connection, column, inspect, select, table
from sqlalchemy.exc import DBAPIError

VERSION = table("alembic_version", column("version_num"))


@cache
def newest_revision() -> str:
    """The revision that this version of the service needs: the one of the last file, as they are numbered."""
    names = sorted(file.name for file in files("migrations").joinpath("versions").iterdir())
    return [name.partition("_")[0] for name in names if name.endswith(".py")][-1]


def is_newer(revision: str | None) -> bool:
    """Whether a revision is one that only a later version knows."""
    return revision is not None and revision > newest_revision()


def remedy_for(revision: str | None) -> str:
    """What to do about a database that is at another revision than this version."""
    if is_newer(revision):
        return "a newer version migrated it: use that one, or a later one"
    return "run `register migrate`"


def current_revision(connection: Connection) -> str | None:
    """The revision that a database is at; None when it is empty."""
    try:
        return connection.execute(select(VERSION.c.version_num)).scalar_one_or_none()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        # Whether the table is there is asked only when it seems not to be: it takes many times as long as reading it.
        if inspect(connection).has_table(VERSION.name):
            raise
        return None
