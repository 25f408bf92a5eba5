"""A venue opened for a few days, an engine that has its sessions in memory, and what operators see of them."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.database import DbUrls, both
from wenyue import catalogue
from wenyue.booking import (
    Answer,
    BookingRequest,
    ChangeKind,
    ChangeRequest,
    Channel,
    Engine,
    Outcome,
    Rulebook,
    Visitor,
    WantedLine,
)
from wenyue.booking.slots.slot_planning import (
    open_all_ahead,
    slots_on,
)
from wenyue.catalogue import PlannedSession, Product, Template, Venue
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Database, Tx
from wenyue.policy import HolidayCalendar, shipped_presets

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 22, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@dataclass
class Stage:
    """An engine with the shipped presets, and one venue opened for a few days: its product and two slots of DAY."""

    engine: Engine
    tx: Tx
    venue_id: int
    product_id: int
    morning: int
    afternoon: int
    db: Database
    now: datetime = NOON

    @property
    def clock(self) -> Callable[[], datetime]:
        """As the acts of operators ask it."""
        return lambda: self.now

    async def book(self, slot_id: int, **more: Any) -> Answer:
        """One place for a new person, paid for otherwise."""
        booking_id = uuid7()
        price_minor: int | None = more.pop("price_minor", None)
        births: list[date | None] = more.pop("births", [date(1990, 5, 1)])
        people = tuple(Visitor(uuid7().bytes, birth) for birth in births)
        line = WantedLine(slot_id, len(people), tuple(range(len(people))), price_minor=price_minor)
        channel: Channel = more.pop("channel", Channel.ONLINE)
        request = BookingRequest(
            booking_id, booking_id.bytes, channel, None, None, (line,), people, b"sealed", **more
        )
        return await self.engine.book(request)

    async def outcome(self, slot_id: int, **more: Any) -> Outcome:
        """Its outcome only."""
        return (await self.book(slot_id, **more)).outcome


async def planned(
    tx: Tx, venue: Venue, sessions: tuple[PlannedSession, ...], **product: Any
) -> tuple[int, int]:
    """This venue with one product, planned from 2026 on with 30 places a day; the ids of venue and product."""
    venue_id = (await catalogue.upsert_venues(tx, [venue]))[venue.code]
    adult = Product(
        venue_id=venue_id, code="adult", kind="session", name={"zh-CN": "票"}, price_minor=3_000, **product
    )
    product_id = (await catalogue.upsert_products(tx, [adult]))[venue_id, "adult"]
    template = Template(
        product_id=product_id, valid_from=date(2026, 1, 1), day_capacity=30, sessions=sessions
    )
    await catalogue.upsert_templates(tx, [template])
    return venue_id, product_id


@asynccontextmanager
async def opened_venue(urls: DbUrls) -> AsyncGenerator[Stage]:
    """The venue, two weeks opened, and its engine, which ends with the block."""
    async with both(urls) as (db, tx):
        venue = Venue(code="lingyin", kind="attraction", name={"zh-CN": "灵隐"}, province="浙江")
        sessions = (
            PlannedSession(time(7), time(13), 20, reserves={"phone": 2}),
            PlannedSession(time(11), time(17), 20),
        )
        venue_id, product_id = await planned(tx, venue, sessions, policy_code="lingyin")
        presets, calendar = shipped_presets(), HolidayCalendar()
        await open_all_ahead(tx, calendar, presets, date(2026, 11, 22), 14)
        morning, afternoon = await slots_on(tx, product_id, DAY)
        box: list[Stage] = []
        desk = Database(urls.owner_url, size_max=2)
        rulebook = Rulebook(card_types={}, presets=presets, calendar=calendar)
        engine = Engine(db, rulebook, clock=lambda: box[0].now)
        box.append(Stage(engine, tx, venue_id, product_id, morning, afternoon, desk))
        await engine.start()
        async with desk:
            yield box[0]
        await engine.drain()


async def give_back(stage: Stage, booked: Answer) -> None:
    """An operator cancels."""
    asked = ChangeRequest(ChangeKind.CANCEL, booked.booking_id, "staff:1", is_forced=True)
    assert (await stage.engine.change(asked)).outcome is Outcome.CANCELLED
