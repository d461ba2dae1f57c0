"""Deliver changes to webhook endpoints until stopped.

On PostgreSQL, beside `register serve`: as many of them as you like. On SQLite `register serve` delivers by itself.
"""

import asyncio
import signal

import typer

from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.running import carry_out, migrated
from app.logs import configure_logging
from app.runtime import Runtime
from app.settings import Settings
from app.webhooks.delivering import deliver as deliver_changes

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def deliver() -> None:
    settings = read_settings()
    if settings.webhook_key is None:
        raise Failed("REGISTER_WEBHOOK_KEY is not set: nothing can be signed")
    if settings.database_file:
        raise Failed("on SQLite `register serve` delivers by itself")
    configure_logging(settings.log_level)
    carry_out(deliver_until_stopped(settings))


async def deliver_until_stopped(settings: Settings) -> None:
    """Deliver until the process is asked to end."""
    async with migrated(settings) as database:
        runtime = Runtime(settings, database)
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, runtime.ending.set)
        typer.echo("Changes are delivered to webhook endpoints. Stop it with Ctrl-C.", err=True)
        await deliver_changes(runtime)
