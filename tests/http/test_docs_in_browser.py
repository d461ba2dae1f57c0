"""The docs page in a real browser, with every network but the register's own switched off."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser

from tests.browser import PATIENCE, Watched, needs_browser, opened, served
from tests.conftest import Templates
from tests.databases import any_database
from tests.factories import LIGA

pytestmark = [pytest.mark.thorough, needs_browser, any_database]


PUBLIC = "https://register.stadt.example"
CLICK_ALL = "each => each.forEach(one => one.click())"
"""Opens or closes all groups at once: what is open is drawn anew with every click, and every letter that is typed."""


@pytest.fixture(scope="module")
async def address(templates: Templates) -> AsyncIterator[str]:
    """The address of a register whose contract names another address first."""
    async with templates.fresh("seeded") as settings, served(settings.model_copy(update={"public_url": PUBLIC})) as at:
        yield at


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A browser."""
    async with opened() as browser:
        yield browser


@pytest.fixture(scope="module")
async def docs(address: str, browser: Browser) -> Watched:
    """The docs page, opened once: drawing the contract takes seconds."""
    watched = Watched(await browser.new_page(), address)
    await watched.open("/docs")
    await watched.page.wait_for_selector(".opblock-tag")
    return watched


class TestDocs:
    async def test_show_every_operation(self, docs: Watched, address: str) -> None:
        page = docs.page
        groups = page.locator(".opblock-tag")
        assert await page.locator(".opblock-tag-section .opblock").count() == 0
        await groups.evaluate_all(CLICK_ALL)
        async with httpx.AsyncClient(base_url=address) as client:
            contract = (await client.get("/openapi.json")).json()
        items = (*contract["paths"].values(), *contract["webhooks"].values())
        described = sorted(operation["summary"] for item in items for operation in item.values())
        descriptions = page.locator(".opblock-summary-description")
        await descriptions.nth(len(described) - 1).wait_for(state="attached", timeout=PATIENCE)
        shown = await descriptions.all_text_contents()
        await groups.evaluate_all(CLICK_ALL)
        assert sorted(shown) == described
        assert await groups.count() == len(contract["tags"])
        assert await page.get_by_role("heading", name=contract["info"]["title"], exact=True).count() == 0
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
        if not await create.count():
            await page.locator("#operations-tag-needs").click()
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

    @pytest.mark.parametrize("path", ["/problems", "/problems/gone"])
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
