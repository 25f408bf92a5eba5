"""Vouchers in a real browser: true while there is a network, as of when without one, and never somebody else's."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, expect

from tests.support.database import DbUrls
from tests.support.phone import READY_S, Phone, activate, pages_of
from tests.support.traveller_site import (
    LOCAL_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from wenyue.core.clock import local_date, utc_now
from wenyue_lab.chaos.proxy import ChaosProxy, LinkNoise

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEPT_TEXT = """async (words) => {
    const copies = await (await caches.open('wenyue-vouchers')).matchAll();
    return (await Promise.all(copies.map((one) => one.text()))).some((page) => page.includes(words));
}"""
KEPT = "() => caches.open('wenyue-vouchers').then((held) => held.keys()).then((keys) => keys.map((one) => one.url))"


class Line:
    """The only way from the browser to the pages: it can be cut, and mended again at the same address."""

    def __init__(self, target: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._target = ("127.0.0.1", target)
        self._proxy: ChaosProxy | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Carry connections."""
        proxy = ChaosProxy(("127.0.0.1", self.port), self._target)
        self._wait(proxy.__aenter__())
        self._proxy, self.port = proxy, proxy.port

    def cut(self) -> None:
        """Refuse connections, and reset those that there are."""
        if self._proxy is not None:
            self._wait(self._proxy.__aexit__())
            self._proxy = None

    def freeze(self) -> None:
        """Carry nothing and close nothing."""
        if self._proxy is not None:
            self._proxy.noise = LinkNoise(is_half_open=True)

    def end(self) -> None:
        """Cut it for good."""
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(READY_S)
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(READY_S)


@pytest.fixture
def pages(make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with pages_of(make_database(), tmp_path_factory.mktemp("home")) as port:
        yield port


@pytest.fixture
def line(pages: int) -> Iterator[Line]:
    one = Line(pages)
    yield one
    one.end()


@contextmanager
def holder(browser: Browser, line: Line, album: Path, name: str, **more: object) -> Generator[Phone]:
    """A phone whose owner has booked the lake for the day after tomorrow, and looks at the voucher."""
    phone = Phone(browser, f"http://127.0.0.1:{line.port}", album, name, **more)
    activate(phone, LOCAL_CARD, OTHER_NAME, OTHER_DOCUMENT)
    day = local_date(utc_now(), "Asia/Shanghai") + timedelta(days=2)
    phone.page.goto(f"/venues/lake?day={day}")
    phone.page.locator(".session button:enabled").first.click()
    phone.press("下一步")
    phone.press("保留名额")
    phone.press("确认预约")
    phone.press("离线凭证")
    expect(phone.page.locator(".voucher__code svg")).to_be_visible()
    yield phone
    with suppress(Error):
        phone.context.close()


def is_kept(phone: Phone) -> None:
    """Wait until the page says that it opens without a network."""
    expect(phone.page.locator("[data-kept]")).to_be_visible()


def kept(phone: Phone) -> list[str]:
    """The vouchers that the browser keeps."""
    return list(phone.page.evaluate(KEPT))


def test_suite_T1_offline_is_what_a_request_of_the_page_found(
    browser: Browser, line: Line, album: Path
) -> None:
    """Whatever `navigator.onLine` says: here it says that there is a network all the time."""
    with holder(browser, line, album, "t1") as phone:
        is_kept(phone)
        line.cut()
        phone.page.reload()
        assert phone.page.evaluate("navigator.onLine") is True
        expect(phone.page.locator("[data-netbar-off]")).to_be_visible()
        expect(phone.page.locator(".voucher__code svg")).to_be_visible()
        phone.look("offline")
        line.mend()
        expect(phone.page.locator("[data-netbar]")).to_be_hidden()
        expect(phone.page.locator(".copy-only")).to_be_hidden()  # asked again: it is true now
        phone.page.emulate_media(media="print")
        expect(phone.page.locator(".tabs")).to_be_hidden()
        expect(phone.page.locator(".voucher__code svg")).to_be_visible()


def test_suite_T1_a_device_that_says_offline_beside_a_good_line_is_not_believed(
    browser: Browser, line: Line, album: Path
) -> None:
    phone = Phone(browser, f"http://127.0.0.1:{line.port}", album, "t1-online")
    phone.context.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', {get: () => false})")
    with phone.page.expect_response("**/healthz"):
        phone.page.goto("/")
    expect(phone.page.locator("[data-netbar]")).to_be_hidden()
    with phone.page.expect_response("**/healthz"):
        phone.page.evaluate("dispatchEvent(new Event('offline'))")
    expect(phone.page.locator("[data-netbar]")).to_be_hidden()
    phone.context.close()


def test_suite_T1_a_page_without_a_hint_asks_nothing(browser: Browser, line: Line, album: Path) -> None:
    phone = Phone(browser, f"http://127.0.0.1:{line.port}", album, "t1-quiet")
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/venues", "/signin"):
        phone.page.goto(path, wait_until="networkidle")
    assert [one for one in asked if one.endswith("/healthz")] == []
    phone.context.close()


def test_ux_V1_a_cancelled_booking_is_not_shown_as_booked(browser: Browser, line: Line, album: Path) -> None:
    """In the same browser, online and offline, by its address and by the back button."""
    with holder(browser, line, album, "v1") as phone:
        page = phone.page
        is_kept(phone)
        voucher = page.url
        page.goto(voucher.removesuffix("/voucher") + "/cancel")
        page.locator('main form[action$="/cancel"] button').first.click()
        expect(page.locator("main")).to_contain_text("已取消")
        page.goto(voucher)
        expect(page.locator(".voucher__code")).to_have_count(0)
        page.go_back()
        page.go_back()
        page.wait_for_load_state()
        if page.url == voucher:
            expect(page.locator(".voucher__code")).to_have_count(0)
        assert kept(phone) == []
        line.cut()
        with suppress(Error):  # nothing is kept: the browser's own page
            page.goto(voucher)
        assert page.locator(".voucher__code").count() == 0


def test_ux_V1_an_open_voucher_learns_of_a_cancellation_elsewhere(
    browser: Browser, line: Line, album: Path
) -> None:
    with holder(browser, line, album, "v1-open") as phone:
        is_kept(phone)
        other = phone.context.new_page()
        other.goto(phone.page.url.removesuffix("/voucher") + "/cancel")
        other.locator('main form[action$="/cancel"] button').first.click()
        expect(other.locator("main")).to_contain_text("已取消")
        phone.page.evaluate("dispatchEvent(new Event('wenyue:reached'))")
        expect(phone.page.locator(".voucher__code")).to_have_count(0)


@pytest.mark.parametrize(
    ("lang", "words"), [("zh-CN", ("离线副本", "的状态")), ("en", ("Saved copy", "as of"))]
)
def test_ux_V1_without_a_network_it_says_as_of_when(
    browser: Browser, line: Line, album: Path, lang: str, words: tuple[str, str]
) -> None:
    with holder(
        browser, line, album, f"v1-{lang}", color_scheme="dark" if lang == "en" else "light"
    ) as phone:
        phone.context.add_cookies(
            [{"name": "wy_lang", "value": lang, "url": f"http://127.0.0.1:{line.port}"}]
        )
        phone.page.reload()
        is_kept(phone)
        expect(phone.page.locator(".copy-only")).to_be_hidden()
        phone.look("live")
        as_of = phone.page.locator(".live-only [data-as-of]").inner_text()
        phone.page.wait_for_function(KEPT_TEXT, arg=as_of)  # not only the copy of before the reload
        line.cut()
        phone.page.reload()
        for word in (*words, as_of):
            expect(phone.page.locator(".copy-only")).to_contain_text(word)
        expect(phone.page.locator(".live-only")).to_be_hidden()
        phone.look("copy")
        phone.page.set_viewport_size({"width": 1440, "height": 900})
        phone.page.screenshot(path=album / f"v1-{lang}-wide.png", full_page=True)


def test_ux_V2_it_opens_from_the_list_by_a_tap_and_after_a_reload(
    browser: Browser, line: Line, album: Path
) -> None:
    with holder(browser, line, album, "v2") as phone:
        page = phone.page
        is_kept(phone)
        page.goto("/bookings")
        line.cut()
        page.locator(".ticket").first.click()
        page.wait_for_url("**/voucher#visit-0")
        expect(page.locator(".voucher__code svg")).to_be_visible()
        page.reload()
        expect(page.locator(".voucher__code svg")).to_be_visible()
        expect(page.locator(".copy-only")).to_be_visible()
        assert (
            page.locator(".voucher").evaluate("(one) => getComputedStyle(one).overflow") == "hidden"
        )  # its style too


def test_ux_V2_the_list_keeps_what_was_never_opened_and_nothing_else(
    browser: Browser, line: Line, album: Path
) -> None:
    with holder(browser, line, album, "v2-list") as phone:
        page = phone.page
        is_kept(phone)
        page.evaluate("caches.delete('wenyue-vouchers')")
        page.goto("/bookings")
        page.wait_for_function(f"({KEPT})().then((urls) => urls.length === 1)")
        page.goto("/me")
        stored = page.evaluate(
            """async () => {
                const urls = [];
                for (const name of await caches.keys())
                    for (const one of await (await caches.open(name)).keys()) urls.push(new URL(one.url).pathname);
                return urls;
            }"""
        )
        assert all(one.startswith("/static/") or one.endswith("/voucher") for one in stored), stored
        line.cut()
        with suppress(Error):
            page.goto("/bookings")
        assert page.locator(".ticket").count() == 0  # the list itself is not kept


def test_ux_V2_nothing_is_left_after_sign_out(browser: Browser, line: Line, album: Path) -> None:
    with holder(browser, line, album, "v2-out") as phone:
        page = phone.page
        is_kept(phone)
        voucher = page.url
        page.goto("/me")
        phone.press("退出登录")
        page.wait_for_url("**/")
        page.goto("/venues")
        assert page.evaluate("caches.keys()") == []
        line.cut()
        with suppress(Error):
            page.goto(voucher)
        assert page.locator(".voucher__code").count() == 0


def test_ux_V2_a_login_that_ended_elsewhere_leaves_nothing_for_the_next_person(
    browser: Browser, line: Line, album: Path
) -> None:
    with holder(browser, line, album, "v2-next") as phone:
        is_kept(phone)
        phone.context.clear_cookies()
        phone.page.goto("/signin")
        phone.page.wait_for_function("caches.keys().then((names) => names.length === 0)")


def test_ux_V2_a_service_that_does_not_answer_shows_the_copy(
    browser: Browser, line: Line, album: Path
) -> None:
    """A network that is there but carries nothing: after some seconds the copy, marked as one."""
    with holder(browser, line, album, "v2-still") as phone:
        is_kept(phone)
        line.cut()
        line.mend()
        line.freeze()
        phone.page.reload()
        expect(phone.page.locator(".copy-only")).to_be_visible()
        expect(phone.page.locator(".voucher__code svg")).to_be_visible()
