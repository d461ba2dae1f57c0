"""A register that may deliver to loopback, what delivers, and a receiver."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from app.runtime import Runtime
from app.webhooks import sending
from app.webhooks.delivering import Dispatcher
from tests.webhooks.receiver import Receiver, receiving

LOOPBACK = "127.0.0.0/8"


class Later:
    """A clock that goes as usual, ahead by what was waited."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def wait(self, **parts: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(**parts)


class Worker(Dispatcher):
    """Delivers what is due now, and no more."""

    async def deliver(self) -> None:
        """Deliver until nothing is due."""
        while await self.begin_turns():
            await self.settle()


@pytest.fixture
def later(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Later:
    """The clock of the register, which may deliver to loopback and waits for no body for long."""
    runtime: Runtime = app.state.runtime
    runtime.clock = clock = Later()
    runtime.settings = runtime.settings.model_copy(update={"webhook_allow": LOOPBACK})
    monkeypatch.setattr(sending, "SECONDS_FOR_BODY", 0.1)
    return clock


@pytest.fixture
def worker(app: FastAPI, later: Later) -> Worker:  # noqa: ARG001 (sets the clock)
    """What delivers."""
    return Worker(app.state.runtime)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver."""
    async with receiving() as receiver:
        yield receiver
