"""Case R3 on a real server: an entered holiday mends the slots that are open, and a preview changes nothing."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, time

import pytest

from tests.support.database import DbUrls
from wenyue import catalogue
from wenyue.booking.slots.replanning import (
    HolidayEntry,
    Replanned,
    enter_holidays,
    follow_day,
    preview_holidays,
)
from wenyue.booking.slots.slot_planning import close_slots, open_all_ahead
from wenyue.catalogue import PlannedSession, Product, Template, Venue
from wenyue.platform.database.db import Database
from wenyue.policy import HolidayCalendar, shipped_presets

pytestmark = pytest.mark.anyio
MONDAY, TUESDAY = date(2027, 10, 4), date(2027, 10, 5)  # days of 国庆节 once the notice is there
NOW = datetime(2027, 9, 20, 4, tzinfo=UTC)
Rows = list[tuple[object, ...]]


@pytest.fixture
async def db(make_database: Callable[[], DbUrls]) -> AsyncIterator[Database]:
    """A venue under the rules of 故宫 (closed on Mondays), other hours and more places on holidays, opened for two days."""
    async with Database(make_database().owner_url, size_max=2) as db:
        async with db.transaction() as tx:
            venue = Venue(code="palace", kind="attraction", name={"zh-CN": "故宫博物院"}, province="北京")
            venue_id = (await catalogue.upsert_venues(tx, [venue]))["palace"]
            product = Product(
                venue_id=venue_id, code="adult", kind="session", name={"zh-CN": "成人票"}, price_minor=4_000, policy_code="gugong"
            )  # fmt: skip
            product_id = (await catalogue.upsert_products(tx, [product]))[venue_id, "adult"]
            usual = (PlannedSession(time(8, 30), time(12), 100), PlannedSession(time(13), time(16), 100))
            busy = (
                PlannedSession(time(8, 30), time(12), 300, price_minor=6_000),
                PlannedSession(time(17), time(20), 300),
            )
            first, last = date(2027, 1, 1), date(2027, 12, 31)
            templates = [
                Template(product_id=product_id, valid_from=first, valid_to=last, day_capacity=150, sessions=usual),
                Template(
                    product_id=product_id, valid_from=first, valid_to=last, day_capacity=500, sessions=busy,
                    day_kind="holiday", priority=1,
                ),
            ]  # fmt: skip
            await catalogue.upsert_templates(tx, templates)
            await open_all_ahead(tx, HolidayCalendar(), shipped_presets(), MONDAY, 1)
        yield db


async def enter(db: Database, *, is_preview: bool = False) -> Replanned:
    entry = HolidayEntry(MONDAY, TUESDAY, "holiday", "国庆节", "国务院办公厅通知")
    if is_preview:
        return await preview_holidays(db.transaction, shipped_presets(), entry)
    done = Replanned()
    async with db.transaction() as tx:
        were = await enter_holidays(tx, entry, now=NOW, actor="test")
    for day, was in zip((MONDAY, TUESDAY), were, strict=True):
        async with db.transaction() as tx:
            done += await follow_day(tx, shipped_presets(), day, was, now=NOW, actor="test")
            again = await follow_day(tx, shipped_presets(), day, was, now=NOW, actor="test")
            assert (again.opened, again.changed) == (0, 0)  # heard twice, it changes nothing more
    return done


async def slots(db: Database) -> Rows:
    """Date, hour in China, open, reason, price, capacity of each slot."""
    statement = (
        "SELECT s.on_date, extract(hour FROM s.starts_at AT TIME ZONE 'Asia/Shanghai')::int, s.is_open AND p.is_open,"
        " coalesce(s.closed_reason ->> 'zh-CN', ''), s.price_minor, p.capacity"
        " FROM booking.slot s JOIN booking.pool p ON p.id = s.pool_ids[1]"
        " ORDER BY s.on_date, s.starts_at"
    )
    async with db.connection() as tx:
        return await (await tx.execute(statement)).fetchall()


async def day_capacities(db: Database) -> list[int]:
    async with db.connection() as tx:
        rows = await tx.execute("SELECT capacity FROM booking.pool WHERE kind = 'day' ORDER BY on_date")
        return [row[0] for row in await rows.fetchall()]


async def test_rules_R3_an_entered_holiday_mends_open_slots(db: Database) -> None:
    before = await slots(db)
    assert before[0] == (MONDAY, 8, False, "周一例行闭馆", 4_000, 100)
    preview = await enter(db, is_preview=True)
    assert await slots(db) == before
    assert await day_capacities(db) == [150, 150]
    done = await enter(db)
    assert (done.opened, done.changed, done.in_the_way) == (
        preview.opened,
        preview.changed,
        preview.in_the_way,
    )
    gone = "节假日安排调整，当日不设此场次"
    assert await slots(db) == [
        (MONDAY, 8, True, "", 6_000, 300),
        (MONDAY, 13, False, "周一例行闭馆", 4_000, 100),  # closed before, and not of the new timetable
        (MONDAY, 17, True, "", 4_000, 300),
        (TUESDAY, 8, True, "", 6_000, 300),
        (TUESDAY, 13, False, gone, 4_000, 100),
        (TUESDAY, 17, True, "", 4_000, 300),
    ]
    assert await day_capacities(db) == [500, 500]
    assert (await enter(db)).changed == 0  # the same notice again


async def test_rules_R3_a_closure_by_hand_outlives_the_holiday(db: Database) -> None:
    async with db.transaction() as tx:
        row = await (await tx.execute("SELECT venue_id FROM booking.slot LIMIT 1")).fetchone()
        assert row is not None
        await close_slots(
            tx, row[0], None, from_day=TUESDAY, to_day=TUESDAY, reason={"zh-CN": "检修", "en": "Repairs"}
        )
    await enter(db)
    [morning] = [one for one in await slots(db) if one[:2] == (TUESDAY, 8)]
    assert morning[2:4] == (False, "检修")


async def test_rules_R3_what_is_entered_is_recorded(db: Database) -> None:
    await enter(db)
    async with db.connection() as tx:
        rows = await tx.execute(
            "SELECT action, subject FROM audit.entry WHERE action LIKE 'calendar.%' ORDER BY 1, 2"
        )
        assert await rows.fetchall() == [
            ("calendar.entered", f"date:{MONDAY}"),
            ("calendar.entered", f"date:{TUESDAY}"),
            ("calendar.replanned", f"date:{MONDAY}"),
            ("calendar.replanned", f"date:{TUESDAY}"),
        ]
