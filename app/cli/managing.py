"""The management port beside the service, and the figures that it shows."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from socket import socket

import uvicorn
from prometheus_client.multiprocess import mark_process_dead

from app.management.figures import Counted, note_use
from app.management.routes import management_app
from app.runtime import Runtime

SECONDS_BETWEEN_NOTES = 1
SECONDS_TO_FINISH = 1

counted = Counted
forget = mark_process_dead
"""For a process that is no more: what it had in use."""


class Management(uvicorn.Server):
    """Answers on the management port, until the service ends."""

    def __init__(self, runtime: Runtime) -> None:
        async def note() -> None:
            note_use(runtime)

        super().__init__(
            uvicorn.Config(
                management_app(runtime),
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                callback_notify=note,
                timeout_notify=SECONDS_BETWEEN_NOTES,
                timeout_graceful_shutdown=SECONDS_TO_FINISH,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none: they are for the service."""
        yield


def manage(listener: socket) -> Callable[[Runtime], Awaitable[None]]:
    """What answers on a socket beside the service."""

    async def answer(runtime: Runtime) -> None:
        server = Management(runtime)
        serving = asyncio.ensure_future(server.serve([listener]))
        await runtime.ending.wait()
        server.should_exit = True
        await serving

    return answer
