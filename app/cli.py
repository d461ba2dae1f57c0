"""The `register` command."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app import migrating
from app.catalogue import RESOURCES
from app.database import Database
from app.http.problems import Problem
from app.logs import configure_logging
from app.main import create_app
from app.resources.verifying import compared, render_anew
from app.seed.document import AgreementFile, BadFile, read_file
from app.seed.service import Loaded, load
from app.settings import Settings

cli = typer.Typer(
    name="register",
    help="Run the cooperation register: the shared record of a city and its welfare associations.\n\n"
    "A first start is `register migrate`, `register seed`, `register serve`. Settings come from REGISTER_... variables "
    "or a .env file; `REGISTER_DATABASE_URL` chooses the database (default: the file register.db in this folder).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Failed(Exception):
    """A command that cannot do what it was asked; the message is the line that its user reads."""


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default REGISTER_HOST or 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; default REGISTER_PORT or 8000.")
    ] = None,
) -> None:
    """Serve the API until stopped.

    An SQLite file is created and migrated on the way; a PostgreSQL database is not: run `register migrate` first.
    """
    settings = read_settings()
    host, port = host or settings.host, port or settings.port
    configure_logging(settings.log_level)
    if settings.database_file:
        asyncio.run(migrate_and_render(settings))
    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=10
    )
    with listening(host, port) as listener, suppress(KeyboardInterrupt):
        typer.echo(f"The register is served on http://{host}:{port}/ (API docs: /docs). Stop it with Ctrl-C.", err=True)
        uvicorn.Server(config).run(sockets=[listener])


@cli.command()
def migrate() -> None:
    """Bring the database to the newest schema; nothing is changed when it is there already."""
    rendered = asyncio.run(migrate_and_render(read_settings()))
    typer.echo(f"The database is at revision {migrating.newest_revision()}; {rendered} representations were renewed.")


@cli.command()
def seed(
    file: Annotated[
        Path | None, typer.Argument(help="YAML file of an agreement; default: the built-in one of Dresden.")
    ] = None,
) -> None:
    """Load an agreement with its partners, topics, goals and sub-measures.

    It can be repeated: only what is missing is added. What partners changed since is kept as they left it, what they
    deleted stays deleted; the output says how many of each.
    """
    loaded = asyncio.run(load_content(read_settings(), read_agreement(file)))
    typer.echo(
        f"{len(loaded.added)} added, {len(loaded.unchanged)} unchanged, {len(loaded.kept)} kept as partners changed them, "
        f"{len(loaded.deleted)} deleted by partners and not added again."
    )
    for name in loaded.kept:
        typer.echo(f"kept: {name}")
    for name in loaded.deleted:
        typer.echo(f"not added again: {name}")


@cli.command()
def verify() -> None:
    """Check that every stored representation is what the tables give; exit with 1 when one is not."""
    checked, stale = asyncio.run(verify_all(read_settings()))
    for name in stale:
        typer.echo(f"not as in the tables: {name}")
    typer.echo(f"{checked} representations checked, {len(stale)} differ.")
    raise typer.Exit(1 if stale else 0)


@cli.command()
def openapi(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; default: standard output.")] = None,
) -> None:
    """Write the OpenAPI contract of the API."""
    text = json.dumps(create_app(read_settings()).openapi(), ensure_ascii=False, indent=2) + "\n"
    if file:
        try:
            file.write_text(text, "utf-8")
        except OSError as error:
            raise Failed(f"{file}: {error.strerror}") from None
    else:
        typer.echo(text, nl=False)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port that is taken is said before anything is served."""
    try:
        (family, *_), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # Python adds the address to the reason; it stands here already.
        reason = str(error.strerror).partition(" (")[0]
        raise Failed(f"cannot listen on {host}:{port}: {reason}") from None


def read_settings() -> Settings:
    """The settings; a wrong one is named by its variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise Failed(f"REGISTER_{str(first['loc'][0]).upper()}: {first['msg'].removeprefix('Value error, ')}") from None


def read_agreement(file: Path | None) -> AgreementFile:
    """The agreement in a file, or the built-in one."""
    try:
        if file:
            return read_file(file)
        with as_file(files("app") / "data/agreement.yaml") as built_in:
            return read_file(built_in)
    except BadFile as error:
        raise Failed(str(error)) from None


async def migrate_and_render(settings: Settings) -> int:
    """Migrate, then renew the representations that the new schema renders otherwise."""
    await migrating.upgrade(settings)
    async with migrated(settings) as database, database.transaction() as session:
        return sum([await render_anew(session, resource) for resource in RESOURCES])


async def load_content(settings: Settings, content: AgreementFile) -> Loaded:
    """Load an agreement in one transaction."""
    try:
        async with migrated(settings) as database, database.transaction() as session:
            return await load(session, content)
    except Problem as problem:
        places = "".join(f" {error.name}: {error.detail.en}" for error in problem.errors)
        raise Failed(f"{problem.detail.en}{places}") from None


async def verify_all(settings: Settings) -> tuple[int, list[str]]:
    """How many resources there are, and the paths of those whose stored text is not what their tables give."""
    checked, stale = 0, []
    async with migrated(settings) as database, database.transaction() as session:
        for resource in RESOURCES:
            async for each in compared(session, resource):
                checked += 1
                if not each.is_current:
                    stale.append(f"/v1/{resource.path}/{each.row.id}")
    return checked, stale


@asynccontextmanager
async def migrated(settings: Settings) -> AsyncIterator[Database]:
    """The database for one command, which must be at the newest schema."""
    database = Database(settings.database, pool_size=1, pool_timeout=settings.database_pool_timeout)
    try:
        if await database.read(migrating.current_revision) != migrating.newest_revision():
            raise Failed("the database's schema is not that of this version: run `register migrate`")
        yield database
    finally:
        await database.close()


def main() -> None:
    """Run the command; whatever its user can mend is one line on standard error and exit code 1."""
    try:
        cli()
    except Failed as error:
        sys.exit(f"register: {error}")
    except migrating.BrokenReferences as error:
        sys.exit(f"register: {error}")
    except (DBAPIError, OSError) as error:
        sys.exit(f"register: the database does not answer: {str(getattr(error, 'orig', error)).splitlines()[0]}")
