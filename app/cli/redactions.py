"""Take along what was redacted, and redact it again after a restore: a backup from before still has the words."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

import app.catalogue  # noqa: F401 (every kind is known then)
from app.access.caller import COMMAND
from app.changes.blanking import overwrite
from app.changes.log import transaction
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out, migrated
from app.database.engines import Database
from app.redactions import service
from app.settings import Settings

FORMAT = "cooperation-register redactions 1"
STILL_READ = (
    "erased words are still in the database's write-ahead log, because somebody reads an earlier state: run "
    "`register redactions overwrite` when nobody does"
)

cli = typer.Typer(name="redactions", help=__doc__, no_args_is_help=True, add_completion=False)


@cli.command("export")
def export_redactions(file: Annotated[Path, typer.Argument(help="Where to write them.")]) -> None:
    """Write all redactions into a file, without what was erased; keep it apart from the backups."""
    made = carry_out(read_all(read_settings()))
    text = "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in [{"format": FORMAT}, *made])
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise Failed(f"{file}: {error.strerror}") from None
    typer.echo(f"{len(made)} redactions are in {file}.")


@cli.command("apply")
def apply_redactions(file: Annotated[Path, typer.Argument(help="File that `export` wrote.")]) -> None:
    """Redact again what is in a file; what is redacted already stays so."""
    made = read_file(file)
    blanked = carry_out(apply_all(read_settings(), made))
    typer.echo(f"{blanked} entries redacted by {len(made)} redactions.")


@cli.command("overwrite")
def overwrite_erased() -> None:
    """Write the files of an SQLite database anew, so that nothing that was erased is left in them."""
    carry_out(overwrite_in(read_settings()))


async def read_all(settings: Settings) -> list[dict[str, Any]]:
    """All redactions of a register."""
    async with migrated(settings) as database, transaction(database, COMMAND, settings.zone) as session:
        return await service.everything(session)


async def apply_all(settings: Settings, made: list[dict[str, Any]]) -> int:
    """Make redactions again, all or none; returns how many entries there were to blank."""
    async with migrated(settings) as database:
        async with transaction(database, COMMAND, settings.zone) as session:
            try:
                blanked = sum([await service.repeat(session, each) for each in made])
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise Failed(f"the file is not as it was written: {type(error).__name__} {error}") from None
        await overwritten(database)
        return blanked


async def overwrite_in(settings: Settings) -> None:
    """Overwrite what was erased in a register."""
    async with migrated(settings) as database:
        await overwritten(database)


async def overwritten(database: Database) -> None:
    """Overwrite what was erased; raises Failed where that cannot be."""
    if not await overwrite(database):
        raise Failed(STILL_READ)


def read_file(file: Path) -> list[dict[str, Any]]:
    """The redactions in a file."""
    try:
        head, *made = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise Failed(f"{file} cannot be read: {error}") from None
    if head != {"format": FORMAT}:
        raise Failed(f"{file} holds no redactions")
    return made
