"""The register as a process of its own, started as its users start it."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

REGISTER = (str(Path(sys.executable).with_name("register")),)
ATTEMPTS = 300


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
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, out.decode(), err.decode()


async def succeed(*command: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """What a command that must succeed wrote."""
    code, out, err = await run(*command, cwd=cwd, env=env)
    assert code == 0, err
    return out


@asynccontextmanager
async def serving(folder: Path, *, register: tuple[str, ...] = REGISTER, **variables: str) -> AsyncIterator[int]:
    """The port of a register with Dresden's agreement on SQLite, started with four commands in an empty folder."""
    port = free_port()
    env = environment(REGISTER_PORT=str(port), **variables)
    for command in (("migrate",), ("seed",), ("keys", "init")):
        await succeed(*register, *command, cwd=folder, env=env)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *register, "serve", cwd=folder, env=env, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
        )
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


async def wait_until_ready(port: int, process: asyncio.subprocess.Process) -> None:
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
