"""Large answers are sent piece by piece, few at once; requests are counted by client."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.http import rate_limit, sending
from app.http.clients import network_of
from app.http.rate_limit import RateLimit
from app.http.sending import PIECE, LargeAnswers
from app.places import Asker, asking

App = Callable[[Any, Any, Any], Awaitable[None]]


def scope_of(host: str = "192.0.2.1") -> dict[str, Any]:
    """A request from an address."""
    return {"type": "http", "method": "GET", "path": "/", "headers": [], "client": (host, 1)}


async def nothing() -> dict[str, Any]:
    """No body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def answering(size: int) -> App:
    """An app whose answer is so large."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(range(256)) * (size // 256)})

    return app


async def messages_of(app: App, host: str = "192.0.2.1") -> list[dict[str, Any]]:
    """What an app sends."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope_of(host), nothing, send)
    return sent


class TestLargeAnswers:
    async def test_come_piece_by_piece(self) -> None:
        size = sending.LARGE + 256
        _, *parts = await messages_of(LargeAnswers(answering(size)))
        assert max(len(part["body"]) for part in parts) == PIECE
        assert b"".join(part["body"] for part in parts) == bytes(range(256)) * (size // 256)
        assert [part.get("more_body", False) for part in parts] == [True] * (len(parts) - 1) + [False]

    async def test_are_few_at_once_for_each_caller(self) -> None:
        large, small = LargeAnswers(answering(sending.LARGE + 256)), LargeAnswers(answering(sending.LARGE))
        small.places = large.places
        one, other = Asker("192.0.2.1", has_key=False), Asker("192.0.2.2", has_key=False)
        while large.places.may_have(one):
            await large.places.take(one)
        statuses = []
        for asker, app in ((one, large), (one, small), (other, large)):
            token = asking.set(asker)
            start, *_ = await messages_of(app)
            statuses.append((start["status"], dict(start["headers"]).get(b"retry-after")))
            asking.reset(token)
        assert statuses == [(503, b"1"), (200, None), (200, None)]
        assert large.places.held[other] == 0


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown, 192.0.2.1", ""),
        ("", ""),
    ],
)
def test_a_client_is_an_address_or_a_network(host: str, client: str) -> None:
    assert network_of(host) == client


class TestRateLimit:
    @pytest.fixture(autouse=True)
    def stopped(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A minute that stands still."""
        monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: 15.0))

    async def test_counts_a_network_as_one(self) -> None:
        limited = RateLimit(answering(0), 2)
        hosts = ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")
        assert [(await messages_of(limited, host))[0]["status"] for host in hosts] == [200, 200, 429, 200]

    async def test_forgets_who_asked_least_when_there_are_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rate_limit, "MOST_CLIENTS", 10)
        limited = RateLimit(answering(0), 3)
        for _ in range(3):
            await messages_of(limited, "192.0.2.1")
        for number in range(100):
            assert (await messages_of(limited, f"2001:db8:0:{number:x}::1"))[0]["status"] == 200
        assert len(limited.counts) <= 10
        assert (await messages_of(limited, "192.0.2.1"))[0]["status"] == 429
