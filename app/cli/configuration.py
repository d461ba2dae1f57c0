"""The settings of a command."""

from pydantic import ValidationError

from app.cli.failed import Failed
from app.settings import Settings


def read_settings() -> Settings:
    """The settings; a wrong one is named by its variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        raise Failed(f"REGISTER_{str(first['loc'][0]).upper()}: {first['msg'].removeprefix('Value error, ')}") from None
