"""The gate in a real browser: a scanner that types, a phone's width, a tablet, and no JavaScript at all."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.support.database import DbUrls
from tests.support.gate_fixtures import ADULTS
from tests.support.gate_site import PHONE, TABLET, Site, gate_site

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[Site]:
    async with gate_site(make_database(), tmp_path) as served:
        yield served


async def wedge(page: Page, text: str) -> str:
    """A scanner types wherever the focus is, and ends with Enter. The class of the answer that appears."""
    await page.locator(".gate-result").evaluate("shown => shown.dataset.isOld = 1")
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".gate-result:not([data-is-old])")
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
    voucher = site.fixtures.voucher(await site.fixtures.book())
    assert await wedge(page, voucher) == "good"
    assert await page.locator(".gate-result__word").inner_text() == "请入园"
    assert await wedge(page, voucher) == "bad"
    assert await page.locator(".gate-result__word").inner_text() == "已核销"
    await page.locator(".gate-result__undo summary").click()
    await page.fill('.gate-result__undo [name="reason"]', "扫错了人")
    await page.press('.gate-result__undo [name="reason"]', "Enter")
    await expect(page.locator(".note--good")).to_contain_text("名额恢复")
    assert await wedge(page, voucher) == "good"


@pytest.mark.parametrize("has_script", [True, False])
async def test_security_M5_the_second_person_confirms_where_the_keeper_stands(
    site: Site, *, has_script: bool
) -> None:
    page = await site.stand(PHONE, has_script=has_script)
    voucher = site.fixtures.voucher(await site.fixtures.book())
    for _ in range(2):
        assert await wedge(page, voucher) == "good"
        undo = page.locator(".gate-row .gate-undo").first
        await undo.locator("summary").click()
        await undo.locator('[name="reason"]').fill("扫错了人")
        await undo.locator("button").click()
        await page.wait_for_selector(".note--good, #second_login")
        if await page.locator(".note--good").count():
            await page.goto(f"{site.url}/gate")
    await page.fill("#second_login", "boss")
    await page.fill("#second_password", "correct horse")
    await page.fill("#second_code", site.code)
    await page.press("#second_code", "Enter")
    await expect(page.locator(".note--good")).to_contain_text("名额恢复")


async def test_a_party_is_let_in_with_one_press(site: Site) -> None:
    page = await site.stand(PHONE)
    booking_id = await site.fixtures.book(documents=ADULTS)
    assert await wedge(page, str(booking_id)) == "ask"
    await page.locator(".gate-choice--all").click()
    await expect(page.locator(".gate-result__count")).to_have_text("3 人")


async def test_the_scanner_is_heard_wherever_the_focus_was_lost(site: Site) -> None:
    page = await site.stand(TABLET)
    await page.locator("h2").first.click()
    assert await wedge(page, "nonsense") == "bad"


async def test_the_three_grounds_can_be_read(site: Site) -> None:
    page = await site.stand(PHONE)
    await site.fixtures.book(documents=ADULTS[:2])
    for text in (
        ADULTS[0],
        ADULTS[0],
        str(await site.fixtures.book(await site.fixtures.slot(product="shuttle"), documents=ADULTS)),
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
