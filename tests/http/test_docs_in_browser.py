"""The docs page in a real browser, with every network but the register's own switched off."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from socket import socket

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Page, Request, Route, async_playwright

from app.main import create_app
from app.settings import Settings
from tests.conftest import Templates
from tests.databases import any_database
from tests.factories import LIGA

BROWSER = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000

pytestmark = [
    pytest.mark.skipif(not Path(BROWSER).exists(), reason="there is no Chromium on this machine"),
    any_database,
]


class Server(uvicorn.Server):
    """A server that says when it has started."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_config=None))
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


PUBLIC = "https://register.stadt.example"


@pytest.fixture(scope="module")
async def address(templates: Templates) -> AsyncIterator[str]:
    """The address of a real server on a port that was free; its contract names another address first."""
    async with templates.fresh("seeded") as settings:
        server = Server(settings.model_copy(update={"public_url": PUBLIC}))
        serving = asyncio.create_task(server.serve())
        try:
            await asyncio.wait_for(server.is_up.wait(), 30)
            yield "http://127.0.0.1:{1}".format(*server.servers[0].sockets[0].getsockname())
        finally:
            server.should_exit = True
            await serving


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
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

    async def open(self, path: str) -> None:
        """Open a path of the register; whatever leads elsewhere is stopped and shows up as a failed request."""

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
        answer = await self.page.goto(self.address + path, wait_until="networkidle", timeout=PATIENCE)
        assert answer
        assert answer.status == 200


@pytest.fixture(scope="module")
async def docs(address: str, browser: Browser) -> Watched:
    """The docs page, opened once: drawing the contract takes seconds."""
    watched = Watched(await browser.new_page(), address)
    await watched.open("/docs")
    await watched.page.wait_for_selector(".opblock")
    return watched


class TestDocs:
    async def test_show_every_operation(self, docs: Watched, address: str) -> None:
        page = docs.page
        async with httpx.AsyncClient(base_url=address) as client:
            contract = (await client.get("/openapi.json")).json()
        described = sorted(operation["summary"] for item in contract["paths"].values() for operation in item.values())
        shown = await page.locator(".opblock-summary-description").all_text_contents()
        assert sorted(shown) == described
        assert await page.locator(".opblock-tag").count() == len(contract["tags"])
        assert [url for url in docs.requested if not url.startswith((f"{address}/", "data:"))] == []
        assert docs.complaints == []

    async def test_send_one_request_after_the_other(self, docs: Watched, templates: Templates) -> None:
        """What the page fills in by itself must be right for the second request too; what is answered is shown."""
        page = docs.page
        await page.locator(".btn.authorize").first.click()
        dialog = page.locator(".dialog-ux")
        await dialog.locator("input").fill(templates.keys["other_contributor"])
        await dialog.get_by_role("button", name="Apply credentials").click()
        await dialog.get_by_role("button", name="Close").click()

        create = page.locator("#operations-needs-createNeed")
        await create.locator(".opblock-summary-control").click()
        await create.get_by_role("button", name="Try it out").click()
        for title in ("Erster Bedarf", "Zweiter Bedarf"):
            body = {"title": title, "raised_by_id": LIGA}
            await create.locator(".body-param__text").fill(json.dumps(body))
            async with page.expect_response(f"{docs.address}/v1/needs") as answered:
                await create.get_by_role("button", name="Execute").click()
            answer = await answered.value
            assert (answer.status, (await answer.json())["title"]) == (201, title)
            shown = create.locator(".live-responses-table .response", has_text=title)
            assert (await shown.locator(".response-col_status").inner_text()).strip().startswith("201")
        assert [url for url in docs.requested if not url.startswith((f"{docs.address}/", "data:"))] == []
        assert docs.complaints == []

    async def test_offer_no_server_that_their_policy_forbids(self, docs: Watched) -> None:
        offered = await docs.page.locator(".servers option").all_text_contents()
        assert offered
        assert not any(PUBLIC in each for each in offered)

    @pytest.mark.parametrize("path", ["/", "/problems", "/problems/gone"])
    async def test_are_not_the_only_page_without_complaints(self, address: str, browser: Browser, path: str) -> None:
        watched = Watched(await browser.new_page(locale="de-DE"), address)
        await watched.open(path)
        assert await watched.page.locator("html").get_attribute("lang") == "de"
        assert watched.complaints == []

    async def test_would_notice_what_a_policy_forbids(self, address: str, browser: Browser) -> None:
        """The guard of the tests above: a page that breaks its policy and asks elsewhere does not go unnoticed."""
        watched = Watched(await browser.new_page(), address)
        await watched.open("/problems")
        await watched.page.evaluate(
            "() => { const image = new Image(); image.src = 'https://elsewhere.example/x.png';"
            " document.body.append(image);"
            " const script = document.createElement('script'); script.text = '1'; document.body.append(script) }"
        )
        async with asyncio.timeout(PATIENCE / 1000):
            while len([each for each in watched.complaints if "policy: " in each]) < 2:
                await watched.page.wait_for_event("console")
