"""axe finds nothing on any page in any of its states: both languages, phone and wall, light and dark, 长辈版."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.support.api_server import serving
from tests.support.api_site import hire
from tests.support.axe import LOOKS, Axe
from tests.support.browser import chromium_here
from tests.support.database import DbUrls
from tests.support.every_page import (
    ADMINISTRATOR,
    OPERATOR,
    pages_of,
    walk_console,
    walk_gate,
    walk_traveller,
)
from tests.support.traveller_site import NOW
from tests.system.test_gate_pages_browser import claim_and_book
from wenyue.core.duties import Duty, Role
from wenyue.web.shared.i18n import LOCALE_COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
def clock() -> list[datetime]:
    return [NOW]


@pytest.fixture
def url(make_database: Callable[[], DbUrls], tmp_path: Path, clock: list[datetime]) -> Iterator[str]:
    urls = make_database()
    asyncio.run(hire(urls, tmp_path, ADMINISTRATOR, {Duty(Role.ADMINISTRATOR), Duty(Role.OPERATOR)}, "Mvq"))
    asyncio.run(hire(urls, tmp_path, OPERATOR, {Duty(Role.OPERATOR), Duty(Role.GATE)}, "Vmq"))
    with serving(urls, tmp_path, "needed", lambda: clock[0]) as url:
        yield url.replace("127.0.0.1", "localhost")  # passkeys belong to names


@asynccontextmanager
async def browsing(url: str, language: str) -> AsyncGenerator[Page]:
    async with chromium_here() as browser:
        context = await browser.new_context(base_url=url)
        await context.add_cookies([{"name": LOCALE_COOKIE, "value": language, "url": url}])
        yield await context.new_page()


def require_nothing(axe: Axe) -> None:
    """Fail with what was found, and where first: the same part may stand on every page."""
    places: dict[str, list[str]] = {}
    for place, what in axe.found:
        places.setdefault(what, []).append(place)
    said = [f"{what}: {found[0]} and {len(found) - 1} more" for what, found in places.items()]
    if said:
        pytest.fail("\n".join(said), pytrace=False)


@pytest.mark.parametrize("language", list(LOOKS))
async def test_ux_F9_the_travellers_pages(url: str, language: str) -> None:
    axe = Axe(LOOKS[language])
    async with browsing(url, language) as page:
        await walk_traveller(page, axe)
        for path in ("/docs", "/docs/problems"):
            await page.goto(path)
            await axe.see(page, path)
    require_nothing(axe)


@pytest.mark.parametrize("language", list(LOOKS))
async def test_ux_F9_the_gate(url: str, language: str, clock: list[datetime]) -> None:
    claim_and_book(url)
    axe = Axe(LOOKS[language])
    async with browsing(url, language) as page:
        await walk_gate(page, axe, clock)
    assert pages_of("/gate") <= axe.seen
    require_nothing(axe)


@pytest.mark.parametrize("language", list(LOOKS))
async def test_ux_F9_the_console(url: str, language: str, clock: list[datetime]) -> None:
    axe = Axe(LOOKS[language])
    async with browsing(url, language) as page:
        await walk_console(page, axe, clock)
    assert pages_of("/console") <= axe.seen
    require_nothing(axe)


def test_every_pair_of_what_people_choose_is_looked_at() -> None:
    looks = [(language, *look) for language, of_it in LOOKS.items() for look in of_it]
    for one, other in itertools.combinations(range(4), 2):
        assert len({(look[one], look[other]) for look in looks}) == 4


async def test_axe_finds_what_is_wrong() -> None:
    async with chromium_here() as browser:
        page = await browser.new_page()
        for rule, wrong in (
            ("region", "</main><p>出了正文</p><aside>"),
            ("heading-order", "<h4>跳了两级</h4>"),
            ("label-content-name-mismatch", '<a href="/" aria-label="Plenty left">Open</a>'),
            ("color-contrast", '<p style="color: #aaa; background: #fff">看不清</p>'),
            ("label", '<input name="pin">'),
        ):
            axe = Axe(LOOKS["zh-CN"])
            for body in ("", wrong):
                await page.set_content(
                    f'<!doctype html><html lang="zh-CN"><title>t</title><main><h1>标题</h1>{body}</main>'
                )
                assert axe.found == []
                await axe.see(page, rule)
            assert len(axe.found) == len(axe.looks), rule
            assert all(what.startswith(f"{rule}: ") for _, what in axe.found)
