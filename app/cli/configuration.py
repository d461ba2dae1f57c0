"""The settings of a command."""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from dotenv import dotenv_values
from pydantic import ValidationError

from app.cli.failed import Failed
from app.settings import Settings

PREFIX = "REGISTER_"
SECRETS = Path("/run/secrets")
"""Where containers have secrets as files; systemd says in a variable where it has them."""


def read_settings() -> Settings:
    """The settings; a wrong one is named by its variable, and so is one that there is not.

    They are read from the environment, then from `.env`, then from files of their names.
    """
    folder = Path(os.environ.get("CREDENTIALS_DIRECTORY") or SECRETS)
    files = [file.name for file in folder.iterdir()] if folder.is_dir() else []
    refuse_unknown([*os.environ, *dotenv_values(str(Settings.model_config["env_file"])), *files])
    try:
        return Settings(_secrets_dir=folder if files else None)
    except ValidationError as error:
        first = error.errors()[0]
        raise Failed(f"{variable(str(first['loc'][0]))}: {first['msg'].removeprefix('Value error, ')}") from None


def variable(field: str) -> str:
    """The variable that a setting is read from."""
    return f"{PREFIX}{field.upper()}"


def refuse_unknown(names: Iterable[str]) -> None:
    """Refuse a variable that looks like a setting and is none: misspelt, it would leave the default in force unseen."""
    known = {variable(field) for field in Settings.model_fields}
    unknown = sorted(name for name in {each.upper() for each in names} - known if name.startswith(PREFIX))
    if unknown:
        near = get_close_matches(unknown[0], known, 1)
        raise Failed(f"{unknown[0]}: there is no such setting{f'; is {near[0]} meant?' if near else ''}")
