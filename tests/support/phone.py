"""A phone with a real browser, and the traveller's pages over a real socket."""

import asyncio
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.support.browser import SHOWN_MS
from tests.support.database import DbUrls
from tests.support.traveller_site import application, services_on
from wenyue.core.clock import utc_now

PHONE = {"width": 390, "height": 844}
READY_S = 30.0
TAP_MIN_PX = 44


@contextmanager
def pages_of(urls: DbUrls, home: Path) -> Generator[int]:
    """The port of the traveller's pages, served by a thread of this process."""
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
    try:
        yield int(listener.getsockname()[1])
    finally:
        servers[0].should_exit = True
        thread.join(READY_S)
        listener.close()


class Phone:
    """A phone: every page it opens must fit its width, and say nothing in the console."""

    def __init__(self, browser: Browser, site: str, album: Path, name: str, **more: object) -> None:
        self.context = browser.new_context(locale="zh-CN", viewport=PHONE, base_url=site, **more)  # type: ignore[arg-type] # options of Playwright
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
