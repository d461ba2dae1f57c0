"""Bring the database to the newest schema; nothing is changed when it is there already."""

import typer
from alembic.util import CommandError
from sqlalchemy.ext.asyncio import AsyncConnection

from app import migrating
from app.access.caller import COMMAND
from app.catalogue import FEATURES
from app.changes.log import joining
from app.city_zone import OtherZone
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out
from app.database.revisions import newest_revision
from app.resources.renewing import renew
from app.runtime import Runtime
from app.schema.fields import city_timezone
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def migrate() -> None:
    settings = read_settings()
    rendered = carry_out(migrate_and_render(settings))
    typer.echo(
        f"The database is at revision {newest_revision()}; {rendered} representations were renewed. "
        f"It is {settings.shown_database}."
    )


async def migrate_and_render(settings: Settings) -> int:
    """Migrate, and renew what this version stores otherwise; return how many representations that were."""
    city_timezone.set(settings.timezone)
    runtime = Runtime.of(settings)

    async def render(connection: AsyncConnection) -> int:
        async with joining(connection, runtime.database, COMMAND, settings.zone) as session:
            return sum([await renew(session, feature.kind) for feature in FEATURES])

    try:
        return await migrating.upgrade(settings, then=render)
    except (migrating.AnotherProgram, migrating.BrokenReferences, OtherZone) as error:
        raise Failed(str(error)) from None
    except CommandError as error:
        told = f"use the version that migrated it, or a later one ({error})"
        raise Failed(f"the schema of the database is none that this version knows: {told}") from None
    finally:
        await runtime.close()
