"""What `register serve` does once it has its port: the app, and the server of it."""

import gc
from socket import socket
from types import FrameType

import typer
import uvicorn
from fastapi import FastAPI

from app.cli.loading import load
from app.cli.running import carry_out, is_outdated
from app.http.protocol import BoundedConnection
from app.logs import configure_logging
from app.main import create_app
from app.runtime import Runtime
from app.settings import Settings


def serve(settings: Settings, listener: socket, address: str) -> None:
    """Serve the API on a socket that listens, until stopped; an SQLite file is brought to the newest schema before."""
    configure_logging(settings.log_level)
    if settings.database_file and carry_out(has_outdated_database(settings)):
        carry_out(load("migrate").migrate_and_render(settings))
    app = create_app(settings)
    # What is there now stays: the collector need not look at it again with every full run, in the middle of a request.
    gc.collect()
    gc.freeze()
    config = uvicorn.Config(
        app,
        http=BoundedConnection,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    typer.echo(f"The register is served on {address} (API docs: /docs). Stop it with Ctrl-C.", err=True)
    Server(config, app).run(sockets=[listener])


class Server(uvicorn.Server):
    """Tells those who wait for changes when it is asked to end; else it would wait for them, then break them off."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self.app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        self.app.state.runtime.ending.set()


async def has_outdated_database(settings: Settings) -> bool:
    """Whether the database is not at the newest schema."""
    runtime = Runtime.of(settings)
    try:
        return await is_outdated(runtime.database)
    finally:
        await runtime.close()
