"""The gate's queue in a real browser: what is scanned is received whole, in order, and answered, whatever the network does."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from tests.support.database import DbUrls
from tests.support.documents import with_check
from tests.support.gate_scans import count
from tests.support.gate_site import PHONE, TABLET, Site, gate_site
from tests.support.gate_wire import SHOWN_MS, scan, shown, wired
from wenyue.gate import booking_code

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
KINDS: Final = ("voucher", "code", "id", "booking", "nonsense")


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Site]:
    async with gate_site(make_database(), tmp_path) as served:
        yield served


async def many(site: Site, dice: random.Random, number: int) -> list[tuple[str, str]]:
    """(what is presented, the word that answers it), different each."""
    slot = await site.fixtures.slot()
    scans: list[tuple[str, str]] = []
    for at in range(number):
        kind = dice.choices(KINDS, (15, 25, 25, 10, 25))[0]
        if kind in {"voucher", "code", "booking"}:
            booking_id = await site.fixtures.book(slot, documents=(), quantity=1)
            texts = {
                "voucher": site.fixtures.voucher(booking_id),
                "code": booking_code(booking_id),
                "booking": str(booking_id),
            }
            scans.append((texts[kind], "请入园"))
        elif kind == "id":
            scans.append((resident_id(at), "今日无预约"))
        else:
            scans.append((f"none {at}", "无法识别"))
    return scans


def resident_id(number: int) -> str:
    """A good identity number."""
    return with_check(f"1101051990{1 + number // 28 % 12:02}{1 + number % 28:02}{number % 1000:03}")


async def type_all(
    site: Site,
    page: Page,
    scans: list[tuple[str, str]],
    gap_ms: Callable[[], int],
    latency_s: Callable[[], float],
) -> None:
    """Type everything in a row; all of it must arrive whole and in order, and be answered with its word."""
    await page.unroute("**/gate/scans")
    wire = await wired(page)
    wire.latency_s = latency_s
    before = await count(site.fixtures.tx, "gate.scan")
    for text, _ in scans:
        await scan(page, text)
        if gap := gap_ms():
            await page.wait_for_timeout(gap)
    await expect(page.locator("[data-gate]")).to_have_attribute("data-waiting", "0", timeout=10 * SHOWN_MS)
    assert wire.presented == [text for text, _ in scans]
    assert await shown(page, len(scans)) == [word for _, word in scans]
    assert await count(site.fixtures.tx, "gate.scan") - before == len(scans)


@pytest.mark.slow
async def test_ux_G2_two_hundred_typed_scans_in_a_row_are_answered_whole_and_in_order(site: Site) -> None:
    dice = random.Random(2)
    scans = await many(site, dice, 200)
    assert sum(len(text) >= 217 for text, _ in scans) >= 25  # full vouchers
    await type_all(
        site,
        await site.stand(TABLET),
        scans,
        lambda: dice.choice((0, 0, 0, 0, 0, 0, 0, 0, 100, 300, 1000) if dice.random() < 0.2 else (0,)),
        lambda: dice.choice((0.0, 0.0, 0.0, 0.0, 0.05, 0.1, 0.7, 1.0) if dice.random() < 0.3 else (0.0,)),
    )


async def test_ux_G2_three_codes_in_a_row(site: Site) -> None:
    page = await site.stand(TABLET)
    for gap_ms in (0, 100, 700, 1000):
        for latency_s in (0.0, 1.0):
            scans = await many(site, random.Random(gap_ms), 3)
            await type_all(
                site, page, scans, lambda gap_ms=gap_ms: gap_ms, lambda latency_s=latency_s: latency_s
            )


async def test_ux_G2_what_waits_survives_a_reload_and_counts_once(site: Site) -> None:
    page = await site.stand(PHONE)
    wire = await wired(page)
    first, second = [
        site.fixtures.voucher(await site.fixtures.book(documents=(), quantity=1)) for _ in range(2)
    ]
    wire.cut = asyncio.Event()
    await scan(page, first)
    await scan(page, second)
    waiting = page.locator("[data-gate-waiting-count]")
    await expect(waiting).to_have_text("排着 2 个")
    await page.reload()
    await expect(waiting).to_have_text("排着 2 个")
    assert {text for _, text in wire.sent} == {
        first
    }  # one at a time: the second waits for the first one's answer
    assert await count(site.fixtures.tx, "gate.scan") == 0
    wire.sent.clear()
    wire.drop_answers = 1
    wire.cut.set()
    await expect(page.locator("[data-gate-rows] > li")).to_have_count(2)
    assert [text for _, text in wire.sent] == [first, first, second]  # the lost answer was asked for again
    assert wire.sent[0] == wire.sent[1]
    assert await count(site.fixtures.tx, "gate.scan") == 2
    assert await page.evaluate("sessionStorage.length") == 0


async def test_ux_G2_without_a_network_the_page_says_so_and_goes_on_later(site: Site) -> None:
    page = await site.stand(PHONE)
    await wired(page)
    voucher = site.fixtures.voucher(await site.fixtures.book())
    await scan(page, "the person before")
    assert await shown(page, 1) == ["无法识别"]
    await expect(page.locator("[data-stale]")).to_have_count(0)
    await page.context.set_offline(True)
    await scan(page, voucher)
    # The answer that stands there is not this one's.
    await expect(page.locator("[data-stale]")).to_have_count(1)
    await expect(page.locator("[data-gate-state]")).to_have_text("连不上")
    await expect(page.locator("[data-gate-trouble]")).to_contain_text("扫过的都留着")
    await expect(page.locator("[data-gate-waiting-count]")).to_have_text("排着 1 个")
    await page.context.set_offline(False)
    assert await shown(page, 2) == ["无法识别", "请入园"]
    await expect(page.locator("[data-gate-trouble]")).to_be_hidden()
    await expect(page.locator("[data-stale]")).to_have_count(0)


async def test_ux_G2_a_login_that_ended_keeps_the_scans_and_signing_out_forgets_them(site: Site) -> None:
    page = await site.stand(PHONE)
    await wired(page)
    voucher = site.fixtures.voucher(await site.fixtures.book())
    cookies = await page.context.cookies()
    await page.context.clear_cookies(name="wy_staff")
    await scan(page, voucher)
    await expect(page.locator("[data-gate-trouble] a")).to_have_attribute("href", "/gate/signin")
    assert voucher in str(await page.evaluate("sessionStorage.getItem('wenyue.gate.queue')"))
    sign_out = page.locator('form[action="/gate/signout"] button')
    await sign_out.click()
    await expect(page.locator("[data-gate-hint]")).to_contain_text("1")
    await page.context.add_cookies([one for one in cookies if one["name"] == "wy_staff"])  # type: ignore[list-item] # given back as they were read
    await sign_out.click()
    await page.wait_for_selector("#password")
    assert await page.evaluate("sessionStorage.getItem('wenyue.gate.queue')") is None


async def test_ux_G2_a_page_of_another_gate_scans_nothing(site: Site) -> None:
    page = await site.stand(PHONE)
    await wired(page)
    other = await page.context.new_page()
    await other.goto(f"{site.url}/gate/setup")
    await other.fill("#gate", "南门")
    await other.press("#gate", "Enter")
    await other.wait_for_selector(".gate-result--ready")
    await scan(page, site.fixtures.voucher(await site.fixtures.book()))
    await expect(page.locator("[data-gate-trouble] a")).to_have_attribute("href", "/gate")
    assert await count(site.fixtures.tx, "gate.scan") == 0
