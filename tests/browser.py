"""A register that is really served, and pages of it in a real browser with every other network switched off."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket

import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Route, async_playwright

from app.main import create_app
from app.settings import Settings

BROWSER = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--in-process-gpu",
    "--renderer-process-limit=1",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 120_000

needs_browser = pytest.mark.skipif(not Path(BROWSER).exists(), reason="there is no Chromium on this machine")


class Server(uvicorn.Server):
    """A server that says when it has started."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_config=None))
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[str]:
    """The address of a real server on a port that was free."""
    server = Server(settings)
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.wait_for(server.is_up.wait(), 30)
        yield "http://127.0.0.1:{1}".format(*server.servers[0].sockets[0].getsockname())
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def opened() -> AsyncIterator[Browser]:
    """A browser without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        yield browser
        await browser.close()


class Watched:
    """A page and what went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.is_alone = False
        self.complaints: list[str] = []
        self.requested: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("console", self.note_console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self.note_request)
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def note_console(self, message: ConsoleMessage) -> None:
        # Swagger UI warns of formats that it has no own input for; that is no fault of the page.
        if message.type == "error":
            self.complaints.append(f"error: {message.text}")

    def note_request(self, request: Request) -> None:
        self.requested.append(request.url)

    async def be_alone(self) -> None:
        """Stop whatever leads elsewhere: it shows up as a failed request."""

        async def let_through(route: Route) -> None:
            if route.request.url.startswith((f"{self.address}/", "data:")):
                await route.continue_()
            else:
                await route.abort()

        await self.page.route("**/*", let_through)
        # Chromium tells its console of what a policy forbids, but not before this page listens.
        await self.page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " event => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
        )
        self.is_alone = True

    async def open(self, path: str, status: int = 200) -> None:
        """Open a path of the register, and nothing of another one."""
        if not self.is_alone:
            await self.be_alone()
        answer = await self.page.goto(self.address + path, wait_until="networkidle", timeout=PATIENCE)
        assert answer
        assert answer.status == status
