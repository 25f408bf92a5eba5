"""The live page in a real browser: it brings itself up to date, fits a phone and a wall, and says when nobody answers."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize

from tests.support.api_server import serving
from tests.support.api_site import PASSWORD, hire
from tests.support.browser import chromium_here
from tests.support.database import DbUrls
from wenyue.core.duties import duties_of_role
from wenyue.web.shared.pages import environment

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
PHONE: ViewportSize = {"width": 390, "height": 844}
WALL: ViewportSize = {"width": 1440, "height": 900}
PAGE_BYTES_MAX = 100 * 1024


async def sign_in(page: Page, url: str) -> None:
    """As an operator."""
    await page.goto(f"{url}/console/signin")
    await page.fill("#login", "op")
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/console/live")


@pytest.fixture
def url(make_database: Callable[[], DbUrls], tmp_path: Path) -> Iterator[str]:
    urls = make_database()
    asyncio.run(hire(urls, tmp_path, "op", duties_of_role("operator")))
    with serving(urls, tmp_path) as url:
        yield url


async def test_it_lives_and_fits(url: str) -> None:
    faults: list[str] = []
    async with chromium_here() as browser:
        for size in (PHONE, WALL):
            page = await (await browser.new_context(locale="zh-CN", viewport=size)).new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
            await sign_in(page, url)
            assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
            async with page.expect_response("**/console/live.json*") as answered:
                await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            assert (await answered.value).status == 200
            plot = page.locator("[data-chart=load] svg.plot")
            await plot.scroll_into_view_if_needed()
            box = await plot.bounding_box()
            assert box is not None
            await page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
            read_out = await page.inner_text("[data-chart=load] [data-readout]")
            assert "请求" in read_out
            assert "办成" in read_out
        sizes: Any = await page.evaluate(
            "[performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')"
            ".filter(one => !one.name.includes('live.json'))].reduce((sum, one) => sum + one.encodedBodySize, 0)"
        )
        assert 0 < sizes <= PAGE_BYTES_MAX
        assert faults == []
        await page.route("**/console/live.json*", lambda route: route.abort())
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await page.wait_for_selector("[data-lost]:not([hidden])")


async def test_a_marked_process_breaks_no_head(url: str) -> None:
    async with chromium_here() as browser:
        page = await (await browser.new_context(locale="zh-CN", viewport=PHONE)).new_page()
        await sign_in(page, url)
        for lang in ("zh-CN", "en"):
            row = {"name": "worker 1156612", "memory": "1,118 MB", "connections": "12/12", "files": 1234}
            rows = [{**row, "is_away": True, "is_old": False}, {**row, "is_away": False, "is_old": True}]
            macros: Any = environment(lang).get_template("console/pieces.html").module
            await page.goto(f"{url}/console/live?lang={lang}")
            await page.evaluate(
                "html => { document.querySelector('[data-piece=processes]').innerHTML = html }",
                str(macros.processes(rows)),
            )
            heights = await page.eval_on_selector_all(
                "[data-piece=processes] thead th", "all => all.map(one => one.getBoundingClientRect().height)"
            )
            assert max(heights) < 40, "a head of two lines"
            room = await page.eval_on_selector(
                "[data-piece=processes]",
                "one => one.clientWidth - one.firstElementChild.getBoundingClientRect().width",
            )
            assert room >= 0
            assert await page.locator(".console-away").count() == 2
