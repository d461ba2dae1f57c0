"""Serve the API until stopped.

An SQLite file is created and migrated on the way; a PostgreSQL database is not: run `register migrate` first.
"""

from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.listening import address_of, listen, listen_at
from app.cli.loading import load

cli = typer.Typer(add_completion=False)

MOST_WORKERS = 64


@cli.command(help=__doc__)
def serve(
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to listen on; default REGISTER_HOST or 127.0.0.1. With :: it is every address, of IPv4 too."
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; default REGISTER_PORT or 8000.")
    ] = None,
    uds: Annotated[Path | None, typer.Option(help="File of a socket to listen on, in place of a port.")] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=MOST_WORKERS, help="Processes that serve together; one that crashes is replaced.")
    ] = 1,
) -> None:
    settings = read_settings()
    if settings.traces_url and find_spec("opentelemetry.sdk") is None:
        raise Failed("REGISTER_TRACES_URL needs what sends traces: pip install 'cooperation-register[tracing]'")
    host, port = host or settings.host, port or settings.port
    with ExitStack() as stack:
        # What the command cannot do without it is said without waiting for the app.
        listener = stack.enter_context(listen_at(uds) if uds else listen(host, port))
        if uds:
            stack.callback(uds.unlink, missing_ok=True)
        management = settings.management_port and stack.enter_context(
            listen(settings.management_host, settings.management_port)
        )
        address = f"unix:{uds}" if uds else f"http://{address_of(host, port)}/"
        serving = load("serving")
        serving.serve(settings, serving.Sockets(listener, management or None), address, workers)
