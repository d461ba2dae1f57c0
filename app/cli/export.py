"""Write the whole register into a folder, for another database or another house.

Everything goes along as JSON Lines: resources, their history, the change log, and what is public of keys. Secrets stay
behind, and so do the hashes of keys and of calendars' secret addresses. `register import` makes the same register of it.
"""

from pathlib import Path
from typing import Annotated

import typer

import app.main  # noqa: F401 (every table is known then)
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out, migrated
from app.interchange.register import write_register
from app.settings import Settings

cli = typer.Typer(add_completion=False)

SECONDS = 24 * 60 * 60
"""How long an export may take at most: it holds one state of the database, beside which others write on."""


@cli.command(help=__doc__)
def export(folder: Annotated[Path, typer.Argument(help="Where to write it; a new folder, or an empty one.")]) -> None:
    position = carry_out(export_to(read_settings(), folder))
    typer.echo(f"The register as of change {position} is in {folder}, for its owner's eyes only.")


async def export_to(settings: Settings, folder: Path) -> int:
    """Write one state of the register into a folder."""
    try:
        async with migrated(settings) as database:
            prepare(folder)
            async with database.snapshot(SECONDS) as snapshot:
                return await write_register(snapshot, folder)
    except OSError as error:
        raise Failed(f"{folder}: {error.strerror}") from None


def prepare(folder: Path) -> None:
    """Make the folder; raises Failed where there is something in it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if any(folder.iterdir()):
        raise Failed(f"{folder} is not empty")
