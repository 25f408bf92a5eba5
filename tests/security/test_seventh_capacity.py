"""What a seventh attack found in capacities of days: a figure that no session of the day has, and one that a holiday forgot."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest

from tests.support.change_stage import ANN, asking, staffed_venue
from tests.support.database import DbUrls
from tests.support.opening_stage import Stage
from wenyue import catalogue
from wenyue.application.capacities import SetDayCapacity
from wenyue.application.enter_holidays import enter_holidays
from wenyue.application.propose_change import propose_change
from wenyue.application.set_capacity import CapacitySet, set_capacity
from wenyue.booking import Outcome
from wenyue.booking.slots.replanning import HolidayEntry
from wenyue.booking.slots.slot_planning import open_all_ahead
from wenyue.catalogue import PlannedSession, Product, Template, Venue
from wenyue.changes import Change, Effect, State
from wenyue.policy import HolidayCalendar, shipped_presets

pytestmark = pytest.mark.anyio
_FROM = date(2026, 1, 1)
_WEDNESDAY = date(2027, 3, 3)
_WEEKEND = 0b1100000


async def _venue(stage: Stage, policy: str) -> tuple[int, list[int]]:
    """A venue with two products, the first of which was made first."""
    venue = Venue(code="two", kind="attraction", name={"zh-CN": "两票"}, province="浙江")
    venue_id = (await catalogue.upsert_venues(stage.tx, [venue]))["two"]
    made: list[int] = []
    for code in ("first", "second"):
        product = Product(
            venue_id=venue_id,
            code=code,
            kind="session",
            name={"zh-CN": code},
            price_minor=0,
            policy_code=policy,
        )
        made.append((await catalogue.upsert_products(stage.tx, [product]))[venue_id, code])
    return venue_id, made


async def _day(stage: Stage, venue_id: int, on_date: date) -> int:
    rows = await stage.tx.execute(
        "SELECT capacity FROM booking.pool WHERE venue_id = %s AND kind = 'day' AND on_date = %s",
        (venue_id, on_date),
    )
    [(capacity,)] = await rows.fetchall()
    return capacity


async def test_security_seventh_H1_a_day_is_planned_as_it_opens(make_database: Callable[[], DbUrls]) -> None:
    """The first product has no session that day, and a preset with a cap of 35,000."""
    async with staffed_venue(make_database()) as stage:
        venue_id, (night, day) = await _venue(stage, "lingyin")
        fair = PlannedSession(time(18), time(21), 300)
        visit = PlannedSession(time(9), time(12), 30_000)
        await catalogue.upsert_templates(
            stage.tx,
            [
                Template(
                    product_id=night,
                    valid_from=_FROM,
                    weekdays=_WEEKEND,
                    day_capacity=300,
                    sessions=(fair,),
                ),
                Template(product_id=day, valid_from=_FROM, day_capacity=300, sessions=(visit,)),
            ],
        )
        asked = asking("capacity.day", SetDayCapacity(venue_id, _WEDNESDAY, 30_000))
        change = await propose_change(stage, ANN, asked)
        assert isinstance(change, Change)
        assert (change.effect, change.state, change.was) == (
            Effect.LOOSENS,
            State.WAITING,
            {"capacity": 300},
        )
        await open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), date(2027, 3, 2), 3)
        assert await _day(stage, venue_id, _WEDNESDAY) == 300


async def test_security_seventh_H2_the_days_capacity_counts_every_first_gate(
    make_database: Callable[[], DbUrls],
) -> None:
    """The second product states no figure of its own; an inner attraction counts nobody twice."""
    on_date = date(2026, 12, 20)
    async with staffed_venue(make_database()) as stage:
        venue_id, (first, second) = await _venue(stage, "default")
        inner = Product(
            venue_id=venue_id, code="inner", kind="session", name={"zh-CN": "索道"}, price_minor=0,
            policy_code="default", is_first_gate=False,
        )  # fmt: skip
        third = (await catalogue.upsert_products(stage.tx, [inner]))[venue_id, "inner"]
        morning = PlannedSession(time(9), time(12), 900)
        await catalogue.upsert_templates(
            stage.tx,
            [
                Template(product_id=first, valid_from=_FROM, day_capacity=300, sessions=(morning,)),
                Template(product_id=second, valid_from=_FROM, sessions=(morning,)),
                Template(product_id=third, valid_from=_FROM, sessions=(morning,)),
            ],
        )
        done = await set_capacity(stage, ANN, SetDayCapacity(venue_id, on_date, 2))
        assert done is CapacitySet.SET
        await open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), date(2026, 12, 19), 3)
        stage.now = datetime(2026, 12, 19, 12, tzinfo=UTC)
        rows = await stage.tx.execute(
            "SELECT id FROM booking.slot WHERE venue_id = %s AND on_date = %s ORDER BY product_id",
            (venue_id, on_date),
        )
        one, two, ride = [row[0] for row in await rows.fetchall()]
        assert await stage.outcome(one, price_minor=0) is Outcome.CONFIRMED
        assert await stage.outcome(two, price_minor=0) is Outcome.CONFIRMED
        assert await stage.outcome(two, price_minor=0) is Outcome.DAY_FULL
        assert await stage.outcome(one, price_minor=0) is Outcome.DAY_FULL
        assert await stage.outcome(ride, price_minor=0) is Outcome.CONFIRMED


async def test_security_seventh_H1_a_days_figure_by_hand_outlives_a_holiday(
    make_database: Callable[[], DbUrls],
) -> None:
    """It is what the second product would give the day; the first product's figure is the day's."""
    on_date = date(2026, 11, 25)
    async with staffed_venue(make_database()) as stage:
        venue_id, products = await _venue(stage, "default")
        await catalogue.upsert_templates(
            stage.tx,
            [
                Template(
                    product_id=product,
                    valid_from=_FROM,
                    day_kind=kind,
                    day_capacity=capacity,
                    sessions=(PlannedSession(time(9), time(12), 900),),
                )
                for product, of_kinds in zip(products, ((1_000, 1_200), (500, 800)), strict=True)
                for kind, capacity in zip(("workday", "holiday"), of_kinds, strict=True)
            ],
        )
        await open_all_ahead(stage.tx, HolidayCalendar(), shipped_presets(), date(2026, 11, 24), 3)
        assert await _day(stage, venue_id, on_date) == 1_000
        await set_capacity(stage, ANN, SetDayCapacity(venue_id, on_date, 500))
        entry = HolidayEntry(on_date, on_date, "holiday", "元旦", "notice")
        await enter_holidays(stage, ANN, entry, shipped_presets())
        assert await _day(stage, venue_id, on_date) == 500
