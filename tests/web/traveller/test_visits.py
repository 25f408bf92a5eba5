"""A booking shown as visits: each under its own day, nights of one stay as one, a part cancelled on its own."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.booking_site import TODAY, BookingSite, site
from tests.support.traveller_site import CARD, NAME
from wenyue.application.visits import next_visit, visit_with, visits_of
from wenyue.booking import LineView
from wenyue.web.traveller.visit_views import say_visit

__all__ = ["site"]
_FIRST = date(2026, 11, 30)


def night_line(number: int, day: date, kind: str = "night", hours: tuple[int, int] = (14, 36)) -> LineView:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8)  # in Beijing
    return LineView(
        line_no=number,
        slot_id=number + 1,
        product_id=7 if kind == "night" else 8,
        venue_id=1,
        on_date=day,
        quantity=1,
        price_minor=46800,
        card_id=None,
        is_live=True,
        starts_at=midnight + timedelta(hours=hours[0]),
        ends_at=midnight + timedelta(hours=hours[1]),
        label={},
        product_kind=kind,
        policy_code="x",
        venue_code="inn",
        venue={"zh-CN": "湖畔客栈"},
        product={"zh-CN": "大床房"},
        timezone="Asia/Shanghai",
        visitors=(0,),
        redeemed=0,
    )


def _stay() -> list[LineView]:
    palace = night_line(1, _FIRST + timedelta(days=1), "session", (8, 10))
    return [night_line(0, _FIRST), palace, night_line(2, _FIRST + timedelta(days=1))]


def test_ux_3_two_nights_with_a_visit_between_are_one_stay_with_its_check_out() -> None:
    stay, palace = visits_of(_stay())
    assert (stay.line_numbers, palace.line_numbers) == ((0, 2), (1,))
    assert stay.last_day == date(2026, 12, 2)
    assert stay.price_minor == 2 * 46800
    assert say_visit(stay, "zh-CN") == "11月30日–12月2日 · 2晚 · 1间"
    assert say_visit(stay, "en") == "30 Nov – 2 Dec · 2 nights · 1 room"
    assert visit_with([stay, palace], 2) is stay
    assert visit_with([stay, palace], 9) is None


@pytest.mark.parametrize(
    "change",
    [{"quantity": 2}, {"visitors": (0, 1)}, {"product_id": 9}, {"is_live": False}, {"is_missed": True}],
)
def test_ux_3_nights_that_differ_are_stays_of_their_own(change: dict[str, object]) -> None:
    first, _, second = _stay()
    assert len(visits_of([first, replace(second, **change)])) == 2


def test_ux_3_a_night_missing_between_makes_two_stays() -> None:
    assert len(visits_of([night_line(0, _FIRST), night_line(1, _FIRST + timedelta(days=2))])) == 2


def test_ux_3_two_rooms_of_a_kind_booked_apart_stay_apart() -> None:
    nights = [night_line(number, _FIRST + timedelta(days=number // 2)) for number in range(4)]
    assert [len(one.lines) for one in visits_of(nights)] == [2, 2]


def test_ux_1_the_next_visit_is_the_first_that_nobody_has_used() -> None:
    stay, palace = visits_of(_stay())
    before = stay.starts_at - timedelta(hours=1)
    assert next_visit([stay, palace], before) is stay
    used = visits_of([replace(one, redeemed=1) if one.line_no == 0 else one for one in _stay()])
    assert next_visit(used, before) is used[1]
    assert next_visit(used, stay.ends_at) is None


@pytest.mark.anyio
async def test_ux_1_each_visit_has_its_ticket_and_one_is_cancelled_alone(site: BookingSite) -> None:
    one = site.traveller()
    await one.activate(CARD)
    day = TODAY + timedelta(days=1)
    await one.choose("inn", day, count=2)
    await one.choose("lake", day)
    await one.submit(await one.review())
    path = one.path
    if f"{path}/confirm" in one.page.text:
        await one.submit(one.form(f"{path}/confirm"))
    page = await one.get(path)
    assert "2晚" in page
    assert "退房" in page
    assert NAME in page  # one's own family by full name
    link = re.search(rf'{path}/cancel\?line=(\d)" aria-label="取消这一项：湖畔客栈"', page)
    assert link is not None
    stay = link[1]
    listed = await one.get("/bookings")
    assert len(re.findall(rf'href="{path}#visit-\d"', listed)) == 2
    asked = await one.get(f"{path}/cancel?line={stay}")
    assert f'name="visit" value="{stay}" checked' in asked
    assert "请至少选一项" in await one.get(f"{path}/cancel?choose=1&person=0", status=422)
    sure = await one.get(f"{path}/cancel?choose=1&visit={stay}&person=0")
    assert "取消湖畔客栈？" in sure
    assert await site.number("SELECT count(*) FROM booking.line WHERE is_live") == 3
    done = await one.submit(one.form(f"{path}/cancel"))
    assert "其他项目仍然有效" in done
    assert await site.number("SELECT count(*) FROM booking.line WHERE is_live") == 1
    assert await site.number("SELECT state FROM booking.booking") == 2
