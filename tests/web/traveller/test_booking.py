"""From a card number to a used entitlement, over HTTP and without JavaScript: book, replay, refuse, move, cancel."""

import re
from datetime import timedelta

import psycopg
import pytest

from tests.support.booking_site import TODAY, BookingSite, booked, site
from tests.support.proofs import prove
from tests.support.traveller_site import (
    CARD,
    CHILD_DOCUMENT,
    CHILD_NAME,
    DAILY_CARD,
    LOCAL_CARD,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    PageForm,
)

pytestmark = pytest.mark.anyio
__all__ = ["site"]


async def test_a_session_is_booked_once_however_often_the_button_is_pressed(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", TODAY + timedelta(days=1))
    assert "本卡可用" in one.page.text
    form = await one.review()
    first = await one.submit(form)
    path = one.path
    assert "预约成功" in first
    assert "<svg" in first
    again = await one.submit(form)
    assert one.path == path
    assert "预约成功" in again
    assert await site.number("SELECT count(*) FROM booking.booking") == 1
    assert await site.number("SELECT sum(used) FROM cards.entitlement") == 1


async def test_an_itinerary_is_booked_whole_or_not_at_all(site: BookingSite) -> None:
    rival, one = site.traveller(), site.traveller()
    await rival.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    day = TODAY + timedelta(days=1)
    await one.activate(CARD)
    await one.choose("inn", day, count=2)
    await one.choose("kitchen", day)
    await one.choose("tower", day, session=1)
    form = await one.review()
    assert len([name for name, _ in form.fields if name == "line"]) == 4
    await rival.choose("tower", day, session=1)
    await rival.submit(await rival.review())
    refused = await one.submit(form, status=409)
    assert "约满" in refused
    assert "望江楼" in refused
    assert "没有占用名额" in refused
    assert await site.number("SELECT count(*) FROM booking.booking") == 1
    assert "湖畔客栈" in await one.get("/trip")  # nothing of the trip is lost
    await one.submit(one.form("/trip/remove"))
    assert "望江楼" not in one.page.text
    await one.submit(await one.review())
    assert "预约成功" in one.page.text
    assert await site.number("SELECT count(*) FROM booking.line WHERE is_live") == 4


async def test_without_a_covering_card_places_are_held_and_paid_on_site(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(LOCAL_CARD)
    await one.choose("lake", TODAY + timedelta(days=1))
    assert "本卡不可用" in one.page.text
    page = await one.submit(await one.review())
    assert "名额已保留" in page
    assert 'data-until="' in page
    booking = one.path
    confirmed = await one.submit(one.form(f"{booking}/confirm"))
    assert "预约成功" in confirmed
    assert "¥60" in confirmed
    assert await site.number("SELECT state FROM booking.booking") == 2


async def test_a_hold_that_ran_out_is_gone_and_says_so(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(LOCAL_CARD)
    await one.choose("lake", TODAY + timedelta(days=1))
    await one.submit(await one.review())
    path, form = one.path, one.form(f"{one.path}/confirm")
    site.clock[0] += timedelta(minutes=16)
    page = await one.get(path)
    assert "未在时限内确认，名额已释放，没有收费" in page
    assert f"{path}/cancel" not in page
    assert "当前状态不能这样操作" in await one.submit(form, status=409)
    assert path in await one.get("/bookings?tab=past")


async def test_cancelling_says_the_terms_first_and_gives_everything_back(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    path = await booked(one)
    asked = await one.get(f"{path}/cancel")
    assert "3月5日 00:00 前可免费取消" in asked
    assert await site.number("SELECT state FROM booking.booking") == 2
    done = await one.submit(one.form(f"{path}/cancel"))
    assert "已取消" in done
    assert await site.number("SELECT sum(used) FROM cards.entitlement") == 0
    assert await site.number("SELECT sum(sold) FROM booking.pool") == 0


async def test_a_late_cancellation_names_its_price(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", TODAY, session=1)
    await one.submit(await one.review())
    assert "会记为一次违约" in await one.get(f"{one.path}/cancel")


async def test_the_calendar_counts_what_the_card_was_used_for_already(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(DAILY_CARD)
    day = TODAY + timedelta(days=1)
    assert "本卡可用" in await one.get(f"/venues/lake?day={day}")
    await booked(one)
    page = await one.get(f"/venues/lake?day={day}")
    assert "本卡不可用（同一景区一天只能用一次）" in page


async def test_a_child_comes_with_an_adult_and_as_a_companion_of_the_card(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.get("/visitors/new?back=trip")
    child = {"name": CHILD_NAME, "number": CHILD_DOCUMENT, "kind": "resident_id", "companion": "1"}
    await one.submit(one.form("/visitors/new"), child)
    await one.choose("lake", TODAY + timedelta(days=1))
    people = [str(number) for number in _ids(one.page.text)]
    assert len(people) == 2
    await one.submit(one.form("/trip/people"), {"visitor": people[1:]})
    refused = await one.submit(one.form("/trip/book"), status=409)
    assert "未成年人需要成人同行" in refused
    await one.get("/trip")
    await one.submit(one.form("/trip/people"), {"visitor": people})
    done = await one.submit(one.form("/trip/book"))
    assert "预约成功" in done
    assert "卡内权益" in done
    assert await site.number("SELECT sum(used) FROM cards.entitlement") == 2


def _ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'name="visitor" value="(\d+)"', page)]


async def test_what_the_card_would_pay_can_be_paid_on_site(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", TODAY + timedelta(days=1))
    form = await one.review()
    assert form.value("line").endswith(".6000.1")
    other = re.search(r'href="(/trip/review\?onsite=\d+)"', one.page.text)
    assert other is not None
    page = await one.get(other[1])
    assert "改为用卡" in page
    assert one.form("/trip/book").value("line").endswith(".6000.0")
    assert "名额已保留" in await one.submit(one.form("/trip/book"))
    assert await site.number("SELECT sum(used) FROM cards.entitlement") == 0


async def test_a_card_refusal_offers_to_pay_on_site(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(LOCAL_CARD)
    await one.choose("lake", TODAY + timedelta(days=1))
    form = await one.review()
    line = form.value("line")
    refused = await one.submit(
        form, {"line": line[:-1] + "1"}, status=409
    )  # as if the card had covered it before
    assert "本卡不含这个项目" in refused
    offer = re.search(r'href="(/trip/review\?onsite=\d+)"', refused)
    assert offer is not None
    await one.get(offer[1])
    assert "名额已保留" in await one.submit(one.form("/trip/book"))


async def test_the_same_person_twice_is_refused_by_name_of_the_rule(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await booked(one)
    await one.choose("lake", TODAY + timedelta(days=1))
    refused = await one.submit(await one.review(), status=409)
    assert "同一证件" in refused
    assert "第1位游客 张演示" in refused
    assert "没有占用名额" in refused


async def test_bookings_belong_to_their_holder(site: BookingSite) -> None:
    one, stranger = site.traveller(), site.traveller()
    await one.activate(CARD)
    path = await booked(one)
    await stranger.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    for page in (path, f"{path}/voucher", f"{path}/cancel", f"{path}/reschedule"):
        await stranger.get(page, status=404)
    await stranger.get("/me")
    form = stranger.form("/signout")
    await stranger.submit(PageForm(f"{path}/cancel", form.fields), status=404)
    assert await site.number("SELECT state FROM booking.booking") == 2


async def test_the_voucher_is_asked_for_each_time_and_gone_after_cancelling(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    path = await booked(one)
    assert f'href="{path}/voucher"' in one.page.text
    page = await one.get(f"{path}/voucher")
    assert one.page.headers["cache-control"] == "private, no-store"
    assert "证件原件入园" in page
    assert f'data-voucher="{path}/voucher">' in await one.get("/bookings")
    await one.get(f"{path}/cancel")
    await one.submit(one.form(f"{path}/cancel"))
    assert f'href="{path}/voucher"' not in one.page.text
    assert f'data-voucher="{path}/voucher" data-voucher-gone>' in one.page.text  # the copy ends with it
    await one.get(f"{path}/voucher")
    assert one.path == path
    assert "入园二维码" not in one.page.text
    assert f'data-voucher="{path}/voucher" data-voucher-gone>' in await one.get("/bookings?tab=past")


async def test_the_vouchers_worker_may_look_after_bookings_alone(site: BookingSite) -> None:
    stranger = site.traveller()
    script = await stranger.get("/bookings/voucher-worker.js")
    headers = stranger.page.headers
    assert headers["content-type"].startswith("text/javascript")
    assert headers["cache-control"] == "no-cache"  # a mended worker comes with the next visit
    assert "service-worker-allowed" not in headers  # so its scope is its folder, /bookings/
    assert headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert "eval" not in script
    assert "importScripts" not in script


async def test_signing_out_clears_what_the_browser_kept(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.get("/me")
    out = await one.client.post("/signout", data=dict(one.form("/signout").fields), follow_redirects=False)
    assert out.headers["clear-site-data"] == '"cache", "storage"'


async def test_a_busy_engine_is_asked_again_with_the_same_number(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", TODAY + timedelta(days=1))
    form = await one.review()
    await site.services.engine.drain()
    page = await one.submit(form, status=503)
    assert 'data-ask-again="2"' in page
    again = one.form("/trip/book")
    assert again.value("id") == form.value("id")
    assert [pair for pair in again.fields if pair[0] in ("line", "visitor")] == [
        pair for pair in form.fields if pair[0] in ("line", "visitor")
    ]
    slower = await one.submit(again, status=503)
    assert 'data-ask-again="3"' in slower


async def test_the_lists_of_bookings_part_what_comes_from_what_was(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    assert "还没有预约" in await one.get("/bookings")
    kept, dropped = await booked(one, days=1), await booked(one, days=2)
    await one.get(f"{dropped}/cancel")
    await one.submit(one.form(f"{dropped}/cancel"))
    assert [path in await one.get("/bookings") for path in (kept, dropped)] == [True, False]
    assert [path in await one.get("/bookings?tab=past") for path in (kept, dropped)] == [False, True]


async def test_a_lost_card_stops_paying_until_it_is_found(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.get("/card/loss")
    frozen = await one.submit(one.form("/card/loss"))
    assert "已挂失" in frozen
    assert "本卡不可用（卡已挂失）" in await one.get("/venues/lake")
    thief = site.traveller()
    await thief.get("/signin")
    refused = await thief.submit(thief.form("/signin"), {"card_no": CARD[0], "pin": CARD[1]}, status=422)
    assert "这张卡已挂失" in refused
    await one.get("/card/loss")
    async with (
        site.services.db.transaction() as tx
    ):  # the code on the phone: tests/security/test_bound_proofs.py
        await prove(tx, one.client.cookies["wy_login"], site.clock[0])
    await one.get("/card/loss")
    assert "可使用" in await one.submit(one.form("/card/loss"))


async def test_a_booking_whose_people_were_erased_is_still_shown(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    path = await booked(one)
    assert "个人信息已按期清除" not in one.page.text
    async with await psycopg.AsyncConnection.connect(site.owner_url, autocommit=True) as owner:
        await owner.execute("UPDATE booking.booking SET party = ''")
        await owner.execute("UPDATE notifications.message SET sealed = ''")
    assert "个人信息已按期清除" in await one.get(path)
    assert "Personal data erased" in await one.get(f"{path}?lang=en")
    for page in ("/bookings", f"{path}/cancel", f"{path}/reschedule", f"{path}/voucher", "/me"):
        await one.get(page)
