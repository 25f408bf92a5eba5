"""The whole journey in a real browser at 390 px: activate, look, book, show, move, cancel; and the same pages, looked at.

Screenshots go to the folder that JOURNEY_SCREENSHOTS names (else to a temporary one), to be looked at by people.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.database import DbUrls
from tests.support.phone import Phone, activate, pages_of
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    NAME,
)
from wenyue.core.clock import local_date, utc_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def site(make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the traveller's pages."""
    with pages_of(make_database(), tmp_path_factory.mktemp("home")) as port:
        yield f"http://127.0.0.1:{port}"


def cancel_all(phone: Phone, booking: str) -> None:
    """Choose every visit of a booking, and cancel."""
    page = phone.page
    phone.open(f"{booking}/cancel", "terms")
    for visit in page.locator('input[name="visit"]').all():
        visit.check(force=True)
    phone.press("继续")
    page.locator('main form[method="post"][action$="/cancel"] button').click()


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
    cancel_all(phone, booking)
    expect(page.locator(".verdict")).to_contain_text("已取消")
    phone.look("cancelled")
    phone.open("/bookings?tab=past", "past")
    shown = page.locator(".ticket").evaluate_all("(all) => all.map((one) => one.href.split('#')[0])")
    assert len(set(shown)) == 1  # a double press booked once


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
    page.locator('form[action="/signin"] button:visible').click()
    expect(page.locator("#pin-error")).to_be_visible()
