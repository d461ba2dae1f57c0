"""Make, list, replace and revoke the keys by which partners' systems write."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from app.access.caller import COMMAND
from app.access.roles import Role
from app.changes.log import Transaction, transaction
from app.cli.configuration import read_settings
from app.cli.running import carry_out, migrated
from app.cli.secret_files import write_secret
from app.keys import service as keys
from app.keys.models import DAYS

Result = TypeVar("Result")

cli = typer.Typer(name="keys", help=__doc__, no_args_is_help=True, add_completion=False)


@cli.command("create")
def create_key(
    partner: Annotated[str, typer.Option(help="Slug of the partner that the key belongs to.")],
    role: Annotated[Role, typer.Option(help="What the key allows; each role includes the ones before it.")],
    description: Annotated[str | None, typer.Option(help="What the key is for.")] = None,
    days: Annotated[int, typer.Option(min=0, max=3650, help="Days until it stops working; 0: never.")] = DAYS,
) -> None:
    """Make a key and print it alone on standard output; it is not shown again."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    typer.echo(with_session(lambda session: keys.make_for(session, partner, role, description, expires_at)).key)


@cli.command("init")
def init_keys(
    file: Annotated[Path, typer.Option(help="Where to put the key, for its owner's eyes only.")] = Path("operator.key"),
) -> None:
    """Make an operator's key for the municipality when there is none yet, and say once where it is."""

    async def make(session: Transaction) -> keys.Made | None:
        made = await keys.make_first(session)
        if made is not None:
            # Before the commit: a key that nobody could be told must not keep the next attempt from making one.
            write_secret(file, f"{made.key}\n")
        return made

    if with_session(make) is None:
        return
    typer.echo(f"An operator's key was made and put into {file}; send it as `Authorization: Bearer $(cat {file})`.")


@cli.command("list")
def list_keys() -> None:
    """List every key: id, partner, role, beginning, state, last day of use."""
    for row in with_session(keys.everything):
        typer.echo("\t".join(row))


@cli.command("rotate")
def rotate_key(
    id: Annotated[UUID, typer.Argument(help="Id of the key.")],
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="Hours for which the old key goes on working.")
    ] = 24,
) -> None:
    """Make a key with the same rights, print it, and let the old one end after an overlap."""
    typer.echo(with_session(lambda session: keys.rotate(session, id, timedelta(hours=overlap_hours))).key)


@cli.command("revoke")
def revoke_key(id: Annotated[UUID, typer.Argument(help="Id of the key.")]) -> None:
    """Revoke a key: the next request with it is refused."""
    with_session(lambda session: keys.revoke(session, id))


def with_session(work: Callable[[Transaction], Awaitable[Result]]) -> Result:
    """Do something in one transaction."""

    async def run() -> Result:
        settings = read_settings()
        async with migrated(settings) as database, transaction(database, COMMAND, settings.zone) as session:
            return await work(session)

    return carry_out(run())
