"""What commands have in common: the database, and failures in one line."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from app.city_zone import REMEDY, difference, kept_zone
from app.cli.failed import Failed
from app.database.engines import Database
from app.database.errors import DATABASE_ERRORS, described
from app.database.revisions import current_revision, newest_revision, remedy_for
from app.http.problems import Problem
from app.runtime import Runtime
from app.schema.fields import city_timezone
from app.settings import Settings

Result = TypeVar("Result")


def carry_out(work: Coroutine[Any, Any, Result]) -> Result:
    """What a command does, to its end; raises Failed for a problem and for whatever a database says."""
    try:
        return asyncio.run(work)
    except Problem as problem:
        raise Failed(in_words(problem)) from None
    except DATABASE_ERRORS as error:
        raise Failed(described(error)) from None


def in_words(problem: Problem) -> str:
    """A problem in one line."""
    return problem.detail.en + "".join(f" {error.name}: {error.detail.en}" for error in problem.errors)


async def is_outdated(database: Database) -> bool:
    """Whether the database is not at the newest schema."""
    return await database.read(current_revision) != newest_revision()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database for one command, at whatever schema."""
    city_timezone.set(settings.timezone)
    runtime = Runtime.of(settings)
    try:
        yield runtime.database
    finally:
        await runtime.close()


@asynccontextmanager
async def migrated(settings: Settings) -> AsyncIterator[Database]:
    """The database for one command, which must be at the newest schema and count days as the settings say."""
    async with opened(settings) as database:
        revision = await database.read(current_revision)
        if revision != newest_revision():
            raise Failed(f"the database's schema is not that of this version: {remedy_for(revision)}")
        found = difference(await database.read(kept_zone), settings.timezone)
        if found is not None:
            raise Failed(f"{found}: {REMEDY}")
        yield database
