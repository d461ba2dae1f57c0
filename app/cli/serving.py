"""What `register serve` does once it has its port: the app, and the server of it."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
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
from app.webhooks.delivering import deliver

Deliver = Callable[[Runtime], Awaitable[None]]


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
    Server(config, app, worker_for(settings)).run(sockets=[listener])


def worker_for(settings: Settings) -> Deliver | None:
    """What delivers to webhook endpoints beside the requests, where this process does: on SQLite it is the only one."""
    return deliver if settings.webhook_key is not None and settings.database_file else None


class Server(uvicorn.Server):
    """Tells those who wait for changes when it is asked to end; else it would wait for them, then break them off.

    `worker` is what goes on beside the requests, until then.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, worker: Deliver | None = None) -> None:
        super().__init__(config)
        self.app, self.worker = app, worker

    async def serve(self, sockets: list[socket] | None = None) -> None:
        """Serve, and work, until the process is asked to end."""
        runtime = self.app.state.runtime
        working = asyncio.ensure_future(self.worker(runtime)) if self.worker else None
        try:
            await super().serve(sockets)
        finally:
            runtime.ending.set()
            if working:
                await working

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
