"""One's own people on one's own pages: by full name, ticked when just added, with a document that is good on the day."""

import re
from datetime import date, timedelta

import pytest

from tests.support.booking_site import TODAY, BookingSite, booked, site
from tests.support.traveller_site import (
    CARD,
    NAME,
    OTHER_CARD,
    OTHER_DOCUMENT,
    OTHER_NAME,
    Traveller,
)
from wenyue.core.documents import NameErrorCode, NameProblem, parse_name
from wenyue.web.shared.forms import parse_form

pytestmark = pytest.mark.anyio
__all__ = ["site"]
_LAKE_DAY = TODAY + timedelta(days=2)
_RELATIVES = (("王建明", "110101198003078115"), ("王小明", "110101197503070027"))


async def _add(one: Traveller, name: str, number: str, **more: str) -> str:
    """Add somebody from the trip, with whoever is ticked there kept."""
    await one.get("/trip")
    await one.submit(one.form("/trip/people"), {"add": "1"})
    assert one.path == "/visitors/new"
    typed = {"name": name, "number": number, "kind": "resident_id", "companion": "1", **more}
    return await one.submit(one.form("/visitors/new"), typed)


def _ticked(page: str) -> list[bool]:
    return [" checked" in one for one in re.findall(r'<input type="checkbox" name="visitor"[^>]*>', page)]


async def test_ux_7_whoever_was_just_added_is_ticked_and_nobody_is_unticked(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", _LAKE_DAY)
    assert _ticked(one.page.text) == [True]
    assert _ticked(await _add(one, *_RELATIVES[0])) == [True, True]
    assert _ticked(await _add(one, *_RELATIVES[1])) == [True, True, True]


async def test_ux_7_relatives_are_told_apart_on_every_page_of_their_own(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", _LAKE_DAY)
    for name, number in _RELATIVES:
        page = await _add(one, name, number)
        assert name in page
    await one.submit(one.form("/trip/people"))
    assert all(name in one.page.text for name, _ in _RELATIVES)
    await one.submit(one.form("/trip/book"))
    path = one.path
    for page in (path, f"{path}/cancel", f"{path}/voucher"):
        text = await one.get(page)
        assert all(name in text for name, _ in _RELATIVES), page
    assert NAME in await one.get("/bookings")
    for page in (path, f"{path}/cancel", f"{path}/voucher", "/bookings", "/"):
        assert not re.search(r"王\*+明", await one.get(page)), page


async def test_ux_F5_who_has_a_place_already_is_led_to_that_booking(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    path = await booked(one)
    await one.choose("lake", TODAY + timedelta(days=1))
    refused = await one.submit(await one.review(), status=409)
    assert f'href="{path}#visit-0"' in refused
    assert "看已有的预约" in refused


async def test_ux_F5_a_booking_of_somebody_else_is_not_told(site: BookingSite) -> None:
    other, one = site.traveller(), site.traveller()
    await other.activate(OTHER_CARD, OTHER_NAME, OTHER_DOCUMENT)
    path = await booked(other, days=2)
    await one.activate(CARD)
    await one.choose("lake", _LAKE_DAY)
    await _add(one, OTHER_NAME, OTHER_DOCUMENT, companion="")
    await one.submit(one.form("/trip/people"))
    refused = await one.submit(one.form("/trip/book"), status=409)
    assert path not in refused
    assert "/bookings/" not in refused


async def _with_passport(site: BookingSite, expires: date) -> Traveller:
    one = site.traveller()
    await one.activate(CARD)
    await one.choose("lake", _LAKE_DAY)
    more = {"kind": "passport", "nationality": "USA", "expires": f"{expires}", "companion": "1"}
    await _add(one, "David Li", "533380006", **more)
    return one


@pytest.mark.parametrize("days", [1, 2])
async def test_ux_F10_a_passport_that_ends_before_the_visit_is_refused_with_the_fix(
    site: BookingSite, days: int
) -> None:
    one = await _with_passport(site, _LAKE_DAY - timedelta(days=days))
    refused = await one.submit(one.form("/trip/people"), status=422)
    assert "David Li的证件" in refused
    assert "用新证件重新添加" in refused
    assert _ticked(refused) == [True, True]  # the choice is kept
    assert await site.number("SELECT count(*) FROM booking.booking") == 0


async def test_ux_F10_a_passport_that_is_good_on_the_day_books_and_no_longer_when_the_day_changes(
    site: BookingSite,
) -> None:
    one = await _with_passport(site, _LAKE_DAY)
    await one.submit(one.form("/trip/people"))
    form = one.form("/trip/book")
    await one.submit(one.form("/trip/book"))
    assert one.path.startswith("/bookings/")
    await one.choose("temple", _LAKE_DAY + timedelta(days=3))
    assert "证件" in await one.get("/trip")
    later = await one.submit(
        one.form("/trip/people"), {"visitor": [v for n, v in form.fields if n == "visitor"]}, 422
    )
    assert "已失效" in later
    await one.get("/trip/review")  # the trip of before: nobody was taken along by the refusal


@pytest.mark.parametrize("name", ["LI/DAVID", "Li / David", "LI//DAVID"])
def test_ux_F10_a_slash_as_on_an_air_ticket_has_advice_of_its_own(name: str) -> None:
    found = parse_name(name)
    assert isinstance(found, NameProblem)
    assert found.code is NameErrorCode.SLASH


async def test_ux_F10_the_advice_names_the_passport(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.get("/visitors/new?back=trip")
    typed = {"name": "LI/DAVID", "number": "533380006", "kind": "passport", "nationality": "USA"}
    page = await one.submit(one.form("/visitors/new"), typed | {"expires": "2031-01-01"}, status=422)
    assert "LI DAVID" in page
    assert "·" not in page.partition('id="name-error"')[2].partition("</p>")[0]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("%E7%8E%8B%0D%0A%E5%A4%A7%E5%90%8C", "王 大同"),
        ("a%09b", "a b"),
        ("a%E2%80%A8b%E2%80%A9c", "a b c"),
        ("a%C2%85b", "a b"),
        ("a%00%07%1B%7F%C2%9Bb", "ab"),
        ("a%E2%80%AEb%E2%81%A6c", "abc"),
        ("%ED%A0%80", ""),
    ],
)
def test_ux_F10_every_field_of_every_form_is_one_line(typed: str, kept: str) -> None:
    form = parse_form(f"x={typed}".encode())
    assert form is not None
    assert form.one("x").replace("\ufffd", "") == kept
    assert form.many("x", 1)[0].replace("\ufffd", "").strip() == kept
