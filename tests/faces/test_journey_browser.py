"""The whole journey in a real browser at 390 px: activate, look, book, show, move, cancel; and the same pages, looked at.

Screenshots go to the folder that JOURNEY_SCREENSHOTS names (else to a temporary one), to be looked at by people.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.support.browser import SHOWN_MS, album_for, chromium
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    LOCAL_CARD,
    NAME,
    OTHER_DOCUMENT,
    OTHER_NAME,
    application,
    services_on,
)
from wenyue.kernel.clock import local_date, utc_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE = {"width": 390, "height": 844}
READY_S = 30.0
TAP_MIN_PX = 44


@pytest.fixture(scope="module")
def site(make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the traveller's pages, served over a real socket by a thread of this process."""
    urls, home = make_database(), tmp_path_factory.mktemp("home")
    listener = socket.create_server(("127.0.0.1", 0))
    servers: list[uvicorn.Server] = []
    ready = threading.Event()

    async def serve() -> None:
        async with services_on(urls, home, utc_now) as services:
            config = uvicorn.Config(application(services), log_level="error", lifespan="off")
            servers.append(uvicorn.Server(config))
            ready.set()
            await servers[0].serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(READY_S)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    servers[0].should_exit = True
    thread.join(READY_S)
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)


class Phone:
    """A phone: every page it opens must fit its width, and say nothing in the console."""

    def __init__(self, browser: Browser, site: str, album: Path, name: str, **more: object) -> None:
        self.context = browser.new_context(viewport=PHONE, base_url=site, **more)  # type: ignore[arg-type] # options of Playwright
        self.context.set_default_timeout(SHOWN_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self._album, self._name, self._shots = album, name, 0
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def look(self, what: str) -> None:
        """Take a screenshot, and hold the page to what every page promises."""
        self._shots += 1
        self.page.screenshot(path=self._album / f"{self._name}-{self._shots:02}-{what}.png", full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], what
        small = self.page.evaluate(
            """(least) => [...document.querySelectorAll('main a, main button, main select, main input, nav a')]
                .filter((one) => one.offsetParent !== null && one.type !== 'hidden' && !one.closest('p'))
                .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
                .filter(([, box]) => box.height > 0 && (box.height < least - 0.5 || box.width < least - 0.5))
                .map(([html, box]) => `${html} ${box.width}x${box.height}`)""",
            60 if self.page.locator("html.is-large").count() else TAP_MIN_PX,  # 适老化: 60 in large type
        )
        assert small == [], what
        assert self.complaints == [], what

    def open(self, path: str, what: str) -> None:
        """Open a page and look at it."""
        self.page.goto(path)
        self.look(what)

    def press(self, name: str) -> None:
        """Press the button or link of this name in the page's body."""
        main = self.page.locator("main")
        main.get_by_role("button", name=name).or_(main.get_by_role("link", name=name)).first.click()


def activate(phone: Phone, card: tuple[str, str], name: str, number: str) -> None:
    page = phone.page
    page.goto("/activate")
    page.fill("#card_no", card[0])
    page.fill("#pin", card[1])
    page.fill("#name", name)
    page.fill("#number", number)
    phone.look("filled-in")
    phone.press("同意并激活")


def test_the_whole_journey(browser: Browser, site: str, album: Path) -> None:
    phone = Phone(browser, site, album, "journey")
    page, day = phone.page, local_date(utc_now(), "Asia/Shanghai") + timedelta(days=2)
    phone.open("/", "stranger")
    phone.press("激活旅游卡")
    page.fill("#name", NAME)
    page.fill("#number", DOCUMENT[:-1] + "1")
    expect(page.locator("#number-echo")).to_contain_text("110105 19491231 0021")
    phone.press("同意并激活")
    expect(page.locator("#number-error")).to_be_visible()
    assert page.input_value("#name") == NAME
    phone.look("activation-refused")
    activate(phone, CARD, NAME, DOCUMENT)
    expect(page.locator(".card__no")).to_contain_text("6000 •••• •••• 0019")
    phone.look("my-card")

    page.goto("/visitors/new?back=me")
    page.fill("#name", CHILD_NAME)
    page.fill("#number", CHILD_DOCUMENT)
    phone.press("保存")
    phone.look("me")

    phone.open("/venues", "places")
    page.fill("#q", "湖")
    phone.press("搜索")
    phone.look("search")
    page.goto(f"/venues/lake?day={day}")
    phone.look("calendar")
    page.locator(".session button:enabled").first.click()
    page.goto(f"/venues/inn?day={day}")
    phone.look("nights")
    page.locator(".session select").select_option("2")
    page.locator(".session button:enabled").first.click()
    page.locator('input[name="visitor"]').last.check()
    phone.look("trip")
    phone.press("下一步")
    phone.look("review")
    page.locator('form[action="/trip/book"] button').dblclick()
    page.wait_for_url("**/bookings/*")
    expect(page.get_by_role("heading", name="预约成功")).to_be_visible()
    phone.look("booked")
    booking = page.url.partition("?")[0]

    phone.open(f"{booking}/reschedule?day={day + timedelta(days=2)}", "reschedule")
    page.locator(".session button:enabled").first.click()
    expect(page.get_by_role("heading", name="改期成功")).to_be_visible()
    phone.look("moved")
    phone.open(f"{booking}/cancel", "terms")
    phone.press("确认取消")
    expect(page.locator(".verdict")).to_contain_text("已取消")
    phone.look("cancelled")
    phone.open("/bookings?tab=past", "past")
    assert page.locator(".ticket").count() == 1  # a double press booked once


def test_a_voucher_opens_without_a_network(browser: Browser, site: str, album: Path) -> None:
    phone = Phone(browser, site, album, "voucher")
    page, day = phone.page, local_date(utc_now(), "Asia/Shanghai") + timedelta(days=2)
    activate(phone, LOCAL_CARD, OTHER_NAME, OTHER_DOCUMENT)
    page.goto(f"/venues/lake?day={day}")
    page.locator(".session button:enabled").first.click()
    phone.press("下一步")
    phone.press("保留名额")
    expect(page.locator("[data-until]")).to_contain_text(":")
    phone.look("held")
    phone.press("确认预约")
    phone.look("confirmed")
    phone.press("离线凭证")
    phone.look("voucher")
    address = page.url
    page.goto("/")
    phone.context.set_offline(True)
    page.goto(address)
    expect(page.locator(".voucher__code svg")).to_be_visible()
    expect(page.locator("[data-netbar-off]")).to_be_visible()
    phone.look("offline")
    phone.context.set_offline(False)
    page.emulate_media(media="print")
    expect(page.locator(".tabs")).to_be_hidden()
    expect(page.locator(".voucher__code svg")).to_be_visible()


def test_a_draft_survives_and_secrets_do_not(browser: Browser, site: str, album: Path) -> None:
    phone = Phone(browser, site, album, "draft")
    page = phone.page
    page.goto("/activate")
    page.locator('input[value="passport"]').check()
    expect(page.locator("#nationality")).to_be_visible()
    page.fill("#name", "Maria Silva")
    page.fill("#pin", "97531")
    page.goto("/venues")
    page.goto("/activate")
    assert page.input_value("#name") == "Maria Silva"
    assert page.input_value("#pin") == ""
    assert page.locator('input[value="passport"]').is_checked()
    assert "97531" not in page.evaluate("JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")


@pytest.mark.parametrize("dress", list(product(("light", "dark"), ("zh-CN", "en"), ("normal", "large"))))
def test_pages_fit_a_phone_in_every_dress(
    browser: Browser, site: str, album: Path, dress: tuple[str, str, str]
) -> None:
    scheme, lang, size = dress
    phone = Phone(browser, site, album, f"{scheme}-{lang}-{size}", color_scheme=scheme)
    phone.context.add_cookies(
        [{"name": "wy_lang", "value": lang, "url": site}, {"name": "wy_size", "value": size, "url": site}]
    )
    for path, what in (
        ("/", "home"),
        ("/venues", "places"),
        ("/venues/lake", "calendar"),
        ("/activate", "form"),
    ):
        phone.open(path, what)


def test_pages_work_without_javascript(browser: Browser, site: str, album: Path) -> None:
    phone = Phone(browser, site, album, "plain", java_script_enabled=False)
    page = phone.page
    page.goto("/venues/lake")
    page.locator(".session button:enabled").first.click()
    page.wait_for_url("**/signin?back=*")
    page.fill("#card_no", CARD[0])
    page.fill("#pin", "wrong")
    page.locator('form[action="/signin"] button').click()
    expect(page.locator("#pin-error")).to_be_visible()
