"""A trip and its booking in a real browser: bars cover nothing that has the focus, words are not broken, every dress fits."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.support.database import DbUrls
from tests.support.phone import PHONE, Phone, activate, pages_of
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, CHILD_NAME, DOCUMENT, NAME
from wenyue.core.clock import local_date, utc_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]
_STOPS_MAX = 80
# What has the focus and is not seen whole: another thing is on top at its middle or near an edge.
_COVERED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const shown = one.closest('label') ?? one;
    const box = shown.getBoundingClientRect();
    if (box.width === 0 || getComputedStyle(one).position === 'fixed' || one.closest('.tabs, .trip-bar, .top, .skip'))
        return '';
    const x = box.left + box.width / 2;
    const at = (y) => document.elementFromPoint(x, y);
    const isOurs = (found) => found && (shown.contains(found) || found.contains(shown));
    return [0.2, 0.5, 0.8].every((part) => isOurs(at(box.top + part * box.height)))
        ? '' : shown.outerHTML.slice(0, 160);
}"""
# Words that a line break stands inside of: one word with rectangles on two lines.
_BROKEN = """() => {
    const found = [];
    const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (node.parentElement.closest('.sr-only, [hidden]') || node.parentElement.offsetParent === null) continue;
        for (const word of node.data.matchAll(/[A-Za-z]{3,}|周[一二三四五六日]/g)) {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) found.push(word[0]);
        }
    }
    return found;
}"""


@pytest.fixture(scope="module")
def site(make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the traveller's pages."""
    with pages_of(make_database(), tmp_path_factory.mktemp("home")) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def state(browser: Browser, site: str, album: Path) -> tuple[object, str]:
    """Somebody with a child, a booking of two nights, a table and the lake between, and a trip begun; the booking's path."""
    phone = Phone(browser, site, album, "trip-of")
    page = phone.page
    activate(phone, CARD, NAME, DOCUMENT)
    page.goto("/visitors/new?back=trip")
    page.fill("#name", CHILD_NAME)
    page.fill("#number", CHILD_DOCUMENT)
    phone.press("保存")
    day = local_date(utc_now(), "Asia/Shanghai") + timedelta(days=1)
    page.goto(f"/venues/inn?day={day}")
    page.locator(".session select").select_option("2")
    page.locator(".session button:enabled").first.click()
    for code, after in (("kitchen", 1), ("lake", 1)):
        page.goto(f"/venues/{code}?day={day + timedelta(days=after)}")
        page.locator(".session button:enabled").first.click()
    phone.press("下一步")
    page.locator('form[action="/trip/book"] button').click()
    page.wait_for_url("**/bookings/*")
    path = page.url.partition("?")[0].removeprefix(site)
    page.goto(f"/venues/kitchen?day={day + timedelta(days=4)}")
    page.locator(".session button:enabled").first.click()
    page.wait_for_url("**/trip")
    kept = phone.context.storage_state()
    phone.context.close()
    return kept, path


def covered(page: Page) -> list[str]:
    """Tab through the page, there and back: what had the focus and was covered."""
    found: list[str] = []
    for key in ("Tab", "Shift+Tab"):
        for _ in range(_STOPS_MAX):
            page.keyboard.press(key)
            said = page.evaluate(_COVERED)
            if said is None:
                break
            found += [f"{key}: {said}"] if said else []
    return found


@pytest.mark.parametrize("size", ["normal", "large"])
def test_ux_7_what_has_the_focus_is_never_under_a_bar(
    browser: Browser, site: str, album: Path, state: tuple[object, str], size: str
) -> None:
    phone = Phone(browser, site, album, f"focus-{size}", storage_state=state[0])
    phone.page.set_viewport_size({"width": PHONE["width"], "height": 600})
    phone.context.add_cookies([{"name": "wy_size", "value": size, "url": site}])
    for path in ("/trip", "/trip/review", "/bookings", state[1], f"{state[1]}/cancel", "/venues/lake"):
        phone.page.goto(path)
        assert covered(phone.page) == [], path
    phone.context.close()


@pytest.mark.parametrize(
    "dress", list(product((320, 390, 1440), ("zh-CN", "en"), ("normal", "large"))), ids=str
)
def test_ux_F7_every_page_of_a_trip_fits_and_breaks_no_word(
    browser: Browser, site: str, album: Path, state: tuple[object, str], dress: tuple[int, str, str]
) -> None:
    width, lang, size = dress
    scheme = "dark" if (lang == "en") != (size == "large") else "light"
    phone = Phone(
        browser, site, album, "x", storage_state=state[0], color_scheme=scheme, reduced_motion="reduce"
    )
    page, booking = phone.page, state[1]
    page.set_viewport_size({"width": width, "height": 844})
    phone.context.add_cookies(
        [{"name": "wy_lang", "value": lang, "url": site}, {"name": "wy_size", "value": size, "url": site}]
    )
    for path, what in (
        ("/", "home"),
        ("/bookings", "bookings"),
        (booking, "booking"),
        (f"{booking}/voucher", "voucher"),
        (f"{booking}/cancel", "choose"),
        (f"{booking}/cancel?choose=1", "choose-refused"),
        (f"{booking}/cancel?choose=1&visit=0&visit=2&person=0&person=1", "cancel"),
        (f"{booking}/reschedule", "reschedule"),
        ("/trip", "trip"),
        ("/trip/review", "review"),
    ):
        page.goto(path)
        page.screenshot(path=album / f"trip-{what}-{width}-{lang}-{size}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, what
        assert width < PHONE["width"] or page.evaluate(_BROKEN) == [], what
    assert phone.complaints == []
    phone.context.close()
