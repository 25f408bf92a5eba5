"""What a keeper does beside scanning, in a real browser: no page is loaded for it, and a scan that comes meanwhile is whole."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS
from tests.support.gate_scans import count
from tests.support.gate_site import NOW, PHONE, TABLET, Site, gate_site, scanned
from wenyue.gate import booking_code, index_bookings

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Site]:
    async with gate_site(make_database(), tmp_path) as served:
        yield served


@asynccontextmanager
async def held(page: Page, address: str) -> AsyncGenerator[None]:
    """What is sent to this address arrives only when the block is left."""
    let_go = asyncio.Event()

    async def wait(route: Route) -> None:
        await let_go.wait()
        await route.continue_()

    await page.route(address, wait)
    yield
    let_go.set()


@asynccontextmanager
async def one_page(page: Page) -> AsyncGenerator[None]:
    """Whatever is done in the block, the page stays the same document."""
    await page.evaluate("window.isSame = true")
    yield
    assert await page.evaluate("window.isSame")
    assert page.url.endswith("/gate")


async def booked(site: Site) -> tuple[UUID, str]:
    """A booking for one, without a document, and its voucher."""
    booking_id = await site.fixtures.book(documents=(), quantity=1)
    return booking_id, site.fixtures.voucher(booking_id)


def last(page: Page, word: str) -> Locator:
    """The rows of the last scans with this word."""
    return page.locator("[data-gate-rows] > li", has=page.locator("strong", has_text=word))


async def test_ux_G2_looking_somebody_up_loads_no_page_and_loses_no_scan(site: Site) -> None:
    page = await site.stand(TABLET)
    looked_up = await site.fixtures.book(documents=ADULTS[:1])
    await index_bookings(site.fixtures.tx, site.fixtures.desk.vault, [looked_up], NOW, days=1)
    (_, first), (second, _) = await booked(site), await booked(site)
    async with one_page(page):
        await page.locator(".gate-lookup summary").click()
        text = page.locator("#text")
        await text.press_sequentially("王", delay=50)
        await scanned(page, first)  # into the field in which a name is being typed
        await expect(last(page, "请入园")).to_have_count(1)
        await expect(text).to_have_value("王")
        await text.fill("王小明")
        await page.wait_for_timeout(2500)  # an Enter right after a scan is the scanner's
        async with held(page, "**/gate/lookup"):  # not for longer than the page waits: a voucher is many keys
            await text.press("Enter")
            await scanned(page, booking_code(second))
            await scanned(page, booking_code(second))
            await expect(last(page, "已核销")).to_have_count(1)
            await page.keyboard.type("W7B0", delay=100)  # by hand, while the answer comes
        await expect(page.locator("[data-gate-found]")).to_contain_text("找到 1 条")
        await page.keyboard.type("-2", delay=200)
        await expect(page.locator("#presented")).to_have_value("W7B0-2")
        await page.keyboard.press("Enter")
        await expect(last(page, "无法识别")).to_have_count(1)
        await page.get_by_role("button", name="核销").click()
        await scanned(page, first)
        await expect(last(page, "请入园")).to_have_count(3)
        await expect(last(page, "已核销")).to_have_count(2)
    assert await count(site.fixtures.tx, "gate.scan") == 6


async def test_ux_G2_a_look_up_that_fails_says_why_and_keeps_what_was_typed(site: Site) -> None:
    page = await site.stand(PHONE)
    async with one_page(page):
        await page.locator(".gate-lookup summary").click()
        await page.get_by_label("手机号", exact=True).check(force=True)
        await page.fill("#text", "123")
        await page.press("#text", "Enter")
        await expect(page.locator("[data-gate-found]")).to_contain_text("至少6位")
        await page.context.set_offline(True)
        await page.press("#text", "Enter")
        await expect(page.locator("[data-gate-hint]")).to_contain_text("没有查找")
        await page.context.set_offline(False)
        await expect(page.locator("#text")).to_have_value("123")
        await page.context.clear_cookies(name="wy_staff")
        await page.press("#text", "Enter")
        await expect(page.locator("[data-gate-hint]")).to_contain_text("登录已过期")


async def undo_first(page: Page) -> None:
    """Take the newest of the last scans back."""
    undo = page.locator("[data-gate-rows] .gate-undo").first
    await undo.locator("summary").click()
    await undo.locator('[name="reason"]').fill("扫错了人")
    await undo.locator("button").click()


async def test_ux_G2_the_second_person_confirms_without_a_page_and_no_scan_is_lost(site: Site) -> None:
    page = await site.stand(TABLET)
    (_, voucher), (other, _), (third, _) = [await booked(site) for _ in range(3)]
    note = page.locator("[data-gate-note]")
    async with one_page(page):
        await scanned(page, voucher)
        await expect(last(page, "请入园")).to_have_count(1)
        await undo_first(page)
        await expect(note).to_contain_text("名额恢复")
        await scanned(page, voucher)
        await expect(last(page, "请入园")).to_have_count(1)
        async with held(page, "**/gate/undo"):
            await undo_first(page)
            await scanned(page, booking_code(other))
            await expect(last(page, "请入园")).to_have_count(2)
        await note.get_by_text("不撤销").click()
        await expect(note).to_be_empty()
        await page.locator("[data-gate-rows] summary").nth(1).click()
        await page.locator('[data-gate-rows] [name="reason"]').nth(1).fill("扫错了人")
        await page.locator('[data-gate-rows] [name="reason"]').nth(1).press("Enter")
        await page.fill("#second_login", "boss")
        await page.fill("#second_password", "wrong horse")
        await page.press("#second_password", "Enter")
        await expect(note.locator(".error-list")).to_be_visible()
        await expect(page.locator("#second_login")).to_have_value("boss")
        await page.fill("#second_password", "correct horse")
        await page.fill("#second_code", site.code)
        await page.unroute("**/gate/undo")
        async with held(page, "**/gate/undo"):
            await page.press("#second_password", "Enter")
            await scanned(page, booking_code(third))
            await expect(last(page, "请入园")).to_have_count(3)
        await expect(note).to_contain_text("名额恢复")
        await expect(last(page, "请入园")).to_have_count(2)
        await expect(last(page, "已撤销")).to_have_count(2)


async def test_ux_G2_a_reason_that_is_being_typed_outlives_another_undo(site: Site) -> None:
    page = await site.stand(TABLET)
    for _ in range(2):
        await scanned(page, (await booked(site))[1])
    await expect(last(page, "请入园")).to_have_count(2)
    rows = page.locator("[data-gate-rows] > li")
    async with one_page(page):
        async with held(page, "**/gate/undo"):
            await undo_first(page)
            await rows.nth(1).locator("summary").click()
            await rows.nth(1).locator('[name="reason"]').fill("误")
        await expect(last(page, "已撤销")).to_have_count(1)
        await page.keyboard.type("x", delay=200)
        await expect(rows.nth(1).locator('[name="reason"]')).to_have_value("误x")
        await page.locator("h2").first.click()
        for _ in range(12):
            await scanned(page, "no code of ours")
        await expect(last(page, "无法识别")).to_have_count(11, timeout=60_000)  # each is shown for a while
        await expect(page.locator('[data-gate-rows] [name="reason"]')).to_have_value("误x")


async def test_ux_G2_a_moved_device_looks_nobody_up_from_an_old_page(site: Site) -> None:
    page = await site.stand(PHONE)
    other = await page.context.new_page()
    await other.goto(f"{site.url}/gate/setup")
    await other.fill("#gate", "南门")
    await other.press("#gate", "Enter")
    await other.wait_for_selector(".gate-result--ready")
    await page.locator(".gate-lookup summary").click()
    await page.fill("#text", "王小明")
    await page.press("#text", "Enter")
    await expect(page.locator("[data-gate-hint]")).to_contain_text("换到另一个闸口")
    assert await count(site.fixtures.tx, "gate.lookup") == 0


async def test_ux_G2_without_a_script_looking_up_is_a_page(site: Site) -> None:
    page = await site.stand(PHONE, has_script=False)
    looked_up = await site.fixtures.book(documents=ADULTS[:1])
    await index_bookings(site.fixtures.tx, site.fixtures.desk.vault, [looked_up], NOW, days=1)
    await page.locator(".gate-lookup summary").click()
    await page.fill("#text", "王小明")
    await page.press("#text", "Enter")
    await expect(page.locator("h1")).to_have_text("查找预约")
    await page.get_by_role("button", name="核销").click()
    await expect(page.locator(".gate-result__word")).to_contain_text("请入园")
