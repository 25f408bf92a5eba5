"""Every page in the pseudo-language, in a real browser at two widths: no text without a translation, none cut, none too wide."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.support.api_server import serving
from tests.support.api_site import hire
from tests.support.browser import chromium_here
from tests.support.database import DbUrls
from tests.support.every_page import (
    ADMINISTRATOR,
    OPERATOR,
    pages_of,
    walk_console,
    walk_gate,
    walk_traveller,
)
from tests.support.pseudo import COOKIE, Eye, spoken
from tests.support.traveller_site import NOW
from tests.system.test_gate_pages_browser import claim_and_book
from wenyue.core.duties import Duty, Role

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
# What pages show of their data, and what CLDR says.
DATA = re.compile(
    r"English|CHN|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|Chrome · Linux"
    r"|\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b|\b[0-9A-Z]{5}-[0-9A-Z]{5}\b"  # codes
    r"|\bgate\b|\bsignin\b|云岭寺|望江楼|小山\d+|杭州|武汉|山东|张\*示|张演示|大风|Strong wind"
    r"|Mirror Lake|Wangjiang Tower|Loop Line|Lakeside Inn|Lake Kitchen|Demo tourism card|Adult|Morning|Dinner"
    r"|10 hotel room nights|12 restaurant tables \(2 a day\)|20 shuttle seats"
    r"|Unlimited attraction visits \(once a day, place and person\)"
)


@pytest.fixture
def clock() -> list[datetime]:
    return [NOW]


@pytest.fixture
def url(
    make_database: Callable[[], DbUrls],
    tmp_path: Path,
    clock: list[datetime],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    urls = make_database()
    asyncio.run(hire(urls, tmp_path, ADMINISTRATOR, {Duty(Role.ADMINISTRATOR), Duty(Role.OPERATOR)}, "Mvq"))
    asyncio.run(hire(urls, tmp_path, OPERATOR, {Duty(Role.OPERATOR), Duty(Role.GATE)}, "Vmq"))
    with spoken(monkeypatch), serving(urls, tmp_path, "needed", lambda: clock[0]) as url:
        yield url.replace("127.0.0.1", "localhost")  # passkeys belong to names


@asynccontextmanager
async def browsing(url: str) -> AsyncGenerator[Page]:
    """A page that speaks the pseudo-language."""
    name, _, value = COOKIE.partition("=")
    async with chromium_here() as browser:
        context = await browser.new_context(base_url=url)
        await context.add_cookies([{"name": name, "value": value, "url": url}])
        yield await context.new_page()


async def test_the_console(url: str, clock: list[datetime]) -> None:
    eye = Eye(DATA)
    async with browsing(url) as page:
        await walk_console(page, eye, clock)
    assert pages_of("/console") <= eye.seen
    assert "\n".join(eye.found) == ""


async def test_the_gate(url: str, clock: list[datetime]) -> None:
    claim_and_book(url)
    eye = Eye(DATA)
    async with browsing(url) as page:
        await walk_gate(page, eye, clock)
    assert pages_of("/gate") <= eye.seen
    assert "\n".join(eye.found) == ""


async def test_the_travellers_pages(url: str) -> None:
    eye = Eye(DATA)
    async with browsing(url) as page:
        await walk_traveller(page, eye)
    assert "\n".join(eye.found) == ""


async def test_the_eye_sees_what_is_wrong() -> None:
    eye = Eye(DATA)
    async with chromium_here() as browser:
        page = await browser.new_page()
        fine = '<p>[!!Ñöţ ŷéţ, Mirror Lake!!]</p><p lang="zh-CN">镜湖</p><p><code>login</code></p>'
        for wrong in (
            "<p>Sign in</p>",
            "<p>[!!Šîĝñ îñ</p>",
            '<button style="width: 40px; overflow: hidden; white-space: nowrap">[!!Šîĝñ îñ········!!]</button>',
            '<p style="width: 2000px">[!!!!]</p>',
            '<button aria-label="Close">×</button>',
        ):
            await page.set_content(
                f'<!doctype html><html lang="en-XA"><title>[!!!!]</title><main>{fine}{wrong}</main>'
            )
            await eye.see(page, wrong)
            assert eye.found
            eye.found.clear()
        await page.set_content(f'<!doctype html><html lang="en-XA"><title>[!!!!]</title><main>{fine}</main>')
        await eye.see(page, "fine")
    assert eye.found == []


async def test_the_pages_of_the_api(url: str) -> None:
    eye = Eye(DATA)
    async with browsing(url) as page:
        for path in ("/docs", "/docs/problems"):
            await page.goto(path)
            await eye.see(page, path)
    assert "\n".join(eye.found) == ""
