"""Check the record; exit with 1 when anything is wrong, and say what.

The change log must be complete and hashed as it says, and everything that the tables hold must be what it says, and
nothing else. It is read in one state, while others write; nobody waits for it.
"""

import typer

from app.catalogue import FEATURES
from app.cli.configuration import read_settings
from app.cli.running import carry_out, migrated
from app.resources.verifying import Replay, walks
from app.settings import Settings

cli = typer.Typer(add_completion=False)

SECONDS = 6 * 3600.0


@cli.command(help=__doc__)
def verify() -> None:
    checked, faults = carry_out(verify_all(read_settings()))
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{checked} representations and the change log checked, {len(faults)} faults.")
    raise typer.Exit(1 if faults else 0)


async def verify_all(settings: Settings) -> tuple[int, list[str]]:
    """How many resources there are, and what is wrong with them or with the change log."""
    found: list[str] = []
    replay = Replay()
    async with migrated(settings) as database, database.snapshot(SECONDS) as snapshot:
        for walk in walks([feature.kind for feature in FEATURES], replay):
            while (faults := await snapshot.read(walk.step)) is not None:
                found += faults
    return replay.checked, found
