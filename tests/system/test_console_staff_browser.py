"""Pages of staff in a real browser: they fit a phone and a wall, in both languages and lights, and weigh little."""

import pytest
from playwright.async_api import Page

from tests.support.browser import LOOKS, album_for, chromium_here
from tests.support.fitting import fits
from tests.system.test_staff_pages_browser import blank, signed_in, url

__all__ = ["url"]
pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_they_fit(url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    async with chromium_here() as browser:
        for number, look in enumerate(LOOKS):
            boss = await blank(browser, url, look)

            async def see(name: str, page: Page = boss, of: str = "-".join(look)) -> None:
                await fits(page, album / f"staff-{name}-{of}.png")

            await signed_in(boss, url, "console", "boss")
            await boss.goto(f"{url}/console/staff")
            await see("list")
            await boss.goto(f"{url}/console/staff/new")
            await boss.fill("#login", f"li.na-{number}")
            await boss.fill("#name", "李娜")
            await boss.click('label:has(input[value="desk"])')
            await boss.click('label:has(input[value="operator"])')
            await boss.fill("#post", "北门柜台")
            await boss.click("main form button >> nth=-1")
            await see("new-mistyped")
            await boss.click('label:has(input[value="operator"])')
            await boss.fill("#venue", "lake")
            await boss.click("main form button >> nth=-1")
            password = await boss.inner_text(".staff-password code")
            assert len(password) == 23
            await see("password")
            await boss.click("main .button >> nth=-1")
            await see("member")
            await boss.click('label:has(input[value="finance"])')
            await boss.click("form:has(#role) button >> nth=-1")
            assert await boss.locator("main [role=status]").count() == 1
            await boss.click('a[href$="ask=retire#ask"]')
            await see("retire")
            await boss.click(".button--danger")
            await see("left")
            await boss.context.close()
