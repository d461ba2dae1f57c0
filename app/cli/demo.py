"""Load an invented year of cooperation over Dresden's agreement, for trying things out.

Events, decisions, needs, indicators and reports from September 2024 to August 2025: nothing of it happened, and
every entry says [Demo]. It belongs into an installation of its own, never into a record that is in use: no
command takes it out again. It needs the agreement (`register seed`), eleven of whose sub-measures get dates and
partners; where somebody has worked on them already, it is refused. Repeated, it changes nothing.
"""

from importlib.resources import as_file, files

import typer

import app.catalogue  # noqa: F401 (entries refer to kinds of which none is made here)
from app.access.caller import COMMAND
from app.changes.log import transaction
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out, migrated
from app.demo import service as demo_year
from app.demo.document import DemoFile, read_demo
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def demo() -> None:
    loaded = carry_out(load_demo(read_settings(), built_in_demo()))
    if loaded is None:
        typer.echo("The demo year is in this register already; nothing was changed.")
        return
    typer.echo(f"Loaded: {', '.join(f'{count} {kind}' for kind, count in loaded.items())}.")
    typer.echo("All of it is invented and marked [Demo]; none of it is a record of what anybody did or said.")


def built_in_demo() -> DemoFile:
    """The invented year."""
    with as_file(files("app") / "data/demo.yaml") as built_in:
        return read_demo(built_in)


async def load_demo(settings: Settings, content: DemoFile) -> demo_year.Counts | None:
    """Load the invented year in one transaction; None when it is there already."""
    try:
        async with migrated(settings) as database, transaction(database, COMMAND, settings.zone) as session:
            return await demo_year.load(session, content)
    except demo_year.Refused as refused:
        raise Failed(str(refused)) from None
