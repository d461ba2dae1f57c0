"""What `register serve` does once it has its port: the app, and the server of it."""

import asyncio
import gc
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import typer
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from app.cli.listening import listen_at
from app.cli.loading import load
from app.cli.running import carry_out, is_outdated, migrated, opened
from app.cli.workers import Workers
from app.http.ending import Ending
from app.http.forwarded import Forwarded
from app.http.passing import ToWriter
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

SECONDS_OF_A_THREAD = 0.0005
"""How long a thread goes on while the loop waits for it: Python's own measure is ten times that, and each step of a request
would wait so long while a table or the contract is made."""

FIGURES_KEPT_IN = "PROMETHEUS_MULTIPROC_DIR"
"""Where prometheus-client looks for the folder in which processes keep figures together, when it is loaded."""

Beside = Callable[[Runtime], Awaitable[None]]
"""What goes on beside the requests, until the process is asked to end."""


@dataclass(frozen=True)
class Sockets:
    """What listens: for requests, and for the operator where there is a management port."""

    requests: socket
    management: socket | None = None


def serve(settings: Settings, sockets: Sockets, address: str, workers: int = 1) -> None:
    """Serve the API on sockets that listen, until stopped; an SQLite file is brought to the newest schema before."""
    configure_logging(settings.log_level)
    if settings.database_file:
        if carry_out(has_outdated_database(settings)):
            carry_out(load("migrate").migrate_and_render(settings))
        carry_out(check_register(settings))
    with ExitStack() as stack:
        managing = None
        if sockets.management:
            os.environ[FIGURES_KEPT_IN] = stack.enter_context(TemporaryDirectory(prefix="register-figures-"))
            managing = load("managing")
        app = create_app(settings)
        # What is there now stays: the collector need not look at it again with every full run, in the middle of a request.
        gc.collect()
        gc.freeze()
        sys.setswitchinterval(SECONDS_OF_A_THREAD)
        typer.echo(
            f"The register is served on {address} from {settings.shown_database}. "
            "Its API docs are at /docs. Stop it with Ctrl-C.",
            err=True,
        )
        if workers == 1:
            beside = deliverers(settings) + on_lookout(settings, sockets, managing)
            Server(app, app, [sockets.requests], beside, managing).serve_until_ended()
        else:
            serve_together(app, settings, sockets, workers, managing)


def serve_together(app: FastAPI, settings: Settings, sockets: Sockets, workers: int, managing: Any) -> None:
    """Serve with several processes; on SQLite the first of them writes, and delivers to webhook endpoints."""
    with TemporaryDirectory(prefix="register-") as folder, ExitStack() as stack:
        writer = Path(folder) / "writer"
        to_writer = stack.enter_context(listen_at(writer)) if settings.database_file else None

        def work(place: int, watched: int) -> None:
            # What was put together before the fork is shared; connections and the process's own number are not.
            app.state.runtime = Runtime.of(settings)
            entry: ASGIApp = app
            listeners, beside = [sockets.requests], on_lookout(settings, sockets, managing)
            if to_writer and place == 0:
                listeners.append(to_writer)
                beside += deliverers(settings)
            elif to_writer:
                entry = Forwarded(ToWriter(app, writer), settings.proxies, settings.root_path)
            Server(app, entry, listeners, beside, managing).serve_until_ended(watched)

        Workers(workers, work, managing.forget if managing else None).run()


def deliverers(settings: Settings) -> list[Beside]:
    """What delivers to webhook endpoints, where this process does: on SQLite it is the only one."""
    return [deliver] if settings.webhook_key is not None and settings.database_file else []


def on_lookout(settings: Settings, sockets: Sockets, managing: Any) -> list[Beside]:
    """What answers the operator, and what sends traces, where that is wanted."""
    tracing = [load("tracing").trace(settings.traces_url)] if settings.traces_url else []
    return tracing + ([managing.manage(sockets.management)] if managing else [])


class Server(uvicorn.Server):
    """Serves until it is asked to end, and then ends in some seconds, whatever its clients do.

    Who waits for changes is told at once. `entry` is what requests come to first.
    """

    def __init__(
        self, app: FastAPI, entry: ASGIApp, listeners: list[socket], beside: list[Beside], managing: Any
    ) -> None:
        self.runtime, self.listeners, self.beside = app.state.runtime, listeners, beside
        self.watched: int | None = None
        ending = Ending(entry, self.runtime.ending)
        super().__init__(
            uvicorn.Config(
                managing.counted(ending) if managing else ending,
                http=partial(BoundedConnection, prefix=self.runtime.settings.root_path),  # type: ignore[arg-type]  # it is called, and no more
                log_config=None,
                access_log=False,
                server_header=False,
                # The app reads these itself, with the prefix.
                proxy_headers=False,
                timeout_graceful_shutdown=SECONDS_TO_FINISH + SECONDS_TO_NOTICE,
            )
        )

    def serve_until_ended(self, watched: int | None = None) -> None:
        """Serve until the process is asked to end, or what is watched ends."""
        self.watched = watched
        self.run(sockets=self.listeners)

    async def serve(self, sockets: list[socket] | None = None) -> None:
        """Serve, and work, until the process is asked to end."""
        if self.watched is not None:
            asyncio.get_running_loop().add_reader(self.watched, self.be_left, self.watched)
        going_on = [asyncio.ensure_future(each(self.runtime)) for each in self.beside]
        try:
            await super().serve(sockets)
        finally:
            self.runtime.ending.set()
            await asyncio.gather(*going_on)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Finish what was begun, as long as that may take."""
        asyncio.get_running_loop().call_later(SECONDS_TO_FINISH, self.hang_up)
        await super().shutdown(sockets)

    def hang_up(self) -> None:
        """Close every connection that is left."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def be_left(self, watched: int) -> None:
        """Begin to end, as nobody would end this process later."""
        asyncio.get_running_loop().remove_reader(watched)
        self.handle_exit()

    def handle_exit(self, sig: int = 0, frame: FrameType | None = None) -> None:  # noqa: ARG002 (as uvicorn calls it)
        """Begin to end; uvicorn's own would have the signal end the process afterwards."""
        if not self.should_exit:
            self.should_exit = True
            self.runtime.ending.set()
            last = threading.Timer(SECONDS_TO_END, os._exit, (0,))
            last.daemon = True
            last.start()


async def check_register(settings: Settings) -> None:
    """Refuse with Failed a register that is not this version's, or counts its days otherwise than the settings say."""
    async with migrated(settings):
        pass


async def has_outdated_database(settings: Settings) -> bool:
    """Whether the database is not at the newest schema."""
    async with opened(settings) as database:
        return await is_outdated(database)
