"""The register as a process of its own: started as its users start it, or forked from one that has loaded everything.

To load takes many times as long as most that is tried with a process; that it starts is for tests/test_cli.py and the wheel.
"""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from multiprocessing import get_context
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import httpx

from app.cli import main

REGISTER = (str(Path(sys.executable).with_name("register")),)
PATIENCE = 400.0
"""Seconds for a command: only one that hangs is to fail, also where a machine does much else."""
ATTEMPTS = 300
SECONDS_BETWEEN_LOOKS = 0.02
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(
    [__name__, *(f"app.cli.{name}" for name in ("serving", "migrate", "seed", "keys", "deliver"))]
)


def environment(**more: str) -> dict[str, str]:
    """The machine's environment without settings of ours and without a proxy; what was compiled once is kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGISTER_")}
    return {**kept, "NO_PROXY": "*", "no_proxy": "*", "PYTHONDONTWRITEBYTECODE": "", **more}


async def run(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """The exit code of a command, and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=env or environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode or 0, out.decode(), err.decode()


async def succeed(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a command that must succeed wrote."""
    code, out, err = await run(*command, cwd=cwd, env=env)
    assert code == 0, err
    return out


class Forked:
    """A `register` command in a process that need load nothing any more; all that it writes is in `log` of its folder.

    `constants` are the app's, by their full names, with what they are there.
    """

    def __init__(
        self, *arguments: str, folder: Path, env: Mapping[str, str], constants: Mapping[str, Any] | None = None
    ) -> None:
        self._process = FORKS.Process(target=carry_out, args=(arguments, folder, env, constants or {}))
        self._process.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with, negative for the signal that ended it; None as long as it runs."""
        return self._process.exitcode

    def kill(self) -> None:
        """End it as it is."""
        self._process.kill()

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    async def wait(self) -> int:
        """Wait until it has ended."""
        while self.returncode is None:  # noqa: ASYNC110 (of two that wait in threads, one is told nothing)
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return self.returncode


Process = asyncio.subprocess.Process | Forked


def carry_out(arguments: tuple[str, ...], folder: Path, env: Mapping[str, str], constants: Mapping[str, Any]) -> None:
    """Become the command, in the process that was forked for it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    log = os.open("log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(file, number)
    for name, value in constants.items():
        module, _, constant = name.rpartition(".")
        setattr(resolve_name(module), constant, value)
    sys.argv = ["register", *arguments]
    main()


async def begun(register: tuple[str, ...], *command: str, folder: Path, env: Mapping[str, str]) -> Process:
    """A command that has begun: of the register that is named, or forked."""
    if not register:
        return Forked(*command, folder=folder, env=env)
    with (folder / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *register, *command, cwd=folder, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )


@asynccontextmanager
async def serving(folder: Path, *, register: tuple[str, ...] = (), **variables: str) -> AsyncIterator[int]:
    """The port of a register with Dresden's agreement on SQLite, made and started in an empty folder with four commands."""
    port = free_port()
    env = environment(REGISTER_PORT=str(port), **variables)
    for command in (("migrate",), ("seed",), ("keys", "init")):
        making = await begun(register, *command, folder=folder, env=env)
        assert await asyncio.wait_for(making.wait(), PATIENCE) == 0, (folder / "log").read_text("utf-8")
    process = await begun(register, "serve", folder=folder, env=env)
    try:
        await wait_until_ready(port, process)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), 30)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def wait_until_ready(port: int, process: Process) -> None:
    """Ask until the register is ready."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for _ in range(ATTEMPTS):
            assert process.returncode is None, "the register ended"
            try:
                if (await client.get("/readyz")).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError
