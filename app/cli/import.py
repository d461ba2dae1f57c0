"""Make an empty database the register that is in a folder.

The folder is what `register export` wrote with this version. Everything comes back as it was: resources, versions, ids,
the change log. All of it is verified, and nothing is written where anything is wrong. No key works any more: each is
replaced by `register keys rotate`.
"""

from pathlib import Path
from typing import Annotated

import typer

import app.main  # noqa: F401 (every table is known then)
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out, migrated
from app.interchange.register import BadFolder, read_register
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def import_register(folder: Annotated[Path, typer.Argument(help="Where the export is.")]) -> None:
    position = carry_out(import_from(read_settings(), folder))
    typer.echo(f"The register is as it was at change {position}, and verified.")


async def import_from(settings: Settings, folder: Path) -> int:
    """Write what is in a folder into an empty register, in one transaction."""
    try:
        async with migrated(settings) as database, database.transaction() as session:
            return await read_register(session, folder)
    except BadFolder as bad:
        raise Failed(str(bad)) from None
