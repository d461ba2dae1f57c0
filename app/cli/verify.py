"""Check the record; exit with 1 when anything is wrong, and say what.

Every stored representation must be what the tables give, and the change log must be complete, hashed as it
says and in agreement with the resources: so nobody can rewrite it unnoticed.
"""

import typer

from app.catalogue import FEATURES
from app.changes.verifying import faults as faults_of_log
from app.cli.configuration import read_settings
from app.cli.running import carry_out, migrated
from app.resources.verifying import compared
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def verify() -> None:
    checked, faults = carry_out(verify_all(read_settings()))
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{checked} representations and the change log checked, {len(faults)} faults.")
    raise typer.Exit(1 if faults else 0)


async def verify_all(settings: Settings) -> tuple[int, list[str]]:
    """How many resources there are, and what is wrong with them or with the change log."""
    checked, found = 0, []
    async with migrated(settings) as database, database.transaction() as session:
        for kind in (feature.kind for feature in FEATURES):
            async for each in compared(session, kind):
                checked += 1
                if not each.is_current:
                    found.append(f"not as in the tables: /v1/{kind.path}/{each.row.id}")
        found += [fault async for fault in faults_of_log(session)]
    return checked, found
