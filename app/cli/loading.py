"""Modules that are loaded when a command needs them, and not before: loading takes longer than most that commands do."""

import gc
from importlib import import_module
from typing import Any


def load(name: str) -> Any:
    """A module of this folder."""
    # What is loaded stays: the collector would look through it again and again, for a fifth of the time.
    gc.disable()
    try:
        return import_module(f"{__package__}.{name}")
    finally:
        gc.freeze()
        gc.enable()
