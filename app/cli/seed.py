"""Load an agreement with its partners, topics, goals and sub-measures.

It can be repeated: only what is missing is added. What partners changed since is kept as they left it, what they
deleted stays deleted; the output says how many of each.
"""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from app.access.caller import COMMAND
from app.changes.log import transaction
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out, migrated
from app.seed.document import read_file
from app.seed.parts import AgreementFile
from app.seed.plain_yaml import BadFile
from app.seed.service import Loaded, load
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def seed(
    file: Annotated[
        Path | None, typer.Argument(help="YAML file of an agreement; default: the built-in one of Dresden.")
    ] = None,
) -> None:
    loaded = carry_out(load_content(read_settings(), read_agreement(file)))
    typer.echo(
        f"{len(loaded.added)} added, {len(loaded.unchanged)} unchanged, {len(loaded.kept)} kept as partners changed them, "
        f"{len(loaded.deleted)} deleted by partners and not added again."
    )
    for name in loaded.kept:
        typer.echo(f"kept: {name}")
    for name in loaded.deleted:
        typer.echo(f"not added again: {name}")


def read_agreement(file: Path | None) -> AgreementFile:
    """The agreement in a file, or the built-in one."""
    try:
        if file:
            return read_file(file)
        with as_file(files("app") / "data/agreement.yaml") as built_in:
            return read_file(built_in)
    except BadFile as error:
        raise Failed(str(error)) from None


async def load_content(settings: Settings, content: AgreementFile) -> Loaded:
    """Load an agreement in one transaction."""
    async with migrated(settings) as database, transaction(database, COMMAND, settings.zone) as session:
        return await load(session, content)
