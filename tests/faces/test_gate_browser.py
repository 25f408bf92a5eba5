"""The gate in a real browser: a scanner that types, a phone's width, a tablet, and no JavaScript at all."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import uvicorn
from playwright.async_api import Browser, Page, ViewportSize
from starlette.applications import Starlette

from tests.support.browser import chromium_here
from tests.support.database import DbUrls
from tests.support.gate_world import ADULTS, World
from wenyue.accounts import save_staff
from wenyue.faces.gate import routes
from wenyue.faces.shared import routes as static_routes
from wenyue.gate import Desk
from wenyue.infra.config import load
from wenyue.policy import save_presets
from wenyue.services import build

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
NOW = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
PHONE: ViewportSize = {"width": 390, "height": 844}
TABLET: ViewportSize = {"width": 1024, "height": 768}


@dataclass
class Site:
    """A served gate and a browser in front of it."""

    url: str
    world: World
    browser: Browser

    async def stand(self, size: ViewportSize, *, has_script: bool = True) -> Page:
        """A page of a keeper who signed in and chose the gate."""
        context = await self.browser.new_context(viewport=size, java_script_enabled=has_script)
        page = await context.new_page()
        await page.goto(f"{self.url}/gate")
        await page.fill("#login", "gate")
        await page.fill("#password", "correct horse")
        await page.press("#password", "Enter")
        await page.get_by_label("灵隐").check(force=True)
        await page.fill("#gate", "北门")
        await page.press("#gate", "Enter")
        await page.wait_for_selector(".gate-result--ready")
        return page


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Site]:
    url = make_database().app_url
    services = build(
        load({"WENYUE_DATABASE_URL": url, "WENYUE_HOME": str(tmp_path), "WENYUE_DATABASE_POOL": "4"}),
        clock=lambda: NOW,
    )
    app = Starlette(routes=[*routes, *static_routes])
    app.state.services = services
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as tx:
            world = await World.make(tx, NOW)
            world.desk = Desk(services.vault, services.gate_keys, world.desk.presets)
            await save_presets(tx)
            await save_staff(tx, login="gate", password="correct horse", role="gate", now=NOW, actor="test")
            await services.start()
            serving = asyncio.create_task(server.serve([listening]))
            async with chromium_here() as browser:
                yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", world, browser)
            server.should_exit = True
            await serving
            await services.stop()


async def wedge(page: Page, text: str) -> str:
    """A scanner types wherever the focus is, and ends with Enter. The class of the answer that appears."""
    await page.keyboard.type(text)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    shown = page.locator(".gate-result")
    box, size = await shown.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["y"] >= 0, "the answer was scrolled out of sight"
    assert box["y"] < size["height"] / 3, "the answer does not begin in the upper third"
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    return (await shown.get_attribute("class") or "").split("--")[-1]


@pytest.mark.parametrize(("size", "has_script"), [(PHONE, True), (TABLET, True), (PHONE, False)])
async def test_a_shift_at_the_gate(site: Site, size: ViewportSize, *, has_script: bool) -> None:
    page = await site.stand(size, has_script=has_script)
    voucher = site.world.voucher(await site.world.book())
    assert await wedge(page, voucher) == "good"
    assert await page.locator(".gate-result__word").inner_text() == "请入园"
    assert await wedge(page, voucher) == "bad"
    assert await page.locator(".gate-result__word").inner_text() == "已核销"
    await page.locator(".gate-result__undo summary").click()
    await page.fill('.gate-result__undo [name="reason"]', "扫错了人")
    async with page.expect_navigation():
        await page.press('.gate-result__undo [name="reason"]', "Enter")
    assert "名额恢复" in await page.locator(".note--good").inner_text()
    assert await wedge(page, voucher) == "good"


async def test_a_party_is_let_in_with_one_press(site: Site) -> None:
    page = await site.stand(PHONE)
    booking_id = await site.world.book(documents=ADULTS)
    assert await wedge(page, str(booking_id)) == "ask"
    async with page.expect_navigation():
        await page.locator(".gate-choice--all").click()
    assert await page.locator(".gate-result__count").inner_text() == "3 人"


async def test_the_scanner_is_heard_wherever_the_focus_was_lost(site: Site) -> None:
    page = await site.stand(TABLET)
    await page.locator("h2").first.click()
    assert await wedge(page, "nonsense") == "bad"


async def test_the_three_grounds_can_be_read(site: Site) -> None:
    page = await site.stand(PHONE)
    await site.world.book(documents=ADULTS[:2])
    for text in (
        ADULTS[0],
        ADULTS[0],
        str(await site.world.book(await site.world.slot(product="shuttle"), documents=ADULTS)),
    ):
        await wedge(page, text)
        colours = await page.locator(".gate-result").evaluate(
            "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
        )
        assert contrast(*colours) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two `rgb(r, g, b)` colours."""
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
