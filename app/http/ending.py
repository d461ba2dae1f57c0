"""Requests that are broken off because the process ends."""

import asyncio
import logging

from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.masking import masked

logger = logging.getLogger(__name__)


class Ending:
    """ASGI middleware: what is broken off at the end of the process is told in a line, and is no failure."""

    def __init__(self, app: ASGIApp, ending: asyncio.Event) -> None:
        self.app, self.ending = app, ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http" or not self.ending.is_set():
                raise
            logger.warning("a request was broken off: the process ends", extra={"path": masked(scope["path"])})
