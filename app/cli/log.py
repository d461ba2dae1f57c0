"""Make the key that signs the checkpoints of the log, and show its public half."""

import typer

from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.secret_files import write_secret
from app.log.key import UNREADABLE, read_signer
from app.proofs.notes import Signer

cli = typer.Typer(name="log", help=__doc__, no_args_is_help=True, add_completion=False)


@cli.callback()
def log() -> None:
    """What is asked of every command: nothing."""


@cli.command("init")
def init_log() -> None:
    """Make the key in REGISTER_LOG_KEY_FILE, unless there is one, and print the public key.

    Publish it where partners can compare it, and keep a copy of the file elsewhere: a lost key begins another log.
    """
    settings = read_settings()
    try:
        if settings.log_key is None and not settings.log_key_file.exists():
            write_secret(settings.log_key_file, f"{Signer.new(settings.log_name)}\n")
        typer.echo(read_signer(settings).verifier)
    except UNREADABLE as error:
        raise Failed(f"the key of the log cannot be read: {error}") from None
