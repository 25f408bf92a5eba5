"""What strangers were asked to do at 390 px, by what the pages say alone: no address is typed after the first.

Find and book for Saturday for four; move one night; cancel one person; show the voucher in a tunnel. (A lost card, with its
code: tests/security/test_replacement_pages.)
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.support.database import DbUrls
from tests.support.phone import Phone, pages_of
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DOCUMENT,
    NAME,
    OTHER_DOCUMENT,
    OTHER_NAME,
)
from tests.web.traveller.test_voucher_browser import Line
from wenyue.core.clock import local_date, utc_now

pytestmark = [pytest.mark.browser, pytest.mark.slow]
_FOURTH = ("陈小芳", "440301198503071240")


@pytest.fixture(scope="module")
def line(make_database: Callable[[], DbUrls], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The way to the traveller's pages."""
    with pages_of(make_database(), tmp_path_factory.mktemp("home")) as port:
        one = Line(port)
        yield one
        one.end()


def saturday() -> date:
    """The next one that is not today."""
    tomorrow = local_date(utc_now(), "Asia/Shanghai") + timedelta(days=1)
    return tomorrow + timedelta(days=(5 - tomorrow.weekday()) % 7)


def open_session(phone: Phone, number: int = 0) -> Locator:
    """The button of an open session of the chosen day."""
    return phone.page.locator(".session").get_by_role("button", name="选择").nth(number)


def add(phone: Phone, name: str, number: str) -> None:
    """From the trip: somebody else who comes."""
    phone.press("添加游客")
    phone.page.get_by_label("姓名").first.fill(name)
    phone.page.locator("#number").fill(number)
    phone.press("保存")


def test_ux_strangers_find_book_move_cancel_and_show(browser: Browser, line: Line, album: Path) -> None:
    phone = Phone(browser, f"http://127.0.0.1:{line.port}", album, "stranger")
    booked = find_and_book(phone)
    cancel_one(phone)
    move_a_stay(phone)
    show_in_a_tunnel(phone, line, booked)
    phone.context.close()


def find_and_book(phone: Phone) -> str:
    """For Saturday, for four; the booking's address."""
    page, day = phone.page, saturday()
    phone.open("/", "home")

    # Find a place for Saturday for four, and choose a session without an account yet.
    page.get_by_role("link", name="去哪儿").first.click()
    page.get_by_label("哪天").first.fill(day.isoformat())
    page.get_by_label("几位").first.fill("4")
    page.get_by_role("button", name="搜索").first.click()
    phone.look("places-for-saturday")
    page.get_by_role("link", name="镜湖").first.click()
    phone.look("place")
    expect(page.locator('.day[aria-current="date"]')).to_contain_text(f"{day.month}月{day.day}日")
    open_session(phone).click()
    phone.look("asked-to-sign-in")
    phone.press("激活")
    page.fill("#card_no", CARD[0])
    page.fill("#pin", CARD[1])
    page.fill("#name", NAME)
    page.fill("#number", DOCUMENT)
    phone.press("同意并激活")
    phone.look("activated")
    if not page.url.partition("?")[0].endswith("/trip"):
        page.get_by_role("link", name="行程").first.click()
    for name, number in ((OTHER_NAME, OTHER_DOCUMENT), (CHILD_NAME, CHILD_DOCUMENT), _FOURTH):
        add(phone, name, number)
    phone.look("trip")
    expect(page.locator('input[name="visitor"]:checked')).to_have_count(
        4
    )  # whoever was just added comes along
    phone.press("下一步")
    phone.look("review")
    page.locator('form[action="/trip/book"] button').click()
    expect(
        page.get_by_role("heading", name="预约成功").or_(page.get_by_text("名额已保留")).first
    ).to_be_visible()
    phone.look("booked")
    booked = page.url.partition("?")[0]
    for name in (NAME, OTHER_NAME, CHILD_NAME, _FOURTH[0]):
        expect(page.locator("main")).to_contain_text(name)
    if page.get_by_role("button", name="确认预约").count():
        phone.press("确认预约")
    return booked


def cancel_one(phone: Phone) -> None:
    """One person leaves the booking that is shown; the others stay."""
    page = phone.page
    phone.press("取消")
    for name in (NAME, OTHER_NAME, CHILD_NAME):
        page.get_by_label(name).uncheck(force=True)
    phone.press("继续")
    expect(page.get_by_role("heading", level=1)).to_contain_text(_FOURTH[0])  # not the whole visit
    phone.look("cancel-one")
    page.locator('main form[method="post"][action$="/cancel"] button').click()
    expect(page.locator("main")).to_contain_text("其他项目仍然有效")
    expect(page.locator("main")).not_to_contain_text(_FOURTH[0])
    phone.look("one-cancelled")


def move_a_stay(phone: Phone) -> None:
    """Two nights are booked, and moved as one by the day of arrival."""
    page = phone.page
    page.get_by_role("link", name="去哪儿").first.click()
    page.get_by_role("link", name="湖畔客栈").first.click()
    page.locator(".session select").first.select_option("2")
    open_session(phone).click()
    phone.press("下一步")
    page.locator('form[action="/trip/book"] button').click()
    if page.get_by_role("button", name="确认预约").count():
        phone.press("确认预约")
    expect(page.locator("main")).to_contain_text("2晚")
    phone.press("改时间")
    phone.look("new-arrival")
    page.locator(".day--plenty, .day--tight").nth(3).click()
    page.locator(".session").get_by_role("button", name="改到这天入住").click()
    expect(page.get_by_role("heading", name="改期成功")).to_be_visible()
    phone.look("stay-moved")


def show_in_a_tunnel(phone: Phone, line: Line, booked: str) -> None:
    """The voucher, opened from the list, without a network."""
    page = phone.page
    page.get_by_role("link", name="我的预约").first.click()
    page.locator(f'a[href^="{booked.partition(str(line.port))[2]}"]').first.click()
    phone.press("离线凭证")
    expect(page.locator("[data-kept]")).to_be_visible()
    line.cut()
    page.reload()
    expect(page.locator(".voucher__code svg").first).to_be_visible()
    expect(page.locator("[data-netbar-off]")).to_be_visible()
    phone.look("voucher-in-a-tunnel")
    line.mend()
