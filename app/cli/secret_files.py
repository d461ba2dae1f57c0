"""Files that hold a secret."""

import os
from pathlib import Path

from app.cli.failed import Failed


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            os.fchmod(descriptor, 0o600)
            opened.write(text)
    except OSError as error:
        raise Failed(f"{file} cannot be written: {error.strerror}") from None
