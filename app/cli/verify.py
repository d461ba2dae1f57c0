"""Check the record; exit with 1 when anything is wrong, and say what.

The change log must be complete and hashed as it says, and everything that the tables hold must be what it says, and
nothing else. It is read in one state, while others write; nobody waits for it.
"""

from typing import NamedTuple

import typer

from app.catalogue import FEATURES
from app.changes.feed import head_of
from app.cli.configuration import read_settings
from app.cli.running import carry_out, migrated
from app.database.engines import Database
from app.database.errors import DATABASE_ERRORS, described
from app.resources.verifying import LogReplay, walks
from app.settings import Settings
from app.upkeep import note_verification

cli = typer.Typer(add_completion=False)

SECONDS = 6 * 3600.0


@cli.command(help=__doc__)
def verify() -> None:
    found = carry_out(verify_and_note(read_settings()))
    for fault in found.faults:
        typer.echo(fault)
    typer.echo(f"{found.told}.")
    raise typer.Exit(1 if found.faults else 0)


class Verified(NamedTuple):
    """How many resources there are, what is wrong with them or with the log, up to where, and how many entries are redacted."""

    checked: int
    faults: list[str]
    position: int
    redacted: int

    @property
    def told(self) -> str:
        """What was looked through and found, in one line."""
        redacted = f", {self.redacted} entries redacted" if self.redacted else ""
        return f"{self.checked} representations and the change log checked{redacted}, {len(self.faults)} faults"


async def verify_and_note(settings: Settings) -> Verified:
    """Check the record, and note that it was done; a standby cannot note it, and is verified all the same."""
    async with migrated(settings) as database:
        found = await verified(database)
        try:
            await note_verification(database, found.position, len(found.faults))
        except DATABASE_ERRORS as error:
            typer.echo(f"register: that it was verified is not noted: {described(error)}", err=True)
        return found


async def verified(database: Database) -> Verified:
    """What is found in one state of a database."""
    faults: list[str] = []
    replay = LogReplay()
    async with database.snapshot(SECONDS) as snapshot:
        position = (await snapshot.read(head_of)).position
        for walk in walks([feature.kind for feature in FEATURES], replay):
            while (found := await snapshot.read(walk.step)) is not None:
                faults += found
    return Verified(replay.checked, faults, position, replay.redacted)
