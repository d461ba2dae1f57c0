"""Serve the API until stopped.

An SQLite file is created and migrated on the way; a PostgreSQL database is not: run `register migrate` first.
"""

import socket
from contextlib import suppress
from typing import Annotated

import typer

from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.loading import load

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
        # What the command cannot do without it is said without waiting for the app.
        load("serving").serve(settings, listener, f"http://{host}:{port}/")


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a port that is taken is said before anything is served."""
    try:
        (family, *_), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # Python adds the address to the reason; it stands here already.
        reason = str(error.strerror).partition(" (")[0]
        raise Failed(f"cannot listen on {host}:{port}: {reason}") from None
