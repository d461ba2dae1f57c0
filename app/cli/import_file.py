"""What `register import FILE` does: lines of a file become resources, all or none."""

from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from app.access.caller import COMMAND
from app.cli.failed import Failed
from app.cli.running import migrated
from app.interchange.bodies import INTAKES
from app.interchange.importing import Importing
from app.interchange.lines import CSV, JSONL
from app.interchange.trying import ImportTally
from app.settings import Settings

SHOWN = 20
PART = 1024 * 1024
MEDIA_TYPES = {".csv": CSV, ".jsonl": JSONL, ".ndjson": JSONL}


async def import_file(settings: Settings, path: Path, resource: str, *, is_dry: bool) -> None:
    """Write what a file says and say what came of it; raises Failed where anything is wrong with it."""
    if resource not in INTAKES:
        raise Failed(f"there is no {resource}; there are {', '.join(INTAKES)}")
    if path.suffix.lower() not in MEDIA_TYPES:
        raise Failed(f"{path}: its name must end with {' or '.join(MEDIA_TYPES)}")
    try:
        with path.open("rb") as file:
            tally = await carried_out(settings, file, MEDIA_TYPES[path.suffix.lower()], resource, is_dry=is_dry)
    except OSError as error:
        raise Failed(f"{path}: {error.strerror}") from None
    if tally.failed:
        for each in tally.errors[:SHOWN]:
            typer.echo(f"{path}, line {each['line']}, {each['pointer']}: {each['en']}", err=True)
        raise Failed(f"{tally.failed} of {tally.lines_read} lines are wrong; nothing was written")
    typer.echo(f"{tally.created} created, {tally.updated} updated, {tally.unchanged} unchanged.")


async def carried_out(
    settings: Settings, file: BinaryIO, media_type: str, resource: str, *, is_dry: bool
) -> ImportTally:
    """The outcome of an import by a command, whose progress is shown where somebody looks."""
    shown = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    async with migrated(settings) as database:
        with Progress(*shown, console=console, transient=True, disable=not console.is_terminal) as progress:
            bar = progress.add_task("lines", total=lines_in(file) * (1 if is_dry else 2))

            async def tell(_tally: ImportTally) -> None:
                progress.update(bar, completed=importing.lines_done)

            importing = Importing(
                database, COMMAND, settings.zone, datetime.now(UTC), INTAKES[resource], file, media_type, tell
            )
            return await importing.carry_out(is_dry=is_dry)


def lines_in(file: BinaryIO) -> int:
    """How many lines a file has."""
    file.seek(0)
    count = 0
    while part := file.read(PART):
        count += part.count(b"\n")
    return count
