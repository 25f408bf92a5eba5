"""Where visits can move to: a stay as one, by its day of arrival; some people of a party, while the others stay."""

import re
from dataclasses import replace as with_fields
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.support.booking_site import TODAY, BookingSite, site
from tests.support.traveller_site import CARD, CHILD_DOCUMENT, CHILD_NAME, DAILY_CARD, Traveller
from tests.web.traveller.test_visits import night_line
from wenyue.application.placements import placement_at, placements, price_now
from wenyue.application.visits import Visit, visits_of
from wenyue.booking import SlotState, SlotView

__all__ = ["site"]
_START = datetime(2026, 11, 30, 6, tzinfo=UTC)


def _nights(count: int = 6, price: int = 500) -> list[SlotView]:
    """The nights from 30 November on; slot 1 is the first."""
    return [
        SlotView(
            slot_id=number + 1,
            on_date=(_START + timedelta(days=number)).date(),
            starts_at=_START + timedelta(days=number),
            ends_at=_START + timedelta(days=number + 1, hours=-2),
            label={},
            price_minor=price,
            currency="CNY",
            release_at=_START - timedelta(days=9),
            closes_at=_START + timedelta(days=number),
            state=SlotState.PLENTY,
            left=20,
            capacity=100,
            reason={},
        )
        for number in range(count)
    ]


def _stay(price: int = 400) -> Visit:
    """Two nights from 30 November on, in the slots 1 and 2."""
    lines = [night_line(number, (_START + timedelta(days=number)).date()) for number in range(2)]
    [stay] = visits_of([with_fields(one, price_minor=price) for one in lines])
    return stay


async def book_stay(one: Traveller) -> tuple[str, date]:
    """Two nights from tomorrow on: the booking's path, and the day of arrival."""
    await one.activate(CARD)
    day = TODAY + timedelta(days=1)
    await one.choose("inn", day, count=2)
    await one.submit(await one.review())
    path = one.path
    if f"{path}/confirm" in one.page.text:
        await one.submit(one.form(f"{path}/confirm"))
    return path, day


def test_ux_3_a_stay_moves_by_its_arrival_and_its_nights_keep_together() -> None:
    found = placements(_stay(), _nights(), 1)
    assert [one.slot.slot_id for one in found] == [1, 2, 3, 4, 5]  # the last has no second night
    later = placement_at(found, 3)
    assert later is not None
    assert later.moves == ((0, 3, 500), (1, 4, 500))
    assert (later.slot.price_minor, later.slot.ends_at) == (1_000, _START + timedelta(days=3, hours=22))
    assert price_now(_stay()) == 800


def test_ux_3_a_night_of_both_stays_stays_as_it_is() -> None:
    found = placements(_stay(), _nights(), 1)
    here, next_day = found[0], found[1]
    assert (here.moves, here.slot.price_minor) == ((), 800)
    assert (next_day.moves, next_day.slot.price_minor) == (((0, 3, 500),), 900)


@pytest.mark.parametrize(
    ("state", "left", "is_shown"),
    [
        (SlotState.FULL, 0, SlotState.FULL),
        (SlotState.CLOSED, 0, SlotState.CLOSED),
        (SlotState.NOT_RELEASED, 0, SlotState.NOT_RELEASED),
        (SlotState.TIGHT, 3, SlotState.TIGHT),
        (SlotState.TIGHT, 1, SlotState.FULL),  # two rooms are wanted
    ],
)
def test_ux_3_a_stay_is_as_good_as_its_worst_night(state: SlotState, left: int, is_shown: SlotState) -> None:
    nights = _nights()
    nights[3] = replace(nights[3], state=state, left=left)
    found = placements(_stay(), nights, 2)
    assert [one.slot.state for one in found[1:4]] == [SlotState.PLENTY, is_shown, is_shown]
    assert found[4].slot.state is SlotState.PLENTY


def test_ux_3_ones_own_full_night_is_no_obstacle() -> None:
    nights = _nights()
    nights[1] = replace(nights[1], state=SlotState.FULL, left=0)
    assert placements(_stay(), nights, 1)[1].slot.state is SlotState.PLENTY


def test_ux_3_nights_that_are_not_planned_are_not_offered() -> None:
    nights = _nights()
    del nights[3]
    assert [one.slot.slot_id for one in placements(_stay(), nights, 1)] == [1, 2, 5]


def test_ux_F6_a_session_too_small_for_all_who_move_is_full() -> None:
    [session] = visits_of([with_fields(night_line(0, _START.date()), product_kind="session")])
    slots = [replace(_nights()[2], left=2, state=SlotState.TIGHT)]
    assert [one.slot.state for one in placements(session, slots, 3)] == [SlotState.FULL]
    assert [one.slot.state for one in placements(session, slots, 2)] == [SlotState.TIGHT]


@pytest.mark.anyio
async def test_ux_3_a_stay_is_moved_as_one_by_the_pages(site: BookingSite) -> None:
    one = site.traveller()
    path, day = await book_stay(one)
    page = await one.get(f"{path}/reschedule?line=1")  # the second night leads to the stay as well
    assert "选择新的入住日" in page
    assert "2晚" in page
    arrival = day + timedelta(days=1)
    await one.get(f"{path}/reschedule?line=0&day={arrival}")
    form = one.form(f"{path}/reschedule")
    for _ in range(2):  # a double click moves once
        assert "改期成功" in await one.submit(form)
    assert await site.number("SELECT count(*) FROM booking.line WHERE is_live") == 2
    moved = await site.number("SELECT (min(on_date) - date '2026-03-04') FROM booking.line WHERE is_live")
    assert moved == (arrival - date(2026, 3, 4)).days
    assert await site.number("SELECT count(*) FROM booking.line WHERE NOT is_live") == 1
    assert await site.number("SELECT sum(sold + held) FROM booking.pool") == 2


@pytest.mark.anyio
async def test_ux_3_a_stay_is_moved_at_the_price_that_was_shown(site: BookingSite) -> None:
    one = site.traveller()
    path, day = await book_stay(one)
    await one.get(f"{path}/reschedule?line=0&day={day + timedelta(days=4)}")
    form = one.form(f"{path}/reschedule")
    refused = await one.submit(form, {"price": "1"}, status=409)
    assert "价格有变化" in refused
    assert await site.number("SELECT count(*) FROM booking.line WHERE NOT is_live") == 0


@pytest.mark.anyio
async def test_ux_F6_one_person_is_moved_by_the_pages_and_no_child_alone(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    await one.get("/visitors/new?back=trip")
    child = {"name": CHILD_NAME, "number": CHILD_DOCUMENT, "consent": "yes"}
    await one.submit(one.form("/visitors/new"), child)
    day = TODAY + timedelta(days=1)
    await one.choose("lake", day)
    await one.get("/trip")
    everybody = re.findall(r'name="visitor" value="(\w+)"', one.page.text)
    await one.submit(one.form("/trip/people"), {"visitor": everybody})
    await one.submit(one.form("/trip/book"))
    path = one.path
    page = await one.get(f"{path}/reschedule")
    assert "只改部分人" in page
    picking = await one.get(f"{path}/reschedule?line=0&pick=1")
    assert CHILD_NAME in picking
    assert "改到这场" not in picking  # a day pressed now would move everybody
    assert "请至少选一位" in await one.get(f"{path}/reschedule?choose=1", status=422)
    page = await one.get(f"{path}/reschedule?choose=1&person=1&day={day + timedelta(days=3)}")
    assert f"只改：{CHILD_NAME}" in page
    assert re.search(r'href="[^"]*person=1[^"]*day=', page)
    refused = await one.submit(one.form(f"{path}/reschedule"), status=409)
    assert "原来的预约没有变化" in refused
    assert await site.number("SELECT count(*) FROM booking.line") == 1


@pytest.mark.anyio
async def test_ux_F6_the_visit_that_moves_is_not_in_its_own_way(site: BookingSite) -> None:
    """A card that pays once a day for a place pays for another hour of that day once the first is given back."""
    one = site.traveller()
    await one.activate(DAILY_CARD)
    day = TODAY + timedelta(days=1)
    await one.choose("lake", day)
    await one.submit(await one.review())
    path = one.path
    page = await one.get(f"{path}/reschedule?day={day}")
    assert "本卡可用" in page
    assert "本卡不可用" not in page
    assert "改期成功" in await one.submit(one.form(f"{path}/reschedule", 1))


@pytest.mark.parametrize("nights_on_card", [(0,), (1,)])
def test_ux_3_a_stay_that_money_pays_in_part_is_shown_with_that_sum(nights_on_card: tuple[int, ...]) -> None:
    lines = [
        with_fields(line, card_id=7, price_minor=0) if number in nights_on_card else line
        for number, line in enumerate(_stay().lines)
    ]
    [stay] = visits_of(lines)
    later = placement_at(placements(stay, _nights(), 1), 3)
    assert later is not None
    assert (later.slot.price_minor, price_now(stay)) == (500, 400)


@pytest.mark.anyio
async def test_ux_3_what_the_page_says_of_a_mixed_stay_is_what_is_paid(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    day = TODAY + timedelta(days=2)
    await one.choose("inn", day, count=2)
    await one.review()
    for first in (0, 1):  # whichever of the two nights is paid on site
        on_site = re.findall(r"onsite=(\d+)", one.page.text)[first]
        await one.get(f"/trip/review?onsite={on_site}")
        await one.submit(one.form("/trip/book"))
        path = one.path
        if f"{path}/confirm" in one.page.text:
            await one.submit(one.form(f"{path}/confirm"))
        page = await one.get(f"{path}/reschedule?line=0&day={day + timedelta(days=4)}")
        assert "到店付 ¥300（2 晚合计）" in page
        assert "¥600" not in page
        assert "本卡可用" not in page  # of a part of it only
        assert "改期成功" in await one.submit(one.form(f"{path}/reschedule"))
        paid = "SELECT sum(price_minor * quantity)::int FROM booking.line WHERE is_live"
        assert await site.number(paid) == 30_000 * (first + 1)
        day += timedelta(days=6)
        await one.choose("inn", day, count=2)
        await one.review()
