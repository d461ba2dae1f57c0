"""Serve the API until stopped.

An SQLite file is created and migrated on the way; a PostgreSQL database is not: run `register migrate` first.
"""

import gc
import socket
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from app.cli.failed import Failed
from app.cli.migrate import migrate_and_render
from app.cli.running import carry_out, is_outdated, read_settings
from app.http.protocol import BoundedConnection
from app.logs import configure_logging
from app.runtime import Runtime
from app.settings import Settings

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default REGISTER_HOST or 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; default REGISTER_PORT or 8000.")
    ] = None,
) -> None:
    settings = read_settings()
    host, port = host or settings.host, port or settings.port
    with listening(host, port) as listener, suppress(KeyboardInterrupt):
        configure_logging(settings.log_level)
        if settings.database_file:
            carry_out(migrate_if_outdated(settings))
        app = loaded(settings)
        config = uvicorn.Config(
            app,
            http=BoundedConnection,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        typer.echo(f"The register is served on http://{host}:{port}/ (API docs: /docs). Stop it with Ctrl-C.", err=True)
        Server(config, app).run(sockets=[listener])


def loaded(settings: Settings) -> FastAPI:
    """The app; it is loaded here, so that what the command cannot do without it is said without waiting for it."""
    gc.disable()
    app: FastAPI = import_module("app.main").create_app(settings)
    # What is loaded now stays: the collector need not look at it again with every full run, in the middle of a request.
    gc.collect()
    gc.freeze()
    gc.enable()
    return app


class Server(uvicorn.Server):
    """Tells those who wait for changes when it is asked to end; else it would wait for them, then break them off."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.app.state.runtime.ending.set()


async def migrate_if_outdated(settings: Settings) -> None:
    """Bring the database to the newest schema, unless it is there."""
    runtime = Runtime.of(settings)
    try:
        outdated = await is_outdated(runtime.database)
    finally:
        await runtime.close()
    if outdated:
        await migrate_and_render(settings)


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port that is taken is said before anything is served."""
    try:
        (family, *_), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # Python adds the address to the reason; it stands here already.
        reason = str(error.strerror).partition(" (")[0]
        raise Failed(f"cannot listen on {host}:{port}: {reason}") from None
