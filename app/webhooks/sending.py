"""One attempt to bring a message to an endpoint."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx
from sqlalchemy import RowMapping

from app import __version__
from app.runtime import Runtime
from app.webhooks.addresses import AddressRefused, Guard, Resolve, UnknownHost, port_of
from app.webhooks.messages import Message
from app.webhooks.rules import Outcome, asked_wait, failure_of
from app.webhooks.signing import secret_of, signed
from app.webhooks.terms import Failure

SECONDS_TO_CONNECT = 5.0
SECONDS = 15.0
"""How long an attempt may take in all: looking up the name, connecting, sending, the head of the answer."""
SECONDS_FOR_BODY = 1.0
MOST_READ = 8 * 1024
TIMEOUTS = {"connect": SECONDS_TO_CONNECT, "read": SECONDS, "write": SECONDS, "pool": SECONDS}
USER_AGENT = f"cooperation-register/{__version__}"


class Sender:
    """Sends messages to one endpoint over one connection, which is kept as long as the block lasts.

    Nothing but the endpoint's own URL is asked: no redirect is followed, and no proxy of the environment is used.
    """

    def __init__(self, runtime: Runtime, endpoint: RowMapping, tls: ssl.SSLContext, resolve: Resolve) -> None:
        url = httpx.URL(endpoint["url"])
        self.clock = runtime.clock
        self.url = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path or b"/"
        )
        self.endpoint = endpoint
        self.key = runtime.settings.webhook_key
        self.pool = httpcore.AsyncConnectionPool(
            tls,
            max_connections=1,
            network_backend=Guard(url.scheme, runtime.settings.webhook_networks, resolve),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(httpcore.NetworkError, OSError):
            await self.pool.aclose()

    def secrets(self) -> Sequence[bytes]:
        """The endpoint's secret, and the one before as long as that holds too."""
        if self.key is None:
            return []
        generation, until = self.endpoint["generation"], self.endpoint["old_secret_until"]
        has_old = until is not None and self.clock() < until
        return [secret_of(self.key, self.endpoint["id"], each) for each in (generation, generation - 1)[: 1 + has_old]]

    async def send(self, message: Message) -> Outcome:
        """Make an attempt; whatever goes wrong is its outcome."""
        at, started = self.clock(), time.monotonic()
        stamp = int(at.timestamp())
        headers = [
            (b"Content-Type", b"application/json"),
            (b"User-Agent", USER_AGENT.encode()),
            (b"webhook-id", message.id.encode()),
            (b"webhook-timestamp", str(stamp).encode()),
            (b"webhook-signature", signed(self.secrets(), message.id, stamp, message.body).encode()),
        ]
        answer: httpcore.Response | None = None
        failure: Failure | None = None
        try:
            async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
                asking = self.pool.stream(
                    "POST", self.url, headers=headers, content=message.body, extensions={"timeout": TIMEOUTS}
                )
                answer = await stack.enter_async_context(asking)
                await read_little(answer)
        except (TimeoutError, httpcore.TimeoutException):
            failure = Failure.timeout
        except (AddressRefused, UnknownHost, httpcore.ProtocolError, httpcore.NetworkError, OSError) as error:
            failure = failure_from(error)
        took = int((time.monotonic() - started) * 1000)
        if answer is None:
            return Outcome(at, took, failure=failure)
        # The head of an answer says whether the message was taken, whatever becomes of the rest.
        retry_after = asked_wait(header_of(answer, b"retry-after"), at)
        return Outcome(at, took, answer.status, failure_of(answer.status), retry_after)


async def read_little(answer: httpcore.Response) -> None:
    """Read a short answer to its end, so that its connection can be used again; a long one is broken off."""
    left = MOST_READ
    with suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_FOR_BODY):
            async for chunk in answer.aiter_stream():
                left -= len(chunk)
                if left < 0:
                    return


def header_of(answer: httpcore.Response, name: bytes) -> str | None:
    """The value of a header of an answer."""
    return next((value.decode("latin-1") for key, value in answer.headers if key.lower() == name), None)


def failure_from(error: Exception) -> Failure:
    """Why there is no answer."""
    match error:
        case AddressRefused():
            return Failure.address
        case UnknownHost():
            return Failure.unknown_host
        case httpcore.ProtocolError():
            return Failure.protocol
    return Failure.tls if caused_by_tls(error) else Failure.connection


def caused_by_tls(error: BaseException | None) -> bool:
    """Whether TLS is behind an error."""
    seen: list[Any] = []
    while error is not None and error not in seen:
        if isinstance(error, ssl.SSLError):
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False
