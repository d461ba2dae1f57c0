"""Say what an operator should mend: about settings, secrets, disks, clocks, the database, keys, and what was left undone.

Each line says what to do. `mend` is what can lose data or tell what it must not, `look` is what may be meant so. Exit code 1:
something is to be mended; 0: nothing is. Nothing is changed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import typer
from sqlalchemy import Connection

from app.city_zone import REMEDY, difference, kept_zone
from app.cli.configuration import read_settings
from app.cli.running import carry_out, opened
from app.database.errors import DATABASE_ERRORS, described
from app.database.revisions import current_revision, newest_revision, remedy_for
from app.doctor.advice import Advice, mend
from app.doctor.house import in_house
from app.doctor.record import on_record
from app.doctor.server import of_server, of_standby
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def doctor() -> None:
    found = carry_out(examine(read_settings()))
    for advice in found:
        typer.echo(advice)
    count = sum(advice.must for advice in found)
    typer.echo(f"{count} to mend, {len(found) - count} to look at.")
    raise typer.Exit(1 if count else 0)


async def examine(settings: Settings) -> list[Advice]:
    """All that is found, what must be mended first."""
    found = list(in_house(settings))
    file = settings.database_file
    if file is not None and not file.exists():
        # To ask for it would make it.
        found.append(mend(f"there is no {file}", "`register migrate` makes it, `register restore` brings it back"))
    else:
        try:
            async with opened(settings) as database:
                found += await database.read(lambda connection: list(in_database(connection, settings)))
                if database.standby is not None:
                    await database.standby.check()
                    found += of_standby(database.standby)
        except DATABASE_ERRORS as error:
            found.append(mend(described(error), "see what REGISTER_DATABASE_URL says, and the database's own log"))
    return sorted(found, key=lambda advice: not advice.must)


def in_database(connection: Connection, settings: Settings) -> Iterator[Advice]:
    """What a database says, as far as it can be asked."""
    now = datetime.now(UTC)
    if settings.database_file is None:
        yield from of_server(connection, settings, now)
    revision = current_revision(connection)
    if revision == newest_revision():
        if found := difference(kept_zone(connection), settings.timezone):
            yield mend(found, REMEDY)
        yield from on_record(connection, settings, now)
    else:
        yield mend(f"the schema is at {revision}, this version's is {newest_revision()}", remedy_for(revision))
