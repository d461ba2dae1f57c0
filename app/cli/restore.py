"""Make the register that `register backup` wrote into a file the register of this database; exit with 1 when it has faults.

On SQLite there must be no file yet; a PostgreSQL must be empty, with or without tables. A backup of an earlier version is
brought to this one. All is there at the end, or nothing; and then it is verified. Keys work as they did.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

import app.main  # noqa: F401 (every table is known then)
from app import migrating
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.migrate import migrate_and_render
from app.cli.running import carry_out, migrated, opened
from app.cli.verify import Verified, verify_and_note
from app.database.revisions import current_revision, newest_revision
from app.interchange.backups import (
    BadBackup,
    check_backup,
    check_free,
    check_zone,
    fill_register,
    put_in_place,
    settings_of,
    settle,
)
from app.interchange.register import BadFolder
from app.settings import Settings

cli = typer.Typer(add_completion=False)

SECONDS = 24 * 60 * 60


@cli.command(help=__doc__)
def restore(file: Annotated[Path, typer.Argument(help="What `register backup` wrote.")]) -> None:
    found = carry_out(restore_and_verify(read_settings(), file))
    for fault in found.faults:
        typer.echo(fault)
    typer.echo(f"The register is restored; {found.told}.")
    raise typer.Exit(1 if found.faults else 0)


async def restore_and_verify(settings: Settings, file: Path) -> Verified:
    """Put what is in a backup, as this version has it, where the settings say; return what verifying it found.

    Raises Failed for what cannot be restored, or not here; then nothing is there.
    """
    try:
        is_earlier = check_backup(file) != newest_revision()
        if settings.database_file is None:
            with TemporaryDirectory() as folder:
                half = Path(folder) / "register.db"
                await prepare(settings, file, half, is_earlier=is_earlier)
                await restore_tables(settings, half)
        else:
            check_free(settings.database_file)
            with put_in_place(settings.database_file) as half:
                await prepare(settings, file, half, is_earlier=is_earlier)
    except (BadBackup, BadFolder) as bad:
        raise Failed(str(bad)) from None
    except OSError as error:
        raise Failed(f"{error.filename or file}: {error.strerror}") from None
    return await verify_and_note(settings)


async def prepare(settings: Settings, file: Path, half: Path, *, is_earlier: bool) -> None:
    """Copy a backup, and bring the copy to this version: the backup stays what it is.

    One of this version stays what it is, too: what was written past the log is found then, and not rendered anew.
    """
    shutil.copyfile(file, half)
    if is_earlier:
        await migrate_and_render(settings_of(settings, half))
        settle(half)
    check_zone(half, settings.timezone)


async def restore_tables(settings: Settings, half: Path) -> None:
    """Write what is in an SQLite file into an empty PostgreSQL, in one transaction."""
    async with opened(settings) as database:
        has_tables = await database.read(current_revision) is not None
    if not has_tables:
        await migrating.upgrade(settings)
    async with (
        migrated(settings_of(settings, half)) as copy,
        copy.snapshot(SECONDS) as snapshot,
        migrated(settings) as database,
        database.transaction() as session,
    ):
        await fill_register(snapshot, session)
