"""What is typed at the gate in a real browser, by hand or by a scanner, ends where it ends and is not cut or spoilt."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS
from tests.support.gate_site import TABLET, Site, gate_site, scanned
from tests.support.gate_wire import scan, shown, wired

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Site]:
    async with gate_site(make_database(), tmp_path) as served:
        yield served


async def test_ux_G2_what_is_typed_by_hand_ends_with_enter_alone(site: Site) -> None:
    page = await site.stand(TABLET)
    wire = await wired(page)
    await site.fixtures.book(documents=ADULTS[:1])
    await page.keyboard.type(ADULTS[0], delay=300)
    await page.wait_for_timeout(1500)
    assert wire.sent == []
    await expect(page.locator("#presented")).to_have_value(ADULTS[0])
    await page.keyboard.press("Enter")
    assert await shown(page, 1) == ["请入园"]
    assert wire.presented == [ADULTS[0]]


async def test_ux_G2_a_pause_ends_what_a_scanner_typed(site: Site) -> None:
    page = await site.stand(TABLET)
    wire = await wired(page)
    voucher = site.fixtures.voucher(await site.fixtures.book())
    await scan(page, voucher, end="")
    assert await shown(page, 1) == ["请入园"]
    await scan(page, ADULTS[1][:11], end="")  # one key less than what a pause ends
    await page.wait_for_timeout(1500)
    assert wire.presented == [voucher]
    await scan(page, ADULTS[1][11:])
    await shown(page, 2)
    assert wire.presented == [voucher, ADULTS[1]]


async def test_ux_G2_a_code_that_stops_in_the_middle_is_not_cut(site: Site) -> None:
    page = await site.stand(TABLET)
    wire = await wired(page)
    voucher = site.fixtures.voucher(await site.fixtures.book())
    await scan(page, voucher[:100], end="")
    await page.wait_for_timeout(400)
    await scan(page, voucher[100:] + voucher, end="")  # and the next one without anything between them
    assert await shown(page, 2) == ["请入园", "已核销"]
    assert wire.presented[0] == voucher
    assert [text for _, text in wire.sent] == [voucher, voucher]
    await scan(page, ADULTS[1][:14], end="")
    await page.wait_for_timeout(400)
    await scan(page, ADULTS[1][14:])
    await shown(page, 3)
    assert wire.presented[-1] == ADULTS[1]


async def test_ux_G2_tab_ends_a_scan_and_moves_on_from_what_was_typed_by_hand(site: Site) -> None:
    page = await site.stand(TABLET)
    wire = await wired(page)
    await scan(page, "W7B0", end="Tab")
    await shown(page, 1)
    await page.locator("#presented").focus()
    await page.keyboard.type("W7B0-2", delay=200)
    await page.keyboard.press("Tab")
    await expect(page.locator(".gate-scan__go")).to_be_focused()
    assert wire.presented == ["W7B0"]
    await page.keyboard.press("Enter")  # on the button
    await shown(page, 2)
    assert wire.presented == ["W7B0", "W7B0-2"]


async def focus_reason(page: Page) -> None:
    await page.locator("[data-gate-rows] summary").first.click()
    await page.locator('[data-gate-rows] [name="reason"]').first.fill("误扫")


async def focus_link(page: Page) -> None:
    await page.locator('a[href="/gate/setup"]').focus()


async def focus_summary(page: Page) -> None:
    await page.locator("[data-gate-rows] summary").first.focus()


async def focus_nothing(page: Page) -> None:
    await page.locator("h2").first.click()


async def test_ux_G2_nothing_is_lost_when_the_focus_is_elsewhere(site: Site) -> None:
    page = await site.stand(TABLET)
    wire = await wired(page)
    voucher = site.fixtures.voucher(await site.fixtures.book())
    await scanned(page, voucher)
    await shown(page, 1)
    for number, focus in enumerate((focus_nothing, focus_link, focus_summary, focus_reason), 2):
        await focus(page)
        await scanned(page, voucher)
        assert await shown(page, number) == ["请入园"] + ["已核销"] * (number - 1)
        assert len(wire.sent) == number
    assert {text for _, text in wire.sent} == {voucher}
    assert page.url.endswith("/gate")
    assert await page.locator('[data-gate-rows] [name="reason"]').last.input_value() == "误扫"


async def press_composed(page: Page, text: str) -> None:
    """Keys that an input method (中文输入法) takes for itself: pages are told which key it was, and nothing else."""
    session: Any = await page.context.new_cdp_session(page)
    for at, key in enumerate(text):
        code = f"Key{key.upper()}" if key.isalpha() else f"Digit{key}"
        press: dict[str, object] = {"key": "Process", "code": code, "windowsVirtualKeyCode": 229}
        await session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **press})
        if await page.evaluate("document.activeElement.id") == "presented":
            composed = {"text": text[: at + 1], "selectionStart": at + 1, "selectionEnd": at + 1}
            await session.send("Input.imeSetComposition", composed)
        await session.send("Input.dispatchKeyEvent", {"type": "keyUp", **press})


async def test_ux_G2_input_methods_caps_lock_and_held_keys_spoil_no_code(site: Site) -> None:
    page = await site.stand(TABLET)
    wire = await wired(page)
    await page.locator("#presented").focus()
    await press_composed(page, "w7b0x")
    await expect(page.locator("[data-gate-hint]")).to_contain_text("英文输入")
    await page.keyboard.press("Enter")
    await shown(page, 1)
    await expect(page.locator("#presented")).to_have_value("")
    await page.evaluate(
        """code => [...code].forEach(key => document.body.dispatchEvent(new KeyboardEvent("keydown", {
          key, code: `Key${key.toUpperCase()}`, modifierCapsLock: true, bubbles: true, cancelable: true })))""",
        "ABCD",
    )
    await page.keyboard.press("Enter")
    await shown(page, 2)
    for _ in range(5):
        await page.keyboard.down("1")  # something lies on the keyboard
    await page.keyboard.up("1")
    await page.keyboard.press("Enter")
    await shown(page, 3)
    assert wire.presented == ["w7b0x", "ABCD", "1"]
