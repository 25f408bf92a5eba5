"""A booking is moved on the traveller's pages: at what cost, at what price, and only to a place that is had."""

import html
import re
from datetime import date, timedelta

import psycopg
import pytest

from tests.support.booking_site import TODAY, BookingSite, site
from tests.support.traveller_site import CARD, LOCAL_CARD, OTHER_CARD, OTHER_DOCUMENT, OTHER_NAME
from wenyue.booking import slot_planning

pytestmark = pytest.mark.anyio
__all__ = ["site"]


async def test_suite_M5_a_late_move_names_its_price_before_it_is_made(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", TODAY, session=1)
    await one.submit(await one.review())
    path = one.path
    page = await one.get(f"{path}/reschedule?day={TODAY + timedelta(days=2)}")
    assert "现在改期与现在取消一样，会记为一次违约" in page
    await one.submit(one.form(f"{path}/reschedule", 1))
    # The account alone: nobody has seen the document that its holder typed.
    assert await site.number("SELECT count(*) FROM policy.strike WHERE kind = 'late_cancel'") == 1
    assert "会记为一次违约" not in await one.get(f"{one.path}/reschedule")


async def reprice(site: BookingSite, code: str, prices: dict[date, int]) -> None:
    async with await psycopg.AsyncConnection.connect(site.owner_url) as tx:
        found = await tx.execute(
            "SELECT p.id FROM catalogue.product p JOIN catalogue.venue v ON v.id = p.venue_id WHERE v.code = %s",
            [code],
        )
        for (product_id,) in await found.fetchall():
            await slot_planning.reprice(tx, product_id, prices)


async def test_suite_M6_a_move_shows_the_difference_and_is_made_at_no_other_price(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(LOCAL_CARD)
    day, dear, cheap = (TODAY + timedelta(days=number) for number in (1, 2, 3))
    await reprice(site, "kitchen", {dear: 8_000, cheap: 4_500})
    await one.choose("kitchen", day)
    await one.submit(await one.review())
    await one.submit(one.form(f"{one.path}/confirm"))
    path = one.path
    assert "比现在共少付 ¥5" in await one.get(f"{path}/reschedule?day={cheap}")
    assert "比现在共多付 ¥30" in await one.get(f"{path}/reschedule?day={dear}")
    shown = one.form(f"{path}/reschedule")
    await reprice(site, "kitchen", {dear: 9_000})
    refused = await one.submit(shown, status=409)
    assert "价格有变化" in refused
    assert "原来的预约没有变化" in refused
    [again] = re.findall(rf'href="({path}/reschedule[^"]*)"', refused)
    assert "比现在共多付 ¥40" in await one.get(html.unescape(again))
    assert "改期成功" in await one.submit(one.form(f"{path}/reschedule"))
    assert await site.number("SELECT total_minor FROM booking.booking") == 9_000


async def test_moving_gives_up_the_old_place_only_for_a_new_one(site: BookingSite) -> None:
    one, rival = site.traveller(), site.traveller()
    await one.activate(CARD)
    await rival.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    day = TODAY + timedelta(days=1)
    await one.choose("tower", day, session=1)
    await one.submit(await one.review())
    path = one.path
    await rival.choose("tower", day + timedelta(days=1), session=1)
    await one.get(f"{path}/reschedule?day={day + timedelta(days=1)}")
    to_taken = one.form(f"{path}/reschedule", 1)
    await rival.submit(await rival.review())
    refused = await one.submit(to_taken, status=409)
    assert "原来的预约没有变化" in refused
    assert await site.number("SELECT sum(sold) FROM booking.pool") == 2
    await one.get(f"{path}/reschedule?day={day + timedelta(days=2)}")
    moved = await one.submit(one.form(f"{path}/reschedule", 1))
    assert "改期成功" in moved
    assert "3月7日" in moved
    assert await site.number("SELECT sum(sold) FROM booking.pool") == 2
