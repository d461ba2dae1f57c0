"""What `register serve` does once it has its port: the app, and the server of it."""

import asyncio
import gc
import os
import threading
from collections.abc import Awaitable, Callable
from socket import socket
from types import FrameType

import typer
import uvicorn
from fastapi import FastAPI

from app.cli.loading import load
from app.cli.running import carry_out, is_outdated
from app.http.ending import Ending
from app.http.protocol import BoundedConnection
from app.logs import configure_logging
from app.main import create_app
from app.runtime import Runtime
from app.settings import Settings
from app.webhooks.delivering import deliver

SECONDS_TO_FINISH = 5
"""How long what was begun may take once the process is asked to end; then connections are closed."""
SECONDS_TO_NOTICE = 1
"""How long a request may take to notice that; then it is broken off."""
SECONDS_TO_END = 7.5
"""When the process ends, whatever still holds it: what was acknowledged is on the disk, and the rest was not done."""

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
    typer.echo(
        f"The register is served on {address} from {settings.shown_database} (API docs: {address}docs). "
        "Stop it with Ctrl-C.",
        err=True,
    )
    Server(app, worker_for(settings)).run(sockets=[listener])


def worker_for(settings: Settings) -> Deliver | None:
    """What delivers to webhook endpoints beside the requests, where this process does: on SQLite it is the only one."""
    return deliver if settings.webhook_key is not None and settings.database_file else None


class Server(uvicorn.Server):
    """Serves until it is asked to end, and then ends in some seconds, whatever its clients do.

    Who waits for changes is told at once. `worker` is what goes on beside the requests, until then.
    """

    def __init__(self, app: FastAPI, worker: Deliver | None = None) -> None:
        self.runtime, self.worker = app.state.runtime, worker
        super().__init__(
            uvicorn.Config(
                Ending(app, self.runtime.ending),
                http=BoundedConnection,
                log_config=None,
                access_log=False,
                server_header=False,
                # The app reads these itself, with the prefix.
                proxy_headers=False,
                timeout_graceful_shutdown=SECONDS_TO_FINISH + SECONDS_TO_NOTICE,
            )
        )

    async def serve(self, sockets: list[socket] | None = None) -> None:
        """Serve, and work, until the process is asked to end."""
        working = asyncio.ensure_future(self.worker(self.runtime)) if self.worker else None
        try:
            await super().serve(sockets)
        finally:
            self.runtime.ending.set()
            if working:
                await working

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Finish what was begun, as long as that may take."""
        asyncio.get_running_loop().call_later(SECONDS_TO_FINISH, self.hang_up)
        await super().shutdown(sockets)

    def hang_up(self) -> None:
        """Close every connection that is left."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's own would have the signal end the process)
        """Begin to end; a second signal does not wait for what was begun."""
        self.force_exit, self.should_exit = self.should_exit, True
        if not self.force_exit:
            self.runtime.ending.set()
            last = threading.Timer(SECONDS_TO_END, os._exit, (0,))
            last.daemon = True
            last.start()


async def has_outdated_database(settings: Settings) -> bool:
    """Whether the database is not at the newest schema."""
    runtime = Runtime.of(settings)
    try:
        return await is_outdated(runtime.database)
    finally:
        await runtime.close()
