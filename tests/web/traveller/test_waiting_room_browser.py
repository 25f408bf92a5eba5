"""The waiting room in a real browser: counts down, computes its own rank, survives a lost network, says when one's turn is.

Screenshots go to the folder that JOURNEY_SCREENSHOTS names (else to a temporary one), to be looked at by people.
"""

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.api_site import TODAY
from tests.support.browser import SHOWN_MS
from tests.support.database import DbUrls
from tests.support.room import ROOM, RoomServer, keep, open_room_for, room_server, url_of
from tests.support.traveller_site import CARD, DOCUMENT, NAME
from wenyue.catalogue import products, venue
from wenyue.waiting_room import close, rank_of, room_by_code

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PHONE, DESK = (390, 844), (1440, 900)
CROWD = 3_000


@pytest.fixture
def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> Iterator[RoomServer]:
    with room_server(make_database(), tmp_path) as running:
        yield running


class Eyes:
    """One signed-in browser, and pictures of what it sees."""

    def __init__(self, browser: Browser, site: RoomServer, album: Path) -> None:
        self.browser, self.url, self.album = browser, url_of(site), album
        self.errors: list[str] = []
        self.page = self._open(PHONE, "light")
        self.page.goto(f"{self.url}/activate")
        for name, value in (("card_no", CARD[0]), ("pin", CARD[1]), ("name", NAME), ("number", DOCUMENT)):
            self.page.fill(f"[name={name}]", value)
        self.page.click("main form button:not([type=button]):not([name])")
        expect(self.page).to_have_url(re.compile("welcome|/$|/me"))
        self.state: Any = self.page.context.storage_state()

    def _open(self, size: tuple[int, int], scheme: Literal["light", "dark"], state: Any = None) -> Page:
        context = self.browser.new_context(
            locale="zh-CN",
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            storage_state=state,
        )
        context.set_default_timeout(SHOWN_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def shoot(self, name: str) -> None:
        """The room as it is; in every form when somebody wants to look."""
        cookies = self.page.context.storage_state()
        forms: list[tuple[tuple[int, int], Literal["light", "dark"], str]] = [
            (PHONE, "light", "zh"),
            (PHONE, "dark", "en"),
            (DESK, "light", "en"),
            (DESK, "dark", "zh"),
        ]
        for size, scheme, lang in forms if os.environ.get("JOURNEY_SCREENSHOTS") else forms[:1]:
            page = self._open(size, scheme, cookies)
            page.goto(f"{self.url}/room/{ROOM}{'?lang=en' if lang == 'en' else ''}")
            expect(page.locator("[data-room-age]")).to_contain_text(re.compile("刚刚更新|just now"))
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size[0], (name, size, wide)
            page.screenshot(path=self.album / f"room-{name}-{size[0]}-{scheme}-{lang}.png", full_page=True)
            page.context.close()


async def draw_the_middle(site: RoomServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lot of the first room, to be opened next, puts the only traveller into the middle of the crowd."""
    async with site.services.db.connection() as tx:
        [(account,)] = await (await tx.execute("SELECT id FROM accounts.traveller")).fetchall()
    code = site.services.room.keys.code_of(1, account)
    seeds = (number.to_bytes(32, "big") for number in count())
    seed = next(one for one in seeds if 0.4 < rank_of(one, code) / 2**48 < 0.6)

    def draw(size: int) -> bytes:
        return seed[:size]

    monkeypatch.setattr("wenyue.waiting_room.store.secrets", SimpleNamespace(token_bytes=draw))


async def furnish_room(site: RoomServer) -> None:
    async with site.services.db.connection() as tx:
        lake = await venue(tx, "lake")
        assert lake is not None
        [product] = await products(tx, lake.id)
    day = TODAY + timedelta(days=2)
    onward = f"/venues/lake?day={day}#calendar"
    room = await open_room_for(site.services, product.id, day, onward=onward, release_in_s=240, poll_s=1)
    assert room.id == 1


def go_in_through_a_bad_moment(page: Page, site: RoomServer, album: Path) -> None:
    """It is one's turn, and the page says for how long; the network is gone when one presses: it stays, to press again."""
    site.do(site.pass_time(40, 3_000))
    turn = page.locator('[data-room-part="admitted"]')
    expect(turn).to_be_visible()
    expect(turn).to_contain_text(re.compile(r"轮到您了\s+10 分钟\s*到 \d\d:\d\d"))
    expect(page).to_have_title(re.compile("^轮到您了"))
    expect(
        page.locator("[data-room-waiting-row]")
    ).to_be_hidden()  # nobody in front is nothing to tell whoever is let in
    page.screenshot(path=album / "room-admitted-390.png")
    page.route("**/enter", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        turn.get_by_role("button").click()
    expect(turn).to_be_visible()
    page.unroute("**/enter")
    turn.get_by_role("button").click()


def test_from_the_first_look_to_the_calendar(
    browser: Browser, site: RoomServer, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eyes = Eyes(browser, site, album)
    site.do(draw_the_middle(site, monkeypatch))
    site.do(furnish_room(site))
    site.do(site.arrive(range(1_000, 1_000 + CROWD)))
    page = eyes.page
    page.goto(f"{eyes.url}/room/{ROOM}")
    expect(page.locator('[data-room-part="waiting"]')).to_be_visible()
    expect(page.locator("[data-room-clock]")).to_have_text(re.compile(r"^(04:00|03:[45]\d)$"))
    code = page.locator(".room__code").inner_text()
    site.do(keep(site.services, 3_000))
    eyes.shoot("waiting")

    site.clock.forward(240)
    site.do(site.pass_time(6, 3_000))
    expect(page.locator('[data-room-part="queued"]')).to_be_visible()
    rank = page.locator("[data-room-rank]").text_content()
    assert rank
    assert rank.isdigit()
    expect(page.locator("[data-room-checked]")).not_to_have_attribute("hidden", "")
    ahead = int(page.locator("[data-room-ahead]").inner_text().replace(",", ""))
    assert CROWD // 4 < ahead < CROWD * 3 // 4
    eyes.shoot("queued")
    page.reload()
    expect(page.locator(".room__code")).to_have_text(code)
    expect(page.locator("[data-room-rank]")).to_have_text(
        rank
    )  # the server's own computation, then the browser's

    page.context.set_offline(True)
    expect(page.locator("[data-room-offline]")).to_be_visible()
    expect(page.locator("[data-room-ahead]")).to_be_visible()
    page.screenshot(path=album / "room-offline-390.png")
    page.context.set_offline(False)
    expect(page.locator("[data-room-offline]")).to_be_hidden()

    site.do(site.pass_time(3, 0))
    expect(page.locator('[data-room-part="sold_out"]')).to_be_visible()
    eyes.shoot("sold-out")
    go_in_through_a_bad_moment(page, site, album)
    expect(page).to_have_url(re.compile("/venues/lake"))
    page.goto(f"{eyes.url}/room/{ROOM}")
    expect(page.locator('[data-room-part="inside"]')).to_be_visible()
    eyes.shoot("inside")
    assert eyes.errors == []

    async def end() -> None:
        async with site.services.db.transaction() as tx:
            room = await room_by_code(tx, ROOM)
            assert room is not None
            await close(tx, room, site.clock(), actor="test")

    site.do(end())
    expect(page.locator('[data-room-part="closed"]')).to_be_visible()


def test_without_javascript_the_page_reloads_itself(browser: Browser, site: RoomServer, album: Path) -> None:
    site.do(furnish_room(site))
    eyes = Eyes(browser, site, album)
    site.do(site.arrive(range(1_000, 1_500)))
    context = browser.new_context(locale="zh-CN", java_script_enabled=False, storage_state=eyes.state)
    page = context.new_page()
    page.goto(f"{eyes.url}/room/{ROOM}")
    assert 'http-equiv="refresh"' in page.content()
    expect(page.locator('[data-room-part="waiting"]')).to_be_visible()
    site.clock.forward(240)
    site.do(site.pass_time(5, 3_000))
    page.goto(f"{eyes.url}/room/{ROOM}")
    either = page.locator(
        "[data-room-ahead]:visible, [data-room-enter] button:visible"
    )  # the draw may let them in at once
    expect(either.first).to_be_visible()
    site.do(site.pass_time(25, 3_000))
    page.goto(f"{eyes.url}/room/{ROOM}")
    page.click("[data-room-enter] button")
    expect(page).to_have_url(re.compile("/venues/lake"))
    context.close()
