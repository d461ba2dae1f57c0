"""Reading `/v1/changes/stream` without a network."""

import asyncio
import re
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI

CAUGHT_UP = re.compile(r"(\A|\n\n):[^\n]*\n\n\Z")


async def streamed(app: FastAPI, key: str | None = None, **params: str) -> tuple[int, str]:
    """The status and everything that the stream sends until it has caught up; then the client goes away."""
    status, received = 0, ""
    gone = asyncio.Event()
    headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/changes/stream",
        "raw_path": b"/v1/changes/stream",
        "query_string": urlencode(params).encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("register.test", 80),
    }

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, received
        status = message.get("status", status)
        received += message.get("body", b"").decode()
        if CAUGHT_UP.search(received):
            gone.set()

    await app(scope, receive, send)
    return status, received
