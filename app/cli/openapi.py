"""Write the OpenAPI contract of the API."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.main import create_app

cli = typer.Typer(add_completion=False)


@cli.command(help=__doc__)
def openapi(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; default: standard output.")] = None,
) -> None:
    text = json.dumps(create_app(read_settings()).openapi(), ensure_ascii=False, indent=2) + "\n"
    if file:
        try:
            file.write_text(text, "utf-8")
        except OSError as error:
            raise Failed(f"{file}: {error.strerror}") from None
    else:
        typer.echo(text, nl=False)
