"""What others booked with one's document, on the traveller's pages."""

import re
from datetime import date, timedelta

import pytest

from tests.support.booking_site import TODAY, BookingSite, site
from tests.support.by_others import seen_by_staff
from tests.support.traveller_site import (
    CARD,
    DOCUMENT,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
)

pytestmark = pytest.mark.anyio
__all__ = ["site"]


async def somebody_books_the_owner(site: BookingSite, day: date) -> Traveller:
    """Another account books a place for itself and for the owner, under an invented name; who did."""
    stranger = site.traveller()
    await stranger.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    await stranger.get("/visitors/new?back=trip")
    typed = {"name": "随便谁", "number": DOCUMENT, "kind": "resident_id", "companion": "1"}
    await stranger.submit(stranger.form("/visitors/new"), typed)
    await stranger.choose("lake", day)
    people = [
        str(number)
        for number in sorted(map(int, re.findall(r'name="visitor" value="(\d+)"', stranger.page.text)))
    ]
    await stranger.submit(stranger.form("/trip/people"), {"visitor": people})
    await stranger.submit(stranger.form("/trip/book"))
    assert stranger.path.startswith("/bookings/"), stranger.page.text
    return stranger


async def test_security_second_H3_on_the_pages_the_way_back_stands_where_the_refusal_is(
    site: BookingSite,
) -> None:
    owner, day = site.traveller(), TODAY + timedelta(days=1)
    stranger = await somebody_books_the_owner(site, day)
    theirs = stranger.path
    await owner.activate(CARD)
    assert "请先带证件到人工窗口核验一次" in await owner.get("/me/others")
    await seen_by_staff(site.services)
    await owner.choose("lake", day)
    form = await owner.review()
    refused = await owner.submit(form, status=409)
    assert "有人用您的证件约了这一天" in refused
    assert 'href="/me/others"' in refused
    await owner.get("/me/others")
    await owner.submit(owner.form("/me/others"))
    assert "名额已退回" in owner.page.text
    await owner.choose("lake", day)
    await owner.submit(await owner.review())
    assert owner.path.startswith("/bookings/"), owner.page.text
    assert await site.number("SELECT sum(quantity) FROM booking.line WHERE is_live") == 2
    assert "随便谁" not in await stranger.get(theirs)
    assert "王" in stranger.page.text


async def test_a_place_that_i_booked_myself_is_not_laid_at_others_doors(site: BookingSite) -> None:
    owner, day = site.traveller(), TODAY + timedelta(days=1)
    await somebody_books_the_owner(site, day + timedelta(days=1))
    await owner.activate(CARD)
    await seen_by_staff(site.services)
    await owner.choose("lake", day)
    await owner.submit(await owner.review())
    assert owner.path.startswith("/bookings/"), owner.page.text
    await owner.choose("lake", day)
    refused = await owner.submit(await owner.review(), status=409)
    assert "有人用您的证件" not in refused
    assert "/me/others" not in refused
