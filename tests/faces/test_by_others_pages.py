"""What others booked with one's document, on the traveller's pages."""

import re
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.booking_site import TODAY, BookingSite, booking_site
from tests.support.by_others import seen_by_staff
from tests.support.database import DbUrls
from tests.support.traveller_site import (
    CARD,
    DOCUMENT,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pages(make_database: Callable[[], DbUrls], tmp_path: Path) -> AsyncIterator[BookingSite]:
    async with booking_site(make_database, tmp_path) as site:
        yield site


async def somebody_books_the_owner(pages: BookingSite, day: date) -> Traveller:
    """Another account books a place for itself and for the owner, under an invented name; who did."""
    stranger = pages.traveller()
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
    pages: BookingSite,
) -> None:
    owner, day = pages.traveller(), TODAY + timedelta(days=1)
    stranger = await somebody_books_the_owner(pages, day)
    theirs = stranger.path
    await owner.activate(CARD)
    assert "请先带证件到人工窗口核验一次" in await owner.get("/me/others")
    await seen_by_staff(pages.services)
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
    assert await pages.number("SELECT sum(quantity) FROM booking.line WHERE is_live") == 2
    assert "随*" not in await stranger.get(theirs)
    assert "王*" in stranger.page.text


async def test_a_place_that_i_booked_myself_is_not_laid_at_others_doors(pages: BookingSite) -> None:
    owner, day = pages.traveller(), TODAY + timedelta(days=1)
    await somebody_books_the_owner(pages, day + timedelta(days=1))
    await owner.activate(CARD)
    await seen_by_staff(pages.services)
    await owner.choose("lake", day)
    await owner.submit(await owner.review())
    assert owner.path.startswith("/bookings/"), owner.page.text
    await owner.choose("lake", day)
    refused = await owner.submit(await owner.review(), status=409)
    assert "有人用您的证件" not in refused
    assert "/me/others" not in refused
