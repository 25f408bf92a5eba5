"""Passkeys in a real browser with its virtual authenticator, and how the pages of the second step look."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.async_api import Browser, Page, ViewportSize

from tests.support.api_server import serving
from tests.support.api_site import PASSWORD, hire
from tests.support.browser import LOOKS, album_for, chromium_here
from tests.support.database import DbUrls
from tests.support.fitting import fits
from wenyue.core.duties import Duty, Role
from wenyue.web.shared.i18n import LOCALE_COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
SIZES: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "wall": {"width": 1440, "height": 900},
}
PAGE_BYTES_MAX = 100 * 1024
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def urls(make_database: Callable[[], DbUrls]) -> DbUrls:
    return make_database()


@pytest.fixture
def url(urls: DbUrls, tmp_path: Path) -> Iterator[str]:
    for number in range(len(LOOKS)):
        asyncio.run(hire(urls, tmp_path, f"ann{number}", {Duty(Role.OPERATOR), Duty(Role.ADMINISTRATOR)}))
    with serving(urls, tmp_path, "needed") as url:
        yield url.replace("127.0.0.1", "localhost")  # passkeys belong to names


@asynccontextmanager
async def browsing(
    browser: Browser, url: str, look: tuple[str, str, str]
) -> AsyncGenerator[tuple[Page, Any]]:
    """A page, and the authenticator that it finds on its device."""
    size, lang, scheme = look
    context = await browser.new_context(
        locale="zh-CN", viewport=SIZES[size], color_scheme="dark" if scheme == "dark" else "light"
    )
    await context.add_cookies([{"name": LOCALE_COOKIE, "value": lang, "url": url}])
    page = await context.new_page()
    device: Any = await context.new_cdp_session(page)
    await device.send("WebAuthn.enable")
    added = await device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    device.authenticator_id = added["authenticatorId"]
    yield page, device
    await context.close()


async def give_password(page: Page, url: str, login: str) -> None:
    await page.goto(f"{url}/console/signin")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.press("#password", "Enter")
    await page.wait_for_url("**/console/signin/*")


async def test_a_passkey_is_set_up_and_signs_in_and_every_page_fits(
    url: str, urls: DbUrls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    album = album_for("JOURNEY_SCREENSHOTS", tmp_path_factory)
    async with chromium_here() as browser:
        for number, of in enumerate(LOOKS):
            login = f"ann{number}"
            async with browsing(browser, url, of) as (page, device):
                faults: list[str] = []
                page.on("pageerror", lambda error, to=faults: to.append(str(error)))
                page.on(
                    "console", lambda said, to=faults: to.append(said.text) if said.type == "error" else None
                )

                async def look(name: str, page: Page = page, of: tuple[str, str, str] = of) -> None:
                    await fits(page, album / f"factor-{name}-{'-'.join(of)}.png")

                await give_password(page, url, login)
                assert not await page.is_visible("[data-passkey-problem]")
                await look("1-enrolment")
                await page.fill("#passkey-name", "办公室电脑")
                await page.click('form[data-passkey="create"] button')
                await page.wait_for_selector(".staff-codes")
                await look("2-codes")
                await page.click("a.button")
                await page.wait_for_url("**/console/live")
                await page.goto(f"{url}/console/me")
                assert "办公室电脑" in await page.content()
                await look("3-me")
                await page.goto(f"{url}/console/me/factor")
                await look("4-another")
                await page.goto(f"{url}/console/sessions")
                await look("5-sessions")
                await page.click('form[action="/console/signout"] button')
                await give_password(page, url, login)
                await look("6-factor")
                await page.fill("#code", "000000")
                await page.press("#code", "Enter")
                await page.wait_for_selector(".error-list")
                await look("7-wrong")
                await page.click('form[data-passkey="get"] button')
                await page.wait_for_url("**/console/live")
                kept = await device.send(
                    "WebAuthn.getCredentials", {"authenticatorId": device.authenticator_id}
                )
                [(count, by)] = use_of(urls, login)
                assert count == kept["credentials"][0]["signCount"]
                assert by == 1
                assert [one for one in faults if "422" not in one] == []


def use_of(urls: DbUrls, login: str) -> list[tuple[Any, ...]]:
    """The counter of somebody's passkey, and how often they proved themselves by one."""
    with psycopg.connect(urls.owner_url) as tx:
        return tx.execute(
            "SELECT f.sign_count, (SELECT count(*) FROM audit.entry e WHERE e.action = 'factor.proved'"
            " AND e.actor = 'staff:' || s.id AND e.detail ->> 'by' = 'passkey')"
            " FROM accounts.factor f JOIN accounts.staff s ON s.id = f.staff_id WHERE s.login = %s",
            [login],
        ).fetchall()


async def test_an_answer_is_good_once_and_an_authenticator_of_another_is_refused(
    url: str, urls: DbUrls
) -> None:
    async with chromium_here() as browser, browsing(browser, url, LOOKS[0]) as (page, device):
        await give_password(page, url, "ann0")
        await page.click('form[data-passkey="create"] button')
        await page.wait_for_selector(".staff-codes")
        await page.goto(f"{url}/console/live")
        await page.click('form[action="/console/signout"] button')
        await give_password(page, url, "ann0")
        # the counter of a copy stays behind: what it signs is refused
        set_count(urls, 1_000)
        await page.click('form[data-passkey="get"] button')
        await page.wait_for_selector(".error-list")
        set_count(urls, 1)
        sent: list[str] = []
        page.on("request", lambda one: sent.append(one.post_data or "") if one.method == "POST" else None)
        await page.click('form[data-passkey="get"] button')
        await page.wait_for_url("**/console/live")
        [answer] = [one for one in sent if "answer=" in one]
        replayed = await page.request.post(
            f"{url}/console/signin/factor",
            data=answer,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            max_redirects=0,
        )
        assert replayed.status in (303, 403)
        await page.click('form[action="/console/signout"] button')
        await device.send("WebAuthn.clearCredentials", {"authenticatorId": device.authenticator_id})
        await give_password(page, url, "ann0")
        await page.click('form[data-passkey="get"] button')
        await page.wait_for_selector("[data-passkey-problem]:not([hidden])")
        assert "/console/signin/factor" in page.url


def set_count(urls: DbUrls, count: int) -> None:
    with psycopg.connect(urls.owner_url) as tx:
        tx.execute("UPDATE accounts.factor SET sign_count = %s", [count])
