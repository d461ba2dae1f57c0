"""Make an empty database the register that is in a folder, or write what another system exported into a file.

The folder is what `register export` wrote with this version. Everything comes back as it was: resources, versions, ids,
the change log. All of it is verified, and nothing is written where anything is wrong. No key works any more: each is
replaced by `register keys rotate`. Nor does any secret address of a calendar: partners make new ones.

A file is JSON Lines or CSV, of which all lines are written or none. Each has the fields of a PUT under the id of another
system, and names that id first in external_ids. What is wrong is said with its line.
"""

from pathlib import Path
from typing import Annotated

import typer

import app.main  # noqa: F401 (every table is known then)
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.import_file import import_file
from app.cli.running import carry_out, migrated
from app.interchange.register import BadFolder, read_register
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def import_from_elsewhere(
    source: Annotated[Path, typer.Argument(help="Folder of an export, or file: .jsonl, .ndjson or .csv.")],
    resource: Annotated[str | None, typer.Option(help="Of a file: what each line is, as in its address.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try a file only.")] = False,  # noqa: FBT002 (a flag of the command)
) -> None:
    if resource is not None:
        carry_out(import_file(read_settings(), source, resource, is_dry=dry_run))
        return
    if dry_run or source.is_file():
        raise Failed("say with --resource what each line of the file is")
    position = carry_out(import_from(read_settings(), source))
    typer.echo(f"The register is as it was at change {position}, and verified.")


async def import_from(settings: Settings, folder: Path) -> int:
    """Write what is in a folder into an empty register, in one transaction."""
    try:
        async with migrated(settings) as database:
            with database.written_long():
                async with database.transaction() as session:
                    return await read_register(session, folder, settings.timezone)
    except BadFolder as bad:
        raise Failed(str(bad)) from None
