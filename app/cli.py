"""The `register` command."""

import asyncio
import gc
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files
from pathlib import Path
from types import FrameType
from typing import Annotated, TypeVar
from uuid import UUID

import typer
import uvicorn
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app import migrating
from app.access.caller import COMMAND
from app.access.roles import Role
from app.catalogue import FEATURES
from app.changes.log import Transaction, transaction
from app.changes.verifying import faults
from app.database import Database
from app.demo import service as demo_year
from app.demo.document import DemoFile, read_demo
from app.http.problems import Problem
from app.keys import service as keys
from app.logs import configure_logging
from app.main import create_app
from app.resources.verifying import compared, render_anew
from app.schema.fields import city_timezone
from app.seed.document import AgreementFile, BadFile, read_file
from app.seed.service import Loaded, load
from app.settings import Settings

Result = TypeVar("Result")

cli = typer.Typer(
    name="register",
    help="Run the cooperation register: the shared record of a city and its welfare associations.\n\n"
    "A first start is `register migrate`, `register seed`, `register serve`. Settings come from REGISTER_... variables "
    "or a .env file; `REGISTER_DATABASE_URL` chooses the database (default: the file register.db in this folder).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


keys_cli = typer.Typer(
    name="keys", help="Make, list, replace and revoke the keys by which partners' systems write.", no_args_is_help=True
)
cli.add_typer(keys_cli)


class Server(uvicorn.Server):
    """Tells those who wait for changes when it is asked to end; else it would wait for them, then break them off."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.config.app.state.ending.set()  # type: ignore[union-attr]  # it is ours, whatever uvicorn takes


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
    if settings.database_file and asyncio.run(is_outdated(settings)):
        asyncio.run(migrate_and_render(settings))
    app = create_app(settings)
    # What is loaded now stays: the collector need not look at it again with every full run, in the middle of a request.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=10)
    with listening(host, port) as listener, suppress(KeyboardInterrupt):
        typer.echo(f"The register is served on http://{host}:{port}/ (API docs: /docs). Stop it with Ctrl-C.", err=True)
        Server(config).run(sockets=[listener])


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
def demo() -> None:
    """Load an invented year of cooperation over Dresden's agreement, for trying things out.

    Events, decisions, needs, indicators and reports from September 2024 to August 2025: nothing of it happened, and
    every entry says [Demo]. It belongs into an installation of its own, never into a record that is in use: no
    command takes it out again. It needs the agreement (`register seed`), eleven of whose sub-measures get dates and
    partners; where somebody has worked on them already, it is refused. Repeated, it changes nothing.
    """
    loaded = asyncio.run(load_demo(read_settings(), built_in_demo()))
    if loaded is None:
        typer.echo("The demo year is in this register already; nothing was changed.")
        return
    typer.echo(f"Loaded: {', '.join(f'{count} {kind}' for kind, count in loaded.items())}.")
    typer.echo("All of it is invented and marked [Demo]; none of it is a record of what anybody did or said.")


@cli.command()
def verify() -> None:
    """Check the record; exit with 1 when anything is wrong, and say what.

    Every stored representation must be what the tables give, and the change log must be complete, chained and in
    agreement with the resources: so nobody can rewrite it unnoticed.
    """
    checked, faults = asyncio.run(verify_all(read_settings()))
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{checked} representations and the change log checked, {len(faults)} faults.")
    raise typer.Exit(1 if faults else 0)


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


@keys_cli.command("create")
def create_key(
    partner: Annotated[str, typer.Option(help="Slug of the partner that the key belongs to.")],
    role: Annotated[Role, typer.Option(help="What the key allows; each role includes the ones before it.")],
    description: Annotated[str | None, typer.Option(help="What the key is for.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until it stops working; default: never.")
    ] = None,
) -> None:
    """Make a key and print it alone on standard output; it is not shown again."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    typer.echo(with_session(lambda session: keys.make_for(session, partner, role, description, expires_at)).key)


@keys_cli.command("init")
def init_keys(
    file: Annotated[Path, typer.Option(help="Where to put the key, for its owner's eyes only.")] = Path("admin.key"),
) -> None:
    """Make an admin key for the municipality when there is none yet, and say once where it is."""

    async def make(session: Transaction) -> keys.Made | None:
        made = await keys.make_first(session)
        if made is not None:
            # Before the commit: a key that nobody could be told must not keep the next attempt from making one.
            write_secret(file, f"{made.key}\n")
        return made

    if with_session(make) is None:
        return
    typer.echo(f"An admin key was made and put into {file}; send it as `Authorization: Bearer $(cat {file})`.")


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            os.fchmod(descriptor, 0o600)
            opened.write(text)
    except OSError as error:
        raise Failed(f"{file} cannot be written: {error.strerror}") from None


@keys_cli.command("list")
def list_keys() -> None:
    """List every key: id, partner, role, beginning, state, last day of use."""
    for row in with_session(keys.everything):
        typer.echo("\t".join(row))


@keys_cli.command("rotate")
def rotate_key(
    id: Annotated[UUID, typer.Argument(help="Id of the key.")],
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=720, help="Hours for which the old key goes on working.")
    ] = 24,
) -> None:
    """Make a key with the same rights, print it, and let the old one end after an overlap."""
    typer.echo(with_session(lambda session: keys.rotate(session, id, timedelta(hours=overlap_hours))).key)


@keys_cli.command("revoke")
def revoke_key(id: Annotated[UUID, typer.Argument(help="Id of the key.")]) -> None:
    """Revoke a key: the next request with it is refused."""
    with_session(lambda session: keys.revoke(session, id))


def with_session(work: Callable[[Transaction], Awaitable[Result]]) -> Result:
    """Do something in one transaction."""

    async def run() -> Result:
        settings = read_settings()
        async with migrated(settings) as database, transaction(database, COMMAND, settings.zone) as session:
            return await work(session)

    try:
        return asyncio.run(run())
    except Problem as problem:
        raise Failed(in_words(problem)) from None


def in_words(problem: Problem) -> str:
    """A problem in one line."""
    return problem.detail.en + "".join(f" {error.name}: {error.detail.en}" for error in problem.errors)


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


async def is_outdated(settings: Settings) -> bool:
    """Whether the database is not at the newest schema."""
    database = database_of(settings)
    try:
        return await database.read(migrating.current_revision) != migrating.newest_revision()
    finally:
        await database.close()


async def migrate_and_render(settings: Settings) -> int:
    """Migrate, then renew the representations that the new schema renders otherwise."""
    await migrating.upgrade(settings)
    async with migrated(settings) as database, transaction(database, COMMAND, settings.zone) as session:
        return sum([await render_anew(session, feature.kind) for feature in FEATURES])


async def load_content(settings: Settings, content: AgreementFile) -> Loaded:
    """Load an agreement in one transaction."""
    try:
        async with migrated(settings) as database, transaction(database, COMMAND, settings.zone) as session:
            return await load(session, content)
    except Problem as problem:
        raise Failed(in_words(problem)) from None


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
    except Problem as problem:
        raise Failed(in_words(problem)) from None


async def verify_all(settings: Settings) -> tuple[int, list[str]]:
    """How many resources there are, and what is wrong with them or with the change log."""
    checked, found = 0, []
    async with migrated(settings) as database, database.transaction() as session:
        for kind in (feature.kind for feature in FEATURES):
            async for each in compared(session, kind):
                checked += 1
                if not each.is_current:
                    found.append(f"not as in the tables: /v1/{kind.path}/{each.row.id}")
        found += [fault async for fault in faults(session)]
    return checked, found


def database_of(settings: Settings) -> Database:
    """The database for one command."""
    return Database(settings.database, pool_size=1, pool_timeout=settings.database_pool_timeout)


@asynccontextmanager
async def migrated(settings: Settings) -> AsyncIterator[Database]:
    """The database for one command, which must be at the newest schema."""
    city_timezone.set(settings.timezone)
    database = database_of(settings)
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
