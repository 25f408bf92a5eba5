"""The fixtures of the simulator: a hill with a day's cap and reserves, a hall with small sessions, an inn."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from wenyue.booking import Outcome, Rulebook
from wenyue.cards import parse_rules
from wenyue.platform.database.db import queries
from wenyue.policy import AccountLimits, CancelLimits, HolidayCalendar, Preset, parse_preset
from wenyue_lab import dataset
from wenyue_lab.simulator.dataset import Card, Slot
from wenyue_lab.simulator.model import Naive

CARD_TYPE: Final = "sim"
CARD_DAY_MAX: Final = 2
CARD_PARTY_MAX: Final = 2
_CARD_RULES: Final[dict[str, Any]] = {
    "admits": "anyone",
    "party_max": CARD_PARTY_MAX,
    "validity": {"months": 12},
    "entitlements": [
        {
            "name": {"zh-CN": "景区", "en": "attractions"},
            "scope": {"kinds": ["attraction"]},
            "limits": [{"max": CARD_DAY_MAX, "per": "day"}],
        }
    ],
}
DAYS: Final = 4
CARDS: Final = 6
PEOPLE: Final = 9
CASH_HOLDERS: Final = (9_001, 9_002)
LIMITS: Final = AccountLimits(
    places=60, unpaid=40, unnamed=30, cancels=CancelLimits(day=6, week=16), moves_day=5
)
NAMESAKES: Final = ((1, 2), (3, 4))  # people whose documents have one number
SQL: Final = queries("wenyue_lab.simulator", "sim.sql")


@dataclass(frozen=True, slots=True)
class _Venue:
    """How a product of the fixtures are booked."""

    code: str
    hours: tuple[int, ...]
    capacity: int
    is_per_venue_day: bool
    is_named: bool
    is_on_cards: bool
    cancel_until_s: int
    party_max: int
    price: int
    day_capacity: int | None = None
    reserves: tuple[tuple[str, int], ...] = ()


VENUES: Final = (
    _Venue("hill", (2, 6), 5, True, True, True, 24 * 3600, 3, 6000, 7, (("online", 3), ("phone", 2))),
    _Venue("hall", (3, 7), 3, False, True, True, 3600, 2, 1500),
    _Venue("inn", (8,), 150, False, False, False, 0, 9, 30000),
)


@dataclass
class Fixtures:
    """The naive model of fresh fixtures, and who lives in it."""

    model: Naive
    start: datetime
    people: list[bytes]
    holders: list[tuple[int, int | None]]  # (holder, card)
    venue_days: list[tuple[int, int, date]] = field(default_factory=list[tuple[int, int, date]])


def rulebook() -> Rulebook:
    """The presets and card rules of the fixtures."""
    presets: dict[str, Preset] = {}
    for venue in VENUES:
        presets[venue.code] = parse_preset(
            f'{{"code": "{venue.code}", "name": {{"zh-CN": "模拟", "en": "simulated"}}, "source": "simulator",'
            f' "release_days": 30, "release_time": "00:00:00", "same_day_booking": true,'
            f' "party_max": {venue.party_max}, "person_rule": "none",'
            f' "cancel": [{{"before_start_s": {venue.cancel_until_s}}}]}}'
        )
    types = {CARD_TYPE: parse_rules(json.dumps(_CARD_RULES))}
    return Rulebook(card_types=types, presets=presets, calendar=HolidayCalendar(), limits=LIMITS)


def numbers() -> dict[bytes, bytes]:
    """The number keys of the people whose documents have one."""
    return {dataset.person(one): dataset.person(1000 + pair[0]) for pair in NAMESAKES for one in pair}


async def build(owner: AsyncConnection[TupleRow], rng: random.Random) -> Fixtures:
    """Empty the database (as its owner) and make the fixtures anew; the same seed makes the same rows."""
    await owner.execute(SQL["empty"])
    model = Naive()
    model.limits, model.numbers = LIMITS, numbers()
    start = dataset.START + timedelta(hours=rng.randrange(20), minutes=rng.randrange(60))
    people = [dataset.person(number) for number in range(1, PEOPLE + 1)]
    fixtures = Fixtures(model, start, people, [(holder, None) for holder in CASH_HOLDERS])
    await dataset.card_type(owner, CARD_TYPE, _CARD_RULES)
    for number in range(1, CARDS + 1):
        granted = rng.randint(3, 9)
        made = await dataset.card(owner, number, type_code=CARD_TYPE, granted=(granted,))
        model.cards[made.id] = Card(made.id, made.holder_id, granted, CARD_DAY_MAX, CARD_PARTY_MAX)
        model.own[made.holder_id] = made.holder_key
        fixtures.holders.append((made.holder_id, made.id))
    for venue in VENUES:
        await _open(owner, fixtures, venue, rng)
    return fixtures


async def _open(
    owner: AsyncConnection[TupleRow], fixtures: Fixtures, venue: _Venue, rng: random.Random
) -> None:
    venue_id, product_id = await dataset.product(
        owner,
        venue.code,
        kind="session" if venue.is_on_cards else "night",
        venue_kind="attraction" if venue.is_on_cards else "hotel",
        policy_code=venue.code,
        needs_visitors=venue.is_named,
        person_rule="venue_day" if venue.is_per_venue_day else "none" if not venue.is_named else "slot",
    )
    for number in range(DAYS):
        day = dataset.START.date() + timedelta(days=number)
        fixtures.venue_days.append((venue_id, product_id, day))
        for hour in venue.hours:
            is_reserved = bool(venue.reserves) and hour == venue.hours[-1]
            is_late = number == DAYS - 1 and hour == venue.hours[-1]
            release = fixtures.start + timedelta(hours=rng.randint(1, 40)) if is_late else None
            slot_id = await dataset.slot(
                owner,
                venue_id,
                product_id,
                day,
                hour,
                venue.capacity,
                day_capacity=venue.day_capacity,
                price_minor=venue.price,
                release_at=release,
                channels=dict(venue.reserves) if is_reserved else None,
            )
            await _note(owner, fixtures.model, venue, slot_id)


async def _note(owner: AsyncConnection[TupleRow], model: Naive, venue: _Venue, slot_id: int) -> None:
    """Tell the model what was made: facts of the calendar, read once."""
    row = await (await owner.execute(SQL["slot"], {"id": slot_id})).fetchone()
    if row is None:
        raise LookupError(slot_id)
    product_id, venue_id, day, starts, release, closes, price, pool_ids, reserves = row
    own, *rest = pool_ids
    slot = Slot(
        id=slot_id,
        product=product_id,
        venue=venue_id,
        day=day,
        starts=starts.astimezone(UTC),
        release=release.astimezone(UTC),
        closes=closes.astimezone(UTC),
        price=price,
        own=own,
        day_pool=rest[0] if rest else None,
        reserves=reserves,
        is_per_venue_day=venue.is_per_venue_day,
        is_named=venue.is_named,
        is_on_cards=venue.is_on_cards,
        party_max=venue.party_max,
        cancel_until_s=venue.cancel_until_s,
    )
    model.slots[slot_id] = slot
    model.capacity[own], model.full[own] = venue.capacity, Outcome.SOLD_OUT
    if slot.day_pool is not None and venue.day_capacity is not None:
        model.capacity[slot.day_pool], model.full[slot.day_pool] = venue.day_capacity, Outcome.DAY_FULL
    for channel, count in venue.reserves:
        if channel in reserves:
            model.capacity[reserves[channel]] = count
            model.full[reserves[channel]] = Outcome.CHANNEL_FULL
