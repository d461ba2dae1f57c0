"""Erase fields of a resource: from what is served, from its history, and from the files of the database.

Named are the resource, or positions in the log, or both. The log says which fields were erased, of which entries, and on which
legal basis; that is for everybody to read, so it holds no words about a person. Nothing is written where all is erased already.
"""

from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

import app.catalogue  # noqa: F401 (every kind is known then)
from app.access.caller import COMMAND
from app.changes.log import transaction
from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.redactions import overwritten
from app.cli.running import carry_out, migrated
from app.redactions import service
from app.redactions.models import RedactionCreate, RedactionPublic
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def redact(
    legal_basis: Annotated[str, typer.Option(help="Why, such as `Art. 17 (1) (a) GDPR`.")],
    field: Annotated[list[str], typer.Option(help="Field that is erased; repeat it for more.")],
    resource_type: Annotated[str | None, typer.Option("--type", help="Kind of resource, as in the feed.")] = None,
    resource_id: Annotated[UUID | None, typer.Option("--id", help="Id of the resource.")] = None,
    position: Annotated[
        list[int] | None, typer.Option(help="Position of an entry; without it all entries about the resource.")
    ] = None,
) -> None:
    try:
        wanted = RedactionCreate.model_validate(
            {
                "resource_type": resource_type,
                "resource_id": None if resource_id is None else str(resource_id),
                "positions": position or None,
                "fields": field,
                "legal_basis": legal_basis,
            }
        )
    except ValidationError as error:
        raise Failed("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None
    made = carry_out(redact_in(read_settings(), wanted))
    for each in made.items:
        typer.echo(f"{each.resource_type} {each.resource_id}: {len(each.positions)} entries redacted.")
    if not made.items:
        typer.echo("There was nothing to erase.")


async def redact_in(settings: Settings, wanted: RedactionCreate) -> RedactionPublic:
    """Erase what is named, then overwrite it."""
    async with migrated(settings) as database:
        async with transaction(database, COMMAND, settings.zone) as session:
            made = await service.carry_out(session, wanted)
        await overwritten(database)
        return made
