"""The gate's queue in a real browser: what is typed by hand or by a scanner is received whole, in order, and answered."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Page, Route, expect

from tests.support.database import DbUrls
from tests.support.gate_scans import count
from tests.support.gate_site import PHONE, TABLET, Site, gate_site, scanned
from tests.support.gate_world import ADULTS
from wenyue.gate import booking_code

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
SHOWN_MS: Final = 30_000
KINDS: Final = ("voucher", "code", "id", "booking", "nonsense")
# Notes every answer that was shown, in order.
WATCH: Final = """() => {
  window.shown = [];
  window.watching?.disconnect();
  const panel = document.querySelector("[data-gate-panel]");
  window.watching = new MutationObserver(() => {
    const word = panel.querySelector("[data-tone] .gate-result__word");
    if (word) window.shown.push(word.textContent.trim());
  });
  window.watching.observe(panel, { childList: true });
}"""


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Site]:
    async with gate_site(make_database(), tmp_path) as served:
        yield served


@dataclass
class Wire:
    """The requests between page and gate: what was sent, and how long each takes."""

    page: Page
    latency_s: Callable[[], float] = lambda: 0.0
    sent: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])  # (scan id, presented)
    drop_answers: int = 0  # of the next so many requests the answer is lost on its way back
    cut: asyncio.Event | None = (
        None  # while it is not set, nothing arrives; what was sent meanwhile never does
    )

    @property
    def presented(self) -> list[str]:
        """What was presented, each scan once, in the order of its first sending."""
        return list(dict(self.sent).values())

    async def pass_on(self, route: Route) -> None:
        """One request."""
        form = parse_qs(route.request.post_data or "")
        self.sent.append((form["scan_id"][0], form["presented"][0]))
        if self.cut is not None and not self.cut.is_set():
            await self.cut.wait()
            await route.abort()
            return
        await asyncio.sleep(self.latency_s())
        if self.drop_answers:
            self.drop_answers -= 1
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()


async def wired(page: Page) -> Wire:
    """Stand between this page and the gate."""
    wire = Wire(page)
    await page.route("**/gate/scans", wire.pass_on)
    await page.evaluate(WATCH)
    return wire


async def shown(page: Page, number: int) -> list[str]:
    """The words of all answers, once there are so many."""
    await page.wait_for_function("n => window.shown.length >= n", arg=number, timeout=SHOWN_MS)
    return await page.evaluate("window.shown")


async def scan(page: Page, text: str, end: str = "Enter") -> None:
    """A scanner types as fast as it can."""
    await page.keyboard.type(text)
    if end:
        await page.keyboard.press(end)


async def many(site: Site, dice: random.Random, number: int) -> list[tuple[str, str]]:
    """(what is presented, the word that answers it), different each."""
    slot = await site.world.slot()
    scans: list[tuple[str, str]] = []
    for at in range(number):
        kind = dice.choices(KINDS, (15, 25, 25, 10, 25))[0]
        if kind in {"voucher", "code", "booking"}:
            booking_id = await site.world.book(slot, documents=(), quantity=1)
            texts = {
                "voucher": site.world.voucher(booking_id),
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
    digits = f"1101051990{1 + number // 28 % 12:02}{1 + number % 28:02}{number % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return digits + "10X98765432"[total % 11]


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
    before = await count(site.world.tx, "gate.scan")
    for text, _ in scans:
        await scan(page, text)
        if gap := gap_ms():
            await page.wait_for_timeout(gap)
    await expect(page.locator("[data-gate]")).to_have_attribute("data-waiting", "0", timeout=10 * SHOWN_MS)
    assert wire.presented == [text for text, _ in scans]
    assert await shown(page, len(scans)) == [word for _, word in scans]
    assert await count(site.world.tx, "gate.scan") - before == len(scans)


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


async def test_ux_G2_what_is_typed_by_hand_ends_with_enter_alone(site: Site) -> None:
    page = await site.stand(TABLET)
    wire = await wired(page)
    await site.world.book(documents=ADULTS[:1])
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
    voucher = site.world.voucher(await site.world.book())
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
    voucher = site.world.voucher(await site.world.book())
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
    voucher = site.world.voucher(await site.world.book())
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


async def test_ux_G2_what_waits_survives_a_reload_and_counts_once(site: Site) -> None:
    page = await site.stand(PHONE)
    wire = await wired(page)
    first, second = [site.world.voucher(await site.world.book(documents=(), quantity=1)) for _ in range(2)]
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
    assert await count(site.world.tx, "gate.scan") == 0
    wire.sent.clear()
    wire.drop_answers = 1
    wire.cut.set()
    await expect(page.locator("[data-gate-rows] > li")).to_have_count(2)
    assert [text for _, text in wire.sent] == [first, first, second]  # the lost answer was asked for again
    assert wire.sent[0] == wire.sent[1]
    assert await count(site.world.tx, "gate.scan") == 2
    assert await page.evaluate("sessionStorage.length") == 0


async def test_ux_G2_without_a_network_the_page_says_so_and_goes_on_later(site: Site) -> None:
    page = await site.stand(PHONE)
    await wired(page)
    voucher = site.world.voucher(await site.world.book())
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
    voucher = site.world.voucher(await site.world.book())
    cookies = await page.context.cookies()
    await page.context.clear_cookies(name="wy_staff")
    await scan(page, voucher)
    await expect(page.locator("[data-gate-trouble] a")).to_have_attribute("href", "/gate/signin")
    assert voucher in str(await page.evaluate("sessionStorage.getItem('wenyue.gate.queue')"))
    sign_out = page.locator('form[action="/gate/signout"] button')
    await sign_out.click()
    await expect(page.locator("[data-gate-hint]")).to_contain_text("1")
    await page.context.add_cookies([one for one in cookies if one["name"] == "wy_staff"])  # type: ignore[list-item]
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
    await scan(page, site.world.voucher(await site.world.book()))
    await expect(page.locator("[data-gate-trouble] a")).to_have_attribute("href", "/gate")
    assert await count(site.world.tx, "gate.scan") == 0
