"""What a PostgreSQL says of itself."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from app.database.standbys import Standby
from app.doctor.advice import Advice, look, mend
from app.doctor.record import TICK
from app.settings import Settings

ASKED = text(
    "SELECT current_user AS role, current_setting('is_superuser') = 'on' AS is_superuser, clock_timestamp() AS now,"
    " current_setting('server_version_num')::int / 10000 AS version, current_setting('server_encoding') AS encoding,"
    " current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,"
    " current_setting('synchronous_commit') AS synchronous_commit,"
    " pg_has_role(current_user, 'pg_monitor', 'USAGE') AS sees_standbys,"
    " current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections"
)
OLDEST = 15
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


def of_server(connection: Connection, settings: Settings, now: datetime) -> Iterator[Advice]:
    """What is to be mended about the server, as the register's own user sees it."""
    said = connection.execute(ASKED).one()
    if said.is_superuser:
        yield mend(f"the register's user {said.role} is a superuser", "make the database another user's")
    if said.version < OLDEST:
        yield mend(f"PostgreSQL {said.version} is too old", f"update it to {OLDEST} at least")
    if said.encoding != "UTF8":
        yield mend(f"the database keeps text as {said.encoding}", "restore into one with the encoding UTF8")
    for name in DURABLE:
        if getattr(said, name) == "off":
            yield mend(f"PostgreSQL has {name} = off: what was acknowledged can be lost", f"set {name} = on")
    if (apart := abs(said.now - now)) > TICK:
        yield mend(f"the clocks of here and the database are {apart.total_seconds():.0f} s apart", "set both by NTP")
    if settings.standby is not None and not said.sees_standbys:
        yield look("how far standbys are behind is not shown", f"GRANT pg_monitor TO {said.role}")
    yield from about_connections(said, settings)


def of_standby(standby: Standby) -> Iterator[Advice]:
    """Whether a standby that was looked at is read."""
    if standby.why_not is not None:
        yield look(f"the standby is not read: {standby.why_not}", "see what REGISTER_DATABASE_READ_URL says")


def about_connections(said: Row[Any], settings: Settings) -> Iterator[Advice]:
    """Whether PostgreSQL lets the processes in."""
    needed = 2 * settings.database_pool_size
    told = f"one process takes up to {needed} connections, PostgreSQL has {said.connections}"
    if needed > said.connections:
        yield mend(told, "lower REGISTER_DATABASE_POOL_SIZE, or raise max_connections")
    elif 2 * needed > said.connections:
        yield look(f"{told}: no room for a second one", "raise max_connections before there is one")
