"""The status page in a real browser: is it me or is it you, at 390 and 1440 px, light and dark, with and without JavaScript.

Screenshots go to the folder that STATUS_SCREENSHOTS names (else to a temporary one), to be looked at by people.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.browser import SHOWN_MS
from wenyue.core.clock import utc_now, zone
from wenyue.locale import Message
from wenyue.locale.formats import TIMEZONE
from wenyue.ops.ports import free_port
from wenyue.web.status.known import Known
from wenyue.web.status.model import COMPONENTS, Automatic, Day, Incident, Note, Standing, State
from wenyue.web.status.pages import all_pages
from wenyue.web.status.serving import PageServer, Shelf
from wenyue.web.status.small_pages import plain_page

pytestmark = [pytest.mark.browser]
TAP_MIN_PX = 40


class Served:
    """The page over a real socket, served by a thread; `show` puts another state on the shelf."""

    def __init__(self) -> None:
        self.shelf = Shelf(plain_page(404, Message("Page not found")))
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.setblocking(False)
        self.address = f"http://127.0.0.1:{self.sock.getsockname()[1]}"
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._serve(),))
        self.stop: asyncio.Event

    async def _serve(self) -> None:
        self.stop = asyncio.Event()
        server = PageServer(self.shelf)
        serving = asyncio.create_task(server.serve(sockets=[self.sock]))
        await self.stop.wait()
        server.should_exit = True
        await serving

    def show(self, state: State, booking_url: str) -> None:
        """Make the pages anew."""
        now = utc_now()
        today = now.astimezone(zone(TIMEZONE)).date()
        days = {
            day: Day(day, 86_000, 900 if n % 11 == 3 else 0, 300 if n % 17 == 5 else 0)
            for n in range(60)
            if (day := today - timedelta(days=n))
        }
        note = Note(now, "resolved", Automatic.CLOSED)
        incident = Incident("i1", "entry", now - timedelta(hours=1), now, True, Automatic.DOWN, (note,))
        standings = {one.name: Standing(State.OK, now) for one in COMPONENTS}
        standings["booking"] = replace(standings["booking"], state=state)
        known = Known(now, standings, {"booking": days, "entry": days}, [incident], booking_url, self.address)
        self.shelf.pages = all_pages(known)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    made = Served()
    made.thread.start()
    yield made
    made.loop.call_soon_threadsafe(made.stop.set)
    made.thread.join()
    made.loop.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844})
    made.set_default_timeout(SHOWN_MS)
    yield made
    made.close()


def verdict(page: Page) -> str:
    """The verdict that is shown once it is."""
    shown = page.locator("[data-verdict]:visible")
    expect(shown).to_have_count(1)
    return shown.get_attribute("data-verdict") or ""


def unreachable() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


CASES: list[tuple[State, Callable[[str], str], str]] = [
    (State.OK, lambda own: own, "fine"),
    (State.OK, lambda _own: unreachable(), "path"),
    (State.SLOW, lambda own: own, "service-slow"),
    (State.DOWN, lambda _own: unreachable(), "service-down"),
]


@pytest.mark.parametrize(("state", "booking", "wanted"), CASES)
def test_the_page_says_whether_it_is_you(
    served: Served, context: BrowserContext, state: State, booking: Callable[[str], str], wanted: str
) -> None:
    served.show(state, booking(served.address))
    page = context.new_page()
    page.goto(f"{served.address}/")
    assert verdict(page) == wanted
    expect(page.locator("[data-again]")).to_be_enabled()


def test_a_device_without_network_is_told_so(served: Served, context: BrowserContext) -> None:
    served.show(State.OK, served.address)
    page = context.new_page()
    page.goto(f"{served.address}/en")
    assert verdict(page) == "fine"
    context.set_offline(True)
    expect(page.locator('[data-verdict="offline"]')).to_be_visible()
    context.set_offline(False)
    expect(page.locator('[data-verdict="fine"]')).to_be_visible()


def test_it_is_useful_without_javascript(served: Served, browser: Browser) -> None:
    served.show(State.DOWN, served.address)
    context = browser.new_context(
        locale="zh-CN", java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(f"{served.address}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("部分服务暂时不可用")
    expect(page.get_by_text("打不开预约页而本页正常")).to_be_visible()
    expect(page.locator("[data-verdict]:visible, [data-again]:visible")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("look", [(390, "light", "/"), (390, "dark", "/en"), (1440, "dark", "/en")])
def test_it_looks_right(served: Served, browser: Browser, tmp_path: Path, look: tuple[int, str, str]) -> None:
    width, scheme, path = look
    served.show(State.OK, served.address)
    dark = scheme == "dark"
    context = browser.new_context(
        locale="zh-CN", viewport={"width": width, "height": 844}, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{served.address}{path}")
    verdict(page)
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for one in page.locator("a.button:visible, button:visible, summary:visible, .chip-button:visible").all():
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= TAP_MIN_PX, one.inner_text()
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0
    assert page.locator("h1").count() == 1
    folder = Path(os.environ.get("STATUS_SCREENSHOTS") or tmp_path)
    page.screenshot(path=folder / f"status-{width}-{scheme}.png", full_page=True)
    context.close()
