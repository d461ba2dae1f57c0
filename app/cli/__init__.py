"""The `register` command: what there is, and how each command is loaded when it is asked for."""

import ast
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from app.cli.failed import Failed
from app.cli.loading import load

COMMANDS = (
    "serve",
    "deliver",
    "migrate",
    "seed",
    "demo",
    "verify",
    "doctor",
    "backup",
    "restore",
    "export",
    "import",
    "openapi",
    "keys",
    "log",
    "audit",
    "redact",
    "redactions",
)
"""The commands, in the order in which people need them; each is the module of this folder that has its name."""


class Asked(TyperCommand):
    """A command whose module is loaded when it is asked for: to list what there is needs none of what commands need."""

    def __init__(self, name: str) -> None:
        source = Path(__file__).with_name(f"{name}.py").read_text("utf-8")
        super().__init__(name, help=ast.get_docstring(ast.parse(source)))

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the command itself, in which it then runs."""
        command = typer.main.get_command(load(str(self.name)).cli)
        command.name = self.name
        return command.make_context(info_name, args, parent, **extra)


class Register(TyperGroup):
    """The commands by their names."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = {name: Asked(name) for name in COMMANDS}


cli = typer.Typer(
    name="register",
    cls=Register,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.callback(
    help="Run the cooperation register: the shared record of a city and its welfare associations.\n\n"
    "A first start is `register migrate`, `register seed`, `register serve`. Settings come from REGISTER_... variables "
    "or a .env file; `REGISTER_DATABASE_URL` chooses the database (default: the file register.db in this folder)."
)
def register() -> None:
    """What is asked of every command: nothing."""


def main() -> None:
    """Run the command; whatever its user can mend is one line on standard error and exit code 1."""
    try:
        cli()
    except Failed as error:
        sys.exit(f"register: {error}")
