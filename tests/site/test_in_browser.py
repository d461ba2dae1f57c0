"""The pages for people in a real browser without a network: nothing complains, and everybody can use them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from app.cli.demo import built_in_demo, load_demo
from tests.browser import Watched, needs_browser, opened, served
from tests.conftest import Templates
from tests.databases import any_database

pytestmark = [pytest.mark.thorough, needs_browser, any_database]

MOST_BYTES = 100_000
PHONE, DESK = {"width": 390, "height": 800}, {"width": 1280, "height": 900}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
async def address(templates: Templates) -> AsyncIterator[str]:
    """The address of a register with the demo year."""
    async with templates.fresh("seeded") as settings:
        await load_demo(settings, built_in_demo())
        async with served(settings) as address:
            yield address


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser."""
    async with opened() as browser:
        yield browser


async def first_of(address: str, path: str, **asked: Any) -> str:
    """The page of the first entry of a list."""
    async with httpx.AsyncClient(base_url=address) as client:
        answer = await client.get(f"/v1/{path}", params={"limit": 1, **asked})
        return f"/{path}/{answer.json()['items'][0]['id']}"


class TestPages:
    async def test_can_be_used_by_everybody(self, address: str, browser: Browser) -> None:
        """axe-core finds nothing on any template, by day and by night, at a desk and on a phone."""
        paths = [
            "/",
            "/consultation-events?status=held",
            await first_of(address, "consultation-events"),
            await first_of(address, "decisions"),
            await first_of(address, "proposals"),
            "/reports/progress",
            "/reports/upcoming",
            "/problems",
            "/problems/gone",
        ]
        found = []
        for scheme, size, some in (("light", DESK, paths), ("dark", PHONE, paths[:4])):
            context = await browser.new_context(locale="de-DE", color_scheme=scheme, viewport=size)  # type: ignore[arg-type]  # they are what it names
            watched = Watched(await context.new_page(), address)
            for path in some:
                await watched.open(path)
                result = await Axe().run(watched.page, options=RULES)
                found += [
                    f"{path} {scheme}: {each['id']}: {each['nodes'][0]['html']}"
                    for each in result.response["violations"]
                ]
                for text in ("100%", "200%"):
                    await watched.page.evaluate("size => document.documentElement.style.fontSize = size", text)
                    if await watched.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                        found.append(f"{path} is too wide with text of {text}")
                found += [f"{path}: {each}" for each in watched.complaints]
                watched.complaints.clear()
            await context.close()
        assert found == []

    async def test_lead_by_keyboard_past_the_navigation(self, address: str, browser: Browser) -> None:
        watched = Watched(await browser.new_page(locale="de-DE"), address)
        await watched.open("/goals")
        await watched.page.keyboard.press("Tab")
        assert await watched.page.evaluate("document.activeElement.textContent") == "Zum Inhalt"
        await watched.page.keyboard.press("Enter")
        await watched.page.keyboard.press("Tab")
        assert await watched.page.evaluate("document.activeElement.closest('main') !== null")

    async def test_are_printed_dark_on_light(self, address: str, browser: Browser) -> None:
        """By night, too: paper stays white, and nobody prints backgrounds."""
        page = await browser.new_page(color_scheme="dark")
        await page.goto(f"{address}/problems")
        colours = "getComputedStyle(document.body).color + getComputedStyle(document.body).backgroundColor"
        by_night = await page.evaluate(colours)
        await page.emulate_media(media="print")
        assert await page.evaluate(colours) == "rgb(27, 27, 31)rgb(255, 255, 255)" != by_night

    async def test_are_small(self, address: str, browser: Browser) -> None:
        page = await browser.new_page(locale="de-DE")
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        received: list[float] = []
        session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        await page.goto(address, wait_until="networkidle")
        assert len(received) > 3
        assert sum(received) < MOST_BYTES
