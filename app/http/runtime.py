"""What routes ask of the running register."""

from contextlib import suppress
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.city_zone import difference, kept_zone
from app.database.engines import Database
from app.database.revisions import current_revision, is_newer, newest_revision
from app.http.failures import left_to_operator
from app.language import Text
from app.runtime import Runtime

OUTDATED = Text(
    "Das Schema der Datenbank ist nicht das dieser Version: bitte `register migrate` ausführen.",
    "The database's schema is not that of this version: run `register migrate`.",
)
NEWER = Text(
    "Eine neuere Version hat die Datenbank migriert: bitte jene verwenden oder eine spätere.",
    "A newer version migrated the database: use that one, or a later one.",
)
OTHER_ZONE = Text(
    "REGISTER_TIMEZONE ist {setting}, aber dieses Register zählt seine Tage in {zone}: bitte so einstellen.",
    "REGISTER_TIMEZONE is {setting}, but this register counts its days in {zone}: set it to that.",
)


async def runtime_of(request: Request) -> Runtime:
    """All that the app has at hand."""
    runtime: Runtime = request.app.state.runtime
    return runtime


Running = Annotated[Runtime, Depends(runtime_of)]


async def database_of(runtime: Running) -> Database:
    """The database, for routes that read."""
    return runtime.database


async def check_schema_once(runtime: Runtime) -> None:
    """Raise Unavailable while the database's schema was never seen to be that of this version."""
    if not runtime.has_schema:
        # What does not answer is told by whatever asks it next.
        with suppress(DBAPIError, PoolTimeout, OSError):
            await check_schema(runtime)


async def check_schema(runtime: Runtime) -> None:
    """Raise Unavailable where the database's schema is not that of this version, or its days are counted otherwise."""
    revision = await runtime.database.read(current_revision, is_quick=True)
    if revision != newest_revision():
        raise left_to_operator(NEWER if is_newer(revision) else OUTDATED)
    kept = await runtime.database.read(kept_zone, is_quick=True)
    if difference(kept, runtime.settings.timezone):
        raise left_to_operator(OTHER_ZONE.format(zone=kept, setting=runtime.settings.timezone))
    runtime.has_schema = True


async def today_of(runtime: Running) -> date:
    """The day that it is in the installation's time zone."""
    return runtime.today


Reading = Annotated[Database, Depends(database_of)]
Today = Annotated[date, Depends(today_of)]
