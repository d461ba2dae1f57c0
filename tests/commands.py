"""The `register` command in the process of the tests: what it says, writes and refuses, without its start."""

import asyncio
import os
from pathlib import Path

import pytest

from app.cli import main


class Command:
    """The command in a folder of its own; it runs in a thread, as it has an event loop of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.folder = folder
        for name in os.environ:
            if name.startswith("REGISTER_"):
                monkeypatch.delenv(name)
        monkeypatch.chdir(folder)

    @property
    def left(self) -> list[str]:
        """The names of what the command left in its folder."""
        return sorted(path.name for path in self.folder.iterdir())

    def configure(self, name: str, value: str) -> None:
        """Set one of the variables that it takes its settings from."""
        self._monkeypatch.setenv(f"REGISTER_{name}", value)

    async def attempt(self, *arguments: str) -> tuple[int, str, str]:
        """The exit code, and what it writes to standard output and standard error."""
        self._monkeypatch.setattr("sys.argv", ["register", *arguments])

        def run() -> int | str | None:
            with pytest.raises(SystemExit) as ended:
                main()
            return ended.value.code

        code = await asyncio.to_thread(run)
        out, err = self._capsys.readouterr()
        # A text as the exit code is what the interpreter writes to standard error before it exits with 1.
        return (1, out, f"{err}{code}\n") if isinstance(code, str) else (code or 0, out, err)

    async def run(self, *arguments: str) -> str:
        """What a command that succeeds writes to standard output; it writes nothing else."""
        code, out, err = await self.attempt(*arguments)
        assert (code, err) == (0, "")
        return out

    async def refused(self, *arguments: str) -> str:
        """The one line that a command ends with when its user has something to mend."""
        code, out, err = await self.attempt(*arguments)
        assert (code, out) == (1, ""), err
        assert err.startswith("register: ")
        assert err.count("\n") == 1, err
        return err.strip().removeprefix("register: ")
