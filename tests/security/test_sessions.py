"""Cookies, anti-forgery tokens and where a sign-in leads."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from tests.support.api_site import PASSWORD, ApiSite, api_site
from tests.support.database import DbUrls
from tests.support.traveller_site import CARD, Traveller

pytestmark = pytest.mark.anyio
AWAY = ("//evil.example", "/\\evil.example", "https://evil.example", "/\tx", "javascript:alert(1)", "")


@pytest.fixture
async def site(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[ApiSite]:
    async with api_site(make_database, tmp_path) as site:
        services = site.app.services
        web = dataclasses.replace(services.settings.web, is_secure=True)
        services.settings = dataclasses.replace(services.settings, web=web)
        yield site


def browser_of(site: ApiSite) -> Traveller:
    """A browser on HTTPS."""
    browser = Traveller(site.app)
    browser.client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=site.app), base_url="https://wenyue.test", follow_redirects=True
    )
    return browser


async def test_cookies_are_for_https_and_no_script_and_pages_insist_on_https(site: ApiSite) -> None:
    browser = browser_of(site)
    browser.client.follow_redirects = False
    page = await browser.get("/activate")
    assert browser.page.headers["strict-transport-security"].startswith("max-age=")
    assert "/activate" in page
    form = browser.form("/activate")
    typed = {"card_no": CARD[0], "pin": CARD[1], "name": "张演示", "number": "11010519491231002X"}
    await browser.submit(form, typed, status=303)
    set_cookies = browser.page.headers.get_list("set-cookie")
    assert any(cookie.startswith("__Host-wy_login=") for cookie in set_cookies)
    for cookie in set_cookies:
        assert {"httponly", "secure", "samesite=lax", "path=/"} <= set(cookie.lower().split("; ")), cookie
        assert cookie.startswith("__Host-"), cookie
        assert "domain=" not in cookie.lower(), cookie


async def test_signing_in_leads_nowhere_else(site: ApiSite) -> None:
    await site.traveller()
    for back in AWAY:
        browser = browser_of(site)
        await browser.get("/signin")
        browser.client.follow_redirects = False
        typed = {"card_no": CARD[0], "pin": CARD[1], "back": back}
        await browser.submit(browser.form("/signin"), typed, status=303)
        assert browser.page.headers["location"] == "/", back


async def test_a_login_planted_before_is_replaced_and_ends_with_signing_out(site: ApiSite) -> None:
    await site.traveller()
    browser = browser_of(site)
    browser.client.cookies.set("__Host-wy_login", "A" * 43, domain="wenyue.test")
    await browser.get("/signin")
    await browser.submit(browser.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]})
    login = browser.client.cookies.get("__Host-wy_login", domain="wenyue.test", path="/")
    names = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == "__Host-wy_login"]
    assert any(value != "A" * 43 for value in names), login
    kept = next(value for value in names if value != "A" * 43)
    assert kept is not None
    stranger = browser_of(site)
    stranger.client.cookies.set("__Host-wy_login", kept, domain="wenyue.test")
    await stranger.get("/me")
    assert stranger.path == "/me"
    await stranger.submit(stranger.form("/signout"))
    again = browser_of(site)
    again.client.cookies.set("__Host-wy_login", kept, domain="wenyue.test")
    await again.get("/me")
    assert again.path == "/signin"


async def test_an_anti_forgery_token_of_a_stranger_is_no_good_for_staff(site: ApiSite) -> None:
    """Whoever can plant a cookie (a sister domain) plants a token they were given; it must not fit another's login."""
    attacker = browser_of(site)
    await attacker.get("/")
    [(held, token)] = [
        (one.name, one.value or "") for one in attacker.client.cookies.jar if "csrf" in one.name
    ]
    keeper = browser_of(site)
    await keeper.get("/gate/signin")
    await keeper.submit(keeper.form("/gate/signin"), {"login": "gate", "password": PASSWORD})
    cookies = {cookie.name: cookie.value or "" for cookie in keeper.client.cookies.jar}
    planted = "; ".join(f"{name}={value}" for name, value in (cookies | {held: token}).items())
    forged = browser_of(site)
    answer = await forged.client.post("/gate/signout", data={"_csrf": token}, headers={"Cookie": planted})
    assert answer.status_code == 403
