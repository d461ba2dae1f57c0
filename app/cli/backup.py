"""Write the whole register into one file, while it runs, to be restored by `register restore`.

The file is an SQLite database, whichever database the register is in. All that the register stores goes along: resources,
their history, the log, the hashes of keys, webhook endpoints. The key of the log, REGISTER_WEBHOOK_KEY and other settings are
not in the database: keep them elsewhere. In a folder the file is named by the time.
"""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

import app.main  # noqa: F401 (every table is known then)
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out, is_outdated, migrated, opened
from app.database.errors import described
from app.interchange.backups import (
    BadBackup,
    check_backup,
    copy_file,
    copy_tables,
    put_in_place,
    settings_of,
    settle,
)
from app.settings import Settings
from app.upkeep import note_backup

cli = typer.Typer(add_completion=False)

SECONDS = 24 * 60 * 60
"""How long a backup of a PostgreSQL may take at most: it holds one state, beside which others write on."""


@cli.command(help=__doc__)
def backup(target: Annotated[Path, typer.Argument(help="A new file, or a folder that is there.")]) -> None:
    now = datetime.now(UTC)
    file = target / f"register-{now:%Y%m%dT%H%M%SZ}.db" if target.is_dir() else target
    carry_out(back_up(read_settings(), file))
    typer.echo(f"The register is in {file}, for its owner's eyes only.")


async def back_up(settings: Settings, file: Path) -> None:
    """Write one state of the register into a new file, look whether it is whole, and note that it was done."""
    try:
        with put_in_place(file) as half:
            if settings.database_file is not None:
                copy_file(settings.database_file, half)
            else:
                async with migrated(settings) as database, database.snapshot(SECONDS) as snapshot:
                    await copy_tables(snapshot, settings_of(settings, half))
                settle(half)
            check_backup(half)
    except sqlite3.Error as error:
        raise Failed(described(error)) from None
    except BadBackup as bad:
        raise Failed(str(bad)) from None
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}") from None
    async with opened(settings) as database:
        # Before an update, the new version backs up what it did not migrate yet.
        if not await is_outdated(database):
            await note_backup(database)
