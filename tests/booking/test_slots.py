"""Opening, closing, repricing and capacity of slots against a real server; the catalogue's own reads on the way."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support.locks import until_it_waits
from wenyue import catalogue
from wenyue.booking.slots.slot_planning import (
    CapacityAnswer,
    OpenedCount,
    close_slots,
    open_all_ahead,
    reopen_slots,
    reprice,
    set_capacity,
    set_day_capacity,
)
from wenyue.catalogue import NewClosure, PlannedSession, Product, Template, Venue
from wenyue.platform.database.db import Tx
from wenyue.policy import HolidayCalendar, Preset, shipped_presets

pytestmark = pytest.mark.anyio
MONDAY = date(2026, 11, 23)
THURSDAY = date(2026, 11, 26)
SESSIONS = (
    PlannedSession(
        time(8, 30), time(12), 100, {"zh-CN": "上午场", "en": "Morning"}, reserves={"phone": 10, "elderly": 5}
    ),
    PlannedSession(time(11), time(16), 200, {"zh-CN": "下午场", "en": "Afternoon"}, price_minor=3_000),
)


@dataclass
class Place:
    """One venue with one product, and what the tests ask of its slots."""

    tx: Tx
    venue_id: int
    product_id: int
    presets: dict[str, Preset]

    async def open(self, from_day: date = MONDAY, days_ahead: int = 3) -> OpenedCount:
        """Open ahead from a day."""
        return await open_all_ahead(self.tx, HolidayCalendar(), self.presets, from_day, days_ahead)

    async def slots(self, columns: LiteralString) -> list[Any]:
        """Columns of every slot, in time order."""
        statement = "SELECT " + columns + " FROM booking.slot ORDER BY on_date, starts_at"
        return await (await self.tx.execute(statement)).fetchall()

    async def revisions(self) -> list[int]:
        """The revision of each slot's session pool, in time order."""
        statement = (
            "SELECT p.revision FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]"
            " ORDER BY s.on_date, s.starts_at"
        )
        return [row[0] for row in await (await self.tx.execute(statement)).fetchall()]


@pytest.fixture
async def place(make_database: Any) -> AsyncIterator[Place]:
    urls = make_database()
    async with await psycopg.AsyncConnection.connect(urls.owner_url, autocommit=True) as tx:
        venue = Venue(code="palace", kind="attraction", name={"zh-CN": "故宫博物院"}, province="北京")
        venue_id = (await catalogue.upsert_venues(tx, [venue]))["palace"]
        product = Product(
            venue_id=venue_id,
            code="adult",
            kind="session",
            name={"zh-CN": "成人票"},
            price_minor=4_000,
            policy_code="gugong",
        )
        product_id = (await catalogue.upsert_products(tx, [product]))[venue_id, "adult"]
        template = Template(
            product_id=product_id, valid_from=date(2026, 1, 1), day_capacity=250, sessions=SESSIONS
        )
        await catalogue.upsert_templates(tx, [template])
        yield Place(tx, venue_id, product_id, shipped_presets())


async def test_slots_open_once_with_their_pools_and_instants(place: Place) -> None:
    opened = await place.open()
    # four days of two sessions: 8 session pools, 4 day pools, and three channel pools for each morning
    assert opened == OpenedCount(slots=8, pools=8 + 4 + 4 * 3)
    assert await place.open() == OpenedCount(0, 0)
    rows = await place.slots(
        "on_date, starts_at, ends_at, release_at, closes_at, price_minor, label ->> 'zh-CN', is_open"
    )
    assert rows[2] == (
        date(2026, 11, 24),
        datetime(2026, 11, 24, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 24, 4, 0, tzinfo=UTC),
        datetime(2026, 11, 17, 12, 0, tzinfo=UTC),  # seven days before, 20:00 in Beijing
        datetime(2026, 11, 23, 16, 0, tzinfo=UTC),  # no same-day booking: midnight before
        4_000,
        "上午场",
        True,
    )
    assert rows[3][5] == 3_000  # the session's own price
    assert [row[-1] for row in rows] == [
        False,
        False,
        True,
        True,
        True,
        True,
        True,
        True,
    ]  # closed on Mondays
    assert await place.open(days_ahead=4) == OpenedCount(slots=2, pools=2 + 1 + 3)


async def test_pools_of_a_slot_are_its_own_the_days_and_the_channels(place: Place) -> None:
    await place.open(THURSDAY, 0)
    rows = await place.slots("pool_ids, channel_pools")
    pools = {
        row[0]: row[1:]
        for row in await (
            await place.tx.execute("SELECT id, kind, channel, capacity, product_id IS NULL FROM booking.pool")
        ).fetchall()
    }
    (morning, channels), (afternoon, no_channels) = rows
    assert [pools[one] for one in morning] == [("session", None, 100, False), ("day", None, 250, True)]
    assert pools[afternoon[0]] == ("session", None, 200, False)
    assert afternoon[1] == morning[1]
    assert no_channels == {}
    assert pools[channels["phone"]] == ("channel", "phone", 10, False)
    assert pools[channels["elderly"]] == ("channel", "elderly", 5, False)
    # every other channel shares what the reserves leave
    assert pools[channels["online"]] == ("channel", "online", 85, False)
    assert {channels[name] for name in ("online", "window", "group", "ota", "emergency")} == {
        channels["online"]
    }


async def test_a_closure_of_the_catalogue_closes_what_is_opened(place: Place) -> None:
    closure = NewClosure(
        venue_id=place.venue_id, from_date=THURSDAY, to_date=THURSDAY, reason={"zh-CN": "设备检修"}
    )
    assert await catalogue.add_closure(place.tx, closure)
    assert await catalogue.add_closure(place.tx, closure) is None
    await place.open(date(2026, 11, 25), 1)
    rows = await place.slots("is_open, coalesce(closed_reason ->> 'zh-CN', '')")
    assert rows == [(True, ""), (True, ""), (False, "设备检修"), (False, "设备检修")]


async def test_closing_and_reopening_bump_the_revision(place: Place) -> None:
    await place.open(MONDAY, 1)
    closed = await close_slots(
        place.tx,
        place.venue_id,
        None,
        from_day=MONDAY,
        to_day=date(2026, 11, 24),
        reason={"zh-CN": "大雾", "en": "Fog"},
    )
    assert closed == 2  # Monday's were closed already
    assert await place.slots("coalesce(closed_reason ->> 'zh-CN', '')") == [
        ("周一例行闭馆",),
        ("周一例行闭馆",),
        ("大雾",),
        ("大雾",),
    ]
    assert await place.revisions() == [1, 1, 2, 2]
    opened = await reopen_slots(place.tx, place.venue_id, place.product_id, MONDAY, date(2026, 11, 24))
    assert opened == 2
    assert await place.revisions() == [1, 1, 3, 3]
    open_pools = await place.tx.execute(
        "SELECT count(*) FROM booking.pool WHERE kind = 'session' AND is_open"
    )
    assert await open_pools.fetchone() == (2,)


async def test_reopening_respects_a_closure_that_still_stands(place: Place) -> None:
    await place.open(THURSDAY, 1)
    closure = NewClosure(
        venue_id=place.venue_id, from_date=THURSDAY, to_date=THURSDAY, reason={"zh-CN": "设备检修"}
    )
    closure_id = await catalogue.add_closure(place.tx, closure)
    assert closure_id is not None
    await close_slots(
        place.tx,
        place.venue_id,
        None,
        from_day=THURSDAY,
        to_day=date(2026, 11, 27),
        reason={"zh-CN": "大雾"},
    )
    assert await reopen_slots(place.tx, place.venue_id, None, THURSDAY, date(2026, 11, 27)) == 2
    assert [row[0] for row in await place.slots("coalesce(closed_reason ->> 'zh-CN', '')")] == [
        "设备检修",
        "设备检修",
        "",
        "",
    ]
    assert await catalogue.lift_closure(place.tx, closure_id, datetime(2026, 11, 25, tzinfo=UTC))
    assert await reopen_slots(place.tx, place.venue_id, None, THURSDAY, THURSDAY) == 2


async def test_repricing_changes_only_what_differs(place: Place) -> None:
    await place.open(THURSDAY, 1)
    assert await reprice(place.tx, place.product_id, {THURSDAY: 3_000}) == 1
    assert [row[0] for row in await place.slots("price_minor")] == [3_000, 3_000, 4_000, 3_000]
    assert await place.revisions() == [2, 1, 1, 1]
    assert await reprice(place.tx, place.product_id, {}) == 0


async def test_prices_by_date_are_used_when_slots_open(place: Place) -> None:
    await catalogue.set_prices(place.tx, place.product_id, {THURSDAY: 9_900})
    await place.open(THURSDAY, 1)
    assert [row[0] for row in await place.slots("price_minor")] == [9_900, 9_900, 4_000, 3_000]


async def test_capacity_never_falls_below_what_is_taken(place: Place) -> None:
    await place.open(THURSDAY, 0)
    morning, afternoon = [row[0] for row in await place.slots("id")]
    await place.tx.execute("UPDATE booking.pool SET sold = 20, held = 1 WHERE kind = 'session'")
    await place.tx.execute("UPDATE booking.pool SET sold = 40, held = 2 WHERE kind = 'day'")
    assert await set_capacity(place.tx, afternoon, 20) is CapacityAnswer.BELOW_TAKEN
    assert await set_capacity(place.tx, afternoon, 21) is CapacityAnswer.SET
    assert await set_capacity(place.tx, afternoon, 21) is CapacityAnswer.UNCHANGED
    assert await set_capacity(place.tx, afternoon, -1) is CapacityAnswer.OUT_OF_RANGE
    assert await set_capacity(place.tx, 10**9, 5) is CapacityAnswer.UNKNOWN
    assert await set_capacity(place.tx, morning, 14) is CapacityAnswer.BELOW_TAKEN
    await place.tx.execute("UPDATE booking.pool SET sold = 0, held = 0 WHERE kind = 'session'")
    assert await set_capacity(place.tx, morning, 14) is CapacityAnswer.BELOW_RESERVES
    assert await set_capacity(place.tx, morning, 60) is CapacityAnswer.SET
    rest = await place.tx.execute("SELECT capacity FROM booking.pool WHERE channel = 'online'")
    assert await rest.fetchone() == (45,)
    assert await set_day_capacity(place.tx, place.venue_id, THURSDAY, 41) is CapacityAnswer.BELOW_TAKEN
    assert await set_day_capacity(place.tx, place.venue_id, THURSDAY, 42) is CapacityAnswer.SET
    assert await set_day_capacity(place.tx, place.venue_id, MONDAY, 42) is CapacityAnswer.UNKNOWN


async def test_two_workers_at_once_open_each_slot_once(place: Place) -> None:
    other = await psycopg.AsyncConnection.connect(place.tx.info.dsn + f" password={place.tx.info.password}")
    async with other:
        second = Place(other, place.venue_id, place.product_id, place.presets)
        async with place.tx.transaction():
            first_opened = await place.open(days_ahead=20)
            waiting = asyncio.create_task(second.open(days_ahead=21))
            await until_it_waits(place.tx, waiting)
        second_opened = await waiting
    assert first_opened.slots == 42
    assert second_opened == OpenedCount(slots=2, pools=2 + 1 + 3)
    assert len(await place.slots("id")) == 44
