"""Lists of sessions: what opens, what stays as it is, what stands in the way; and what was opened can be booked."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.booking_site import BookingSite, booked, site
from tests.support.catalogue_lists import NOW, PRODUCTS, SESSIONS, Lists
from tests.support.traveller_site import CARD
from wenyue import catalogue
from wenyue.booking import slot_planning
from wenyue.catalogue import NewClosure, PlannedSession, Template

__all__ = ["site"]
pytestmark = pytest.mark.anyio
HEADER = "场馆,产品,日期,结束日期,开始时间,结束时间,容量,价格\n"
MORNING = HEADER + "lake,day,2026-12-01,2026-12-02,08:30,11:30,500,\n"


@pytest.fixture
async def lists(make_database: Any, tmp_path: Path) -> AsyncIterator[Lists]:
    """An installation with venues and products and no sessions."""
    async with await psycopg.AsyncConnection.connect(make_database().owner_url, autocommit=True) as tx:
        found = Lists(tx, tmp_path)
        await found.venues()
        await found.products()
        yield found


async def slots(lists: Lists, product: str = "day") -> list[tuple[Any, ...]]:
    """Day, begin, end, capacity, price, Chinese label, whether it is open."""
    cursor = await lists.tx.execute(
        "SELECT to_char(s.on_date, 'MM-DD'), to_char(s.starts_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI'),"
        " to_char(s.ends_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI'), p.capacity, s.price_minor,"
        " coalesce(s.label ->> 'zh-CN', ''), s.is_open FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]"
        " JOIN catalogue.product c ON c.id = s.product_id WHERE c.code = %s ORDER BY s.on_date, s.starts_at",
        [product],
    )
    return await cursor.fetchall()


async def number(lists: Lists, statement: Any, *values: object) -> int:
    row = await (await lists.tx.execute(statement, values)).fetchone()
    assert row is not None
    return row[0]


async def product_of(lists: Lists, code: str, product: str) -> catalogue.Product:
    venue = await catalogue.venue(lists.tx, code)
    assert venue is not None
    return next(one for one in await catalogue.products(lists.tx, venue.id) if one.code == product)


async def test_attractions_hotels_restaurants_and_shuttles_open(lists: Lists) -> None:
    rehearsed = await lists.sessions(is_dry_run=True)
    assert (rehearsed.verdicts, rehearsed.taken.slots_opened) == ("new new new new new", 21)
    assert await number(lists, "SELECT count(*) FROM booking.slot") == 0
    brought = await lists.sessions()
    assert (brought.verdicts, brought.taken.slots_opened) == ("new new new new new", 21)
    day = await slots(lists)
    assert day[0] == ("12-01", "08:30", "11:30", 500, 7_550, "上午场", True)
    assert [one for one in day if one[5] == "夜场"] == [
        ("12-05", "18:00", "22:00", 200, 9_900, "夜场", True),
        ("12-06", "18:00", "22:00", 200, 9_900, "夜场", True),
    ]
    assert (await slots(lists, "twin"))[0] == ("12-01", "14:00", "12:00", 12, 185_600, "", True)
    assert await slots(lists, "dinner") == [("12-01", "18:00", "20:00", 40, 12_800, "", True)]
    assert await slots(lists, "ride") == [("12-01", "08:10", "10:10", 30, 0, "", True)]
    again = await lists.sessions()
    assert (again.verdicts, again.taken.slots_opened) == ("same same same same same", 0)


async def test_a_visit_without_times_is_as_long_as_the_venue_is_open(lists: Lists) -> None:
    await lists.sessions("场馆,产品,日期,结束日期,容量\nlake,day,2026-12-05,2026-12-08,90\n")
    assert [one[:3] for one in await slots(lists)] == [
        ("12-05", "08:00", "17:00"),
        ("12-06", "08:00", "17:00"),
        ("12-08", "08:00", "17:00"),  # on Mondays it is closed
    ]


async def test_a_longer_list_opens_what_is_new(lists: Lists) -> None:
    await lists.sessions(MORNING)
    longer = await lists.sessions(MORNING.replace("2026-12-02", "2026-12-04"))
    assert (longer.verdicts, longer.taken.slots_opened) == ("changed", 2)
    assert len(await slots(lists)) == 4


async def test_what_is_there_stays_as_it_is(lists: Lists) -> None:
    await lists.sessions(MORNING)
    other = await lists.sessions(MORNING.replace("11:30,500,", "12:00,9,1"))
    assert (other.verdicts, other.taken.slots_opened) == ("kept", 0)
    assert [(one.field, one.before, one.after, one.is_applied) for one in other.outcomes[0].differences][
        :3
    ] == [
        ("2026-12-01 08:30 ends", "11:30", "12:00", False),
        ("2026-12-01 08:30 capacity", "500", "9", False),
        ("2026-12-01 08:30 price", "75.50", "1.00", False),
    ]
    assert {one[1:5] for one in await slots(lists)} == {("08:30", "11:30", 500, 7_550)}


async def test_a_product_that_is_sold_keeps_its_price_for_new_sessions(lists: Lists) -> None:
    await lists.sessions(MORNING)
    later = await lists.sessions(HEADER + "lake,day,2026-12-09,,08:30,11:30,500,1\n")
    assert later.verdicts == "new"
    [left] = later.outcomes[0].differences
    assert (left.field, left.before, left.after, left.is_applied) == ("price", "75.50", "1.00", False)
    assert {one[4] for one in await slots(lists)} == {7_550}


async def test_closures_and_prices_of_the_venue_hold(lists: Lists) -> None:
    product = await product_of(lists, "lake", "day")
    closed = NewClosure(
        venue_id=product.venue_id,
        from_date=date(2026, 12, 2),
        to_date=date(2026, 12, 2),
        reason={"zh-CN": "大风"},
    )
    await catalogue.add_closure(lists.tx, closed)
    await catalogue.set_prices(lists.tx, product.id, {date(2026, 12, 1): 6_000})
    await lists.sessions(MORNING)
    assert [(one[0], one[4], one[6]) for one in await slots(lists)] == [
        ("12-01", 6_000, True),
        ("12-02", 7_550, False),
    ]
    twice = "SELECT count(*) FROM booking.slot WHERE closed_reason ->> 'zh-CN' = '大风' AND NOT is_open"
    assert await number(lists, twice) == 1


async def test_a_days_carrying_capacity_holds(lists: Lists) -> None:
    """The figure of the calendar of another product of the venue, and that of a preset."""
    await lists.products(PRODUCTS + "lake,boat,游船,,20\n")
    boat = await product_of(lists, "lake", "boat")
    template = Template(
        product_id=boat.id,
        valid_from=date(2026, 12, 1),
        day_capacity=700,
        sessions=(PlannedSession(*_times("09:00", "10:00"), 50),),
    )
    await catalogue.upsert_templates(lists.tx, [template])
    await lists.sessions(MORNING)
    day = "SELECT capacity FROM booking.pool WHERE kind = 'day' AND on_date = '2026-12-01'"
    assert await number(lists, day) == 700
    assert await number(lists, "SELECT min(cardinality(pool_ids)) FROM booking.slot") == 2
    header = "场馆,代码,产品名称,价格,预约规则\n"
    await lists.venues("代码,名称,省份\npeak,测试峰,浙江\n")
    await lists.products(header + "peak,entry,门票,45,lingyin\n")
    await lists.sessions(HEADER + "peak,entry,2026-12-01,,07:00,13:00,90000,\n")
    capped = "SELECT p.capacity FROM booking.pool p WHERE p.kind = 'day' AND p.capacity <> 700"
    assert await number(lists, capped) == 35_000


def _times(starts: str, ends: str) -> tuple[Any, Any]:
    return datetime.strptime(starts, "%H:%M").time(), datetime.strptime(ends, "%H:%M").time()  # noqa: DTZ007 - wall times


async def test_a_capacity_that_an_operator_lowered_stays(lists: Lists) -> None:
    await lists.sessions(MORNING)
    product = await product_of(lists, "lake", "day")
    [slot] = await slot_planning.slots_on(lists.tx, product.id, date(2026, 12, 1))
    await slot_planning.set_capacity(lists.tx, slot, 10)
    assert (await lists.sessions(MORNING)).verdicts == "kept"
    assert [one[3] for one in await slots(lists)] == [10, 500]


async def test_what_a_list_has_no_more_is_told_and_stays(lists: Lists) -> None:
    await lists.sessions(MORNING + "lake,day,2026-12-01,2026-12-02,13:00,17:00,500,\n")
    brought = await lists.sessions(MORNING)
    assert brought.taken.gone == ["lake/day 2026-12-01 13:00", "lake/day 2026-12-02 13:00"]
    assert len(await slots(lists)) == 4


async def test_days_that_are_over_open_nothing(lists: Lists) -> None:
    brought = await lists.sessions(
        HEADER + "lake,day,2026-11-01,2026-12-02,08:30,11:30,500,\nlake,day,2026-11-01,,13:00,17:00,5,\n"
    )
    assert brought.verdicts == "new refused"
    assert brought.refusal.fix.say("en") == "all of its days are over"
    assert [one[0] for one in await slots(lists)] == ["11-30", "12-01", "12-02"]


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        ("nowhere,day,2026-12-01,,08:30,11:30,5,", "unknown-venue", "import the venues first"),
        ("lake,夜票,2026-12-01,,08:30,11:30,5,", "unknown-product", "import its products first"),
        ("inn,day,2026-12-01,,08:30,11:30,5,", "unknown-product", "inn sells nothing"),
        ("lake,day,2026-12-01,,17:00,13:00,5,", "bad-time", "swapped"),
        ("lake,day,2026-12-01,,13:00,13:00,5,", "bad-time", "swapped"),
        ("lake,day,2026-12-07,,,,5,", "bad-time", "closed on all"),
        ("grill,dinner,2026-12-01,,,,5,", "bad-time", "no opening hours"),
        ("lake,day,2026-12-02,2026-12-03,08:30,09:00,5,", "key-twice", "line 2 has a session"),
    ],
)
async def test_a_refused_row_says_why_and_the_others_come_in(
    lists: Lists, row: str, reason: str, said: str
) -> None:
    brought = await lists.sessions(f"{MORNING}{row}\nline,ride,2026-12-01,,23:30,00:30,30,\n")
    assert brought.verdicts == "new refused new"
    assert brought.refusal.reason.value == reason
    assert said in brought.refusal.fix.say("en")
    assert await slots(lists, "ride") == [("12-01", "23:30", "00:30", 30, 0, "", True)]


async def test_a_product_that_is_no_longer_sold_opens_nothing(lists: Lists) -> None:
    await lists.tx.execute("UPDATE catalogue.product SET is_active = false WHERE code = 'day'")
    assert (await lists.sessions(MORNING)).refusal.reason.value == "unknown-product"


async def test_two_venues_open_their_own(lists: Lists) -> None:
    brought = await lists.sessions(SESSIONS)
    per_venue = "SELECT count(*) FROM audit.entry WHERE action = 'venue.slots_opened'"
    assert (await number(lists, per_venue), brought.taken.gone) == (4, [])
    assert NOW.date() == date(2026, 11, 30)


async def test_what_a_list_brought_can_be_booked(site: BookingSite, tmp_path: Path) -> None:
    async with await psycopg.AsyncConnection.connect(site.owner_url, autocommit=True) as tx:
        lists = Lists(tx, tmp_path, site.clock[0])
        await lists.venues("代码,名称,省份,开放时间\npond,新湖,浙江,08:00-17:00\n")
        await lists.products("场馆,产品名称,价格\npond,日票,0\n")
        assert (
            await lists.sessions("场馆,产品,日期,结束日期,容量\n新湖,日票,2026-03-04,2026-03-10,2\n")
        ).verdicts == "new"
    one = site.traveller()
    await one.activate(CARD)
    await booked(one, "pond")
    assert "新湖" in one.page.text
    assert await site.number("SELECT sum(sold)::int FROM booking.pool WHERE capacity = 2") == 1
