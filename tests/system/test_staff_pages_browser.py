"""Pages of duties, devices and clerks in a real browser: they fit a phone and a wall, in both languages, and weigh little."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.support.api_server import serving
from tests.support.api_site import PASSWORD, hire
from tests.support.browser import LOOKS, album_for, chromium_here
from tests.support.database import DbUrls
from tests.support.fitting import fits
from wenyue.core.duties import Duty, Role
from wenyue.web.shared.i18n import LOCALE_COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "wall": {"width": 1440, "height": 900},
}
PIN = "295173"


@pytest.fixture
def url(make_database: Callable[[], DbUrls], tmp_path: Path) -> Iterator[str]:
    urls = make_database()
    asyncio.run(hire(urls, tmp_path, "boss", {Duty(Role.ADMINISTRATOR), Duty(Role.OPERATOR)}, "陈主任"))
    asyncio.run(hire(urls, tmp_path, "wang", {Duty(Role.GATE, 1)}, "王芳"))  # a keeper
    with serving(urls, tmp_path) as url:
        yield url


async def signed_in(page: Page, url: str, face: str, login: str) -> None:
    """By password."""
    await page.goto(f"{url}/{face}/signin")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_load_state()


async def blank(browser: Browser, url: str, look: tuple[str, str, str]) -> Page:
    """A browser that nobody has used; `look`: size, language, light or dark."""
    size, lang, scheme = look
    context = await browser.new_context(
        locale="zh-CN", viewport=SIZES[size], color_scheme="dark" if scheme == "dark" else "light"
    )
    await context.add_cookies([{"name": LOCALE_COOKIE, "value": lang, "url": url}])
    return await context.new_page()


async def test_they_fit(url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    async with chromium_here() as browser:
        keeper = await blank(browser, url, LOOKS[0])
        await signed_in(keeper, url, "gate", "wang")
        await keeper.fill('input[name="gate"]', "北门")
        await keeper.click("main form button")
        await keeper.goto(f"{url}/gate/pin")
        await keeper.fill('input[name="pin"]', PIN)
        await keeper.fill('input[name="again"]', PIN)
        await keeper.click("main form button >> nth=-1")
        for number, look in enumerate(LOOKS):
            boss, device = await blank(browser, url, look), await blank(browser, url, look)

            async def see(page: Page, name: str, of: str = "-".join(look)) -> None:
                await fits(page, album / f"{name}-{of}.png")

            await signed_in(boss, url, "console", "boss")
            await boss.goto(f"{url}/console/duties")
            await see(boss, "duties")
            await boss.goto(f"{url}/console/record")
            await see(boss, "record")
            await boss.fill("#who", "nobody-known")
            await boss.click("main form button >> nth=0")
            await see(boss, "record-mistyped")
            await boss.goto(f"{url}/console/me")
            await see(boss, "me")
            await boss.click('a[href="/console/me/password"]')
            await boss.fill("#present", "mistyped")
            await boss.fill("#wanted", "a password of my own")
            await boss.fill("#again", "a password of my won")
            await boss.click("main form button >> nth=-1")
            await see(boss, "password-mistyped")
            await boss.goto(f"{url}/console/devices")
            await boss.fill('input[name="venue"]', "lake")
            await boss.fill('input[name="post"]', f"{'东南西北'[number]}门")
            await boss.click("main form button >> nth=0")
            code = await boss.inner_text("strong >> nth=0")
            await see(boss, "devices")
            await device.goto(f"{url}/gate/enrol")
            await see(device, "enrol")
            await device.fill('input[name="code"]', code)
            await device.click("main form button >> nth=0")
            await device.wait_for_url("**/gate/clerk")
            await see(device, "clerk")
            await see(keeper, "pin")
            await keeper.goto(f"{url}/gate/pin")
            await boss.context.close()
            await device.context.close()
