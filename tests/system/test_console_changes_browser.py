"""Proposing and approving in a real browser: it fits a phone and a wall in both languages, light and dark, and weighs little."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.support.api_server import serving
from tests.support.api_site import PASSWORD, TODAY, hire
from tests.support.browser import album_for, chromium_here
from tests.support.database import DbUrls
from tests.support.fitting import fits
from wenyue.core.duties import Duty, Role
from wenyue.web.shared.i18n import LOCALE_COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "wall": {"width": 1440, "height": 900},
}
DAY = TODAY + timedelta(days=5)


@pytest.fixture
def url(make_database: Callable[[], DbUrls], tmp_path: Path) -> Iterator[str]:
    urls = make_database()
    for login in ("ann", "bo"):
        asyncio.run(hire(urls, tmp_path, login, {Duty(Role.OPERATOR)}))
    with serving(urls, tmp_path) as url:
        yield url


async def page_of(browser: Browser, url: str, login: str, look: tuple[str, str, str]) -> Page:
    """A page of somebody who is signed in; `look`: size, language, light or dark."""
    size, lang, scheme = look
    context = await browser.new_context(
        locale="zh-CN", viewport=SIZES[size], color_scheme="dark" if scheme == "dark" else "light"
    )
    await context.add_cookies([{"name": LOCALE_COOKIE, "value": lang, "url": url}])
    page = await context.new_page()
    await page.goto(f"{url}/console/signin")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/console/live")
    return page


async def test_it_is_proposed_and_approved_and_fits(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    async with chromium_here() as browser:
        for number, (size, lang, scheme) in enumerate(
            (
                ("phone", "zh-CN", "light"),
                ("wall", "en", "light"),
                ("phone", "en", "dark"),
                ("wall", "zh-CN", "dark"),
            )
        ):
            ann = await page_of(browser, url, "ann", (size, lang, scheme))
            faults: list[str] = []
            ann.on("pageerror", lambda error, to=faults: to.append(str(error)))
            ann.on("console", lambda said, to=faults: to.append(said.text) if said.type == "error" else None)

            async def look(page: Page, name: str, of: str = f"{size}-{lang}-{scheme}") -> None:
                await fits(page, album / f"{name}-{of}.png")

            await ann.goto(f"{url}/console/changes/new")
            await look(ann, "1-venue")
            await ann.click("ul.lines a >> nth=0")
            await look(ann, "2-act")
            await ann.click('a[href*="/console/days"]')
            await look(ann, "2a-days")
            await ann.click(f'a[href*="from={DAY.isoformat()}"]')
            await look(ann, "2b-day")
            await ann.click('a[href*="prices.set"]')
            await ann.select_option("#product", index=1)
            assert await ann.input_value("#from") == DAY.isoformat()
            await ann.fill("#yuan", "58.50")
            await ann.click('button[value="preview"]')
            await ann.fill("#reason", "旺季调价，与周边场馆一致")
            await look(ann, "3-form")
            await ann.fill("#yuan", "5x")
            await ann.evaluate("document.querySelectorAll('form').forEach(one => one.noValidate = true)")
            await ann.click('button[value="propose"]')
            await look(ann, "4-mistyped")
            await ann.fill("#yuan", f"{58 + number}")
            await ann.click('button[value="propose"]')
            await ann.wait_for_url("**/console/changes/*-*")
            await look(ann, "5-proposed")
            bo = await page_of(browser, url, "bo", (size, lang, scheme))
            await bo.goto(f"{url}/console/changes")
            await look(bo, "6-list")
            await bo.click("ul.lines a >> nth=0")
            await look(bo, "7-decide")
            await bo.click('button[value="approve"]')
            await bo.wait_for_selector(".pill--good")
            await look(bo, "8-done")
            assert [one for one in faults if "422" not in one] == []
            await ann.context.close()
            await bo.context.close()


async def test_holidays_are_proposed_and_approved_and_fit(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    looks = (("phone", "zh-CN", "light"), ("wall", "en", "light"), ("phone", "en", "dark"))
    async with chromium_here() as browser:
        for number, look in enumerate((*looks, ("wall", "zh-CN", "dark"))):
            of, first = "-".join(look), DAY + timedelta(days=10 * number)
            ann = await page_of(browser, url, "ann", look)
            await ann.goto(f"{url}/console/holidays")
            await fits(ann, album / f"holidays-1-{of}.png")
            await ann.fill("#from", first.isoformat())
            await ann.fill("#to", (first + timedelta(days=2)).isoformat())
            await ann.select_option("#name", "国庆节")
            await ann.fill("#source", "国务院办公厅关于部分节假日安排的通知")
            await ann.click('button[value="preview"]')
            await fits(ann, album / f"holidays-2-preview-{of}.png")
            await ann.click('button[value="apply"]')
            await ann.wait_for_url("**/console/changes/*-*")
            await fits(ann, album / f"holidays-3-proposed-{of}.png")
            bo = await page_of(browser, url, "bo", look)
            await bo.goto(ann.url)
            await bo.click('button[value="approve"]')
            await bo.wait_for_selector(".pill--good")
            await fits(bo, album / f"holidays-4-done-{of}.png")
            await ann.context.close()
            await bo.context.close()
