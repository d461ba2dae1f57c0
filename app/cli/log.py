"""Make the key that signs the checkpoints of the log, and show its public half."""

import typer

from app.cli.configuration import read_settings
from app.cli.failed import Failed
from app.cli.secret_files import write_secret
from app.proofs.notes import BadNote, Signer

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
    file = settings.log_key_file
    try:
        if settings.log_key is not None:
            signer = Signer.of(settings.log_key.get_secret_value())
        elif file.exists():
            signer = Signer.of(file.read_text("ascii"))
        else:
            signer = Signer.new(settings.log_name)
            write_secret(file, f"{signer}\n")
    except (BadNote, OSError, UnicodeDecodeError) as error:
        raise Failed(f"the key of the log cannot be read: {error}") from None
    typer.echo(signer.verifier)
