"""The register as a process that can be killed and started again."""

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from app.settings import Settings
from tests.processes import Forked, environment, free_port, wait_until_ready

SECONDS_TO_EXIT = 20


class Service:
    """One installation: its settings, its port, and the process that serves it."""

    def __init__(
        self,
        settings: Settings,
        key: str,
        folder: Path,
        *more: str,
        constants: Mapping[str, Any] | None = None,
        **variables: str,
    ) -> None:
        self.settings = settings
        self.key = key
        self.folder = folder
        self.more = more
        self.constants = constants
        self.port = free_port()
        self.environment = environment(
            REGISTER_DATABASE_URL=settings.database_url,
            REGISTER_RATE_LIMIT=str(settings.rate_limit),
            REGISTER_LOG_LEVEL="warning",
            **variables,
        )
        self.process: Forked | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.process = self.begun("serve", "--port", str(self.port), *self.more)
        try:
            await wait_until_ready(self.port, self.process)
        except BaseException:
            await self.end()
            raise

    def begun(self, *command: str) -> Forked:
        """A command that has begun on the same database."""
        return Forked(*command, folder=self.folder, env=self.environment, constants=self.constants)

    async def kill(self) -> None:
        """End the process as a power cut would: it is asked nothing and told nothing."""
        assert self.process is not None
        assert self.process.returncode is None, self.log()
        self.process.kill()
        assert await asyncio.wait_for(self.process.wait(), SECONDS_TO_EXIT) == -signal.SIGKILL

    async def stop(self) -> None:
        """Ask the process to end, as an operator does, and wait until it has."""
        assert self.process is not None
        self.process.terminate()
        await self.ended()

    async def ended(self) -> None:
        """Wait until the process has ended as it was asked to."""
        assert self.process is not None
        assert await asyncio.wait_for(self.process.wait(), SECONDS_TO_EXIT) == 0, self.log()

    async def end(self) -> None:
        """Make sure that nothing is left running."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def client(self) -> httpx.AsyncClient:
        """An admin's client."""
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self.key}"},
            trust_env=False,
            timeout=30,
        )

    def log(self) -> str:
        """What the process wrote."""
        return (self.folder / "log").read_text("utf-8")
