"""Draw the overview of the demo year as the README shows it: `python -m tests.site.screenshot FILE`."""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app import migrating
from app.cli.demo import built_in_demo, load_demo
from app.cli.seed import load_content, read_agreement
from app.settings import Settings
from tests.browser import opened, served


async def draw(file: Path) -> None:
    """Serve the demo year, open its overview, and keep what is seen of it at first."""
    with TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{folder}/register.db", operator="Landeshauptstadt Dresden", log_level="error"
        )
        await migrating.upgrade(settings)
        await load_content(settings, read_agreement(None))
        await load_demo(settings, built_in_demo())
        async with served(settings) as address, opened() as browser:
            page = await browser.new_page(locale="en-GB", viewport={"width": 1200, "height": 1080})
            await page.goto(address, wait_until="networkidle")
            await page.screenshot(path=file)


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1])))
