"""The drills' fixtures: ten attractions, one of which is soon full, and as many card holders as the load needs.

Made from the benchmark's statements. Written by the owner before the installation starts.
"""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from wenyue import policy
from wenyue.core.clock import at_local, local_date
from wenyue.core.ids import uuid7
from wenyue.core.personal import Vault
from wenyue.platform.database.db import queries
from wenyue.platform.database.migrate import migrate
from wenyue.platform.embedded_server import ServerInfo
from wenyue.platform.keys import load_keys
from wenyue_lab.benchmark.dataset import CARD_TYPE, FULL_VENUE, HOT_VENUE, copy_travellers
from wenyue_lab.chaos.history import Kind, Operation, Says

TIMEZONE: Final = "Asia/Shanghai"
VENUES: Final = 10
DAYS: Final = 10
CARDS_MIN: Final = 500
CARDS_MAX: Final = 20_000
CAPACITY: Final = 1_000_000
FULL_CAPACITY: Final = 120  # of the contended session: it fills up while the drill runs
_BENCH: Final = queries("wenyue_lab.benchmark", "seed.sql")
SQL: Final = queries("wenyue_lab.chaos", "drill.sql")
_RULES: Final = {
    "person_type": "single",
    "admits": "holder",
    "needs_holder": True,
    "validity": {"starts": "activation", "months": 12},
    "entitlements": [
        {
            "name": {"zh-CN": "景区游览200次", "en": "200 attraction visits"},
            "granted": 200,
            "scope": {"kinds": ["attraction"]},
            "limits": [{"max": 1, "per": "day", "by": "venue"}],
        }
    ],
}
_LATER: Final = 200  # bookings that a cancellation is chosen from


@dataclass(frozen=True, slots=True)
class Fixtures:
    """What there is to book: slots by day and venue."""

    cards: int
    slots: tuple[tuple[tuple[int, ...], ...], ...]  # [day][venue number - 1]
    made_for: datetime | None = None  # the instant, when it is not the present


def cards_for(operations: int) -> int:
    """How many card holders so many operations need: each visits each attraction once a day."""
    return min(CARDS_MAX, max(CARDS_MIN, operations // ((VENUES - 2) * DAYS) + 1))


def seed(server: ServerInfo, home: Path, cards: int, *, now: datetime | None = None) -> Fixtures:
    """Migrate the database and write the fixtures into it.

    `now`: the instant that it is made for, when that is not the present; then the first day is the venue's next one, and the
    last day is released at the venue's next midnight.
    """
    migrate(server.owner_url, progress=lambda _: None)
    tomorrow = local_date(now, TIMEZONE) + timedelta(days=1) if now is not None else None
    bounds = {
        "venues": VENUES,
        "first_day": tomorrow or datetime.now(UTC).date() + timedelta(days=2),
        "days": DAYS,
        "capacity": CAPACITY,
        "full_capacity": FULL_CAPACITY,
    }
    names: tuple[LiteralString, ...] = ("venues", "products", "day_pools", "session_pools", "slots")
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        asyncio.run(_seed_presets(server))
        connection.execute(_BENCH["card_type"], {"code": CARD_TYPE, "rules": json.dumps(_RULES)})
        for name in names:
            connection.execute(_BENCH[name], bounds)
        copy_travellers(connection, Vault(load_keys(home)), cards)
        for name in ("cards", "entitlements", "logins"):
            connection.execute(_BENCH[name], {"code": CARD_TYPE})
        if now is not None and tomorrow is not None:
            midnight = at_local(tomorrow, time(0), TIMEZONE)
            for name in ("cards_at", "logins_at", "slots_at"):
                connection.execute(SQL[name], {"now": now, "midnight": midnight, "days": DAYS})
        connection.execute(_BENCH["settle"])
        days: dict[object, dict[int, list[int]]] = {}
        for slot_id, venue_id, on_date in connection.execute(SQL["slots_of_all"]):
            days.setdefault(on_date, {}).setdefault(venue_id, []).append(slot_id)
    slots = tuple(tuple(tuple(venues[venue]) for venue in range(1, VENUES + 1)) for venues in days.values())
    return Fixtures(cards, slots, now)


async def _seed_presets(server: ServerInfo) -> None:
    async with await psycopg.AsyncConnection.connect(server.owner_url, autocommit=True) as tx:
        await policy.save_presets(tx)


class Demand:
    """What people want, one operation after the other, the same for the same seed.

    Four fifths are bookings that can be had; the others want the session that fills up, want a second place for
    somebody who has one, or cancel a booking that was acknowledged.
    """

    def __init__(self, fixtures: Fixtures, *, seed: int) -> None:
        self._fixtures = fixtures
        self._chance = random.Random(f"demand {seed}")  # noqa: S311 - load, not secrets
        self._ordinary = self._visits()
        self._last: tuple[int, int, int] = (1, 0, HOT_VENUE - 1)
        self._had: list[Operation] = []

    def next(self) -> Operation:
        """The next operation."""
        dice = self._chance.random()
        if dice < 0.06 and self._had:
            booked = self._had.pop(self._chance.randrange(len(self._had)))
            return Operation(booked.id, Kind.CANCEL, booked.card, booked.slot)
        if dice < 0.12:
            card, day, venue = self._last
        elif dice < 0.20:
            card = self._chance.randrange(self._fixtures.cards) + 1
            day, venue = 0, FULL_VENUE - 1
        else:
            card, day, venue = self._last = next(self._ordinary)
        slot = self._chance.choice(self._fixtures.slots[day][venue])
        return Operation(uuid7(), Kind.BOOK, card, slot)

    def learn(self, operation: Operation) -> None:
        """An acknowledged booking may be cancelled later."""
        if operation.kind is Kind.BOOK and operation.settled is Says.YES and len(self._had) < _LATER:
            self._had.append(operation)

    def _visits(self) -> Iterator[tuple[int, int, int]]:
        """(card, day, venue), each once; then from the start, where everybody is refused."""
        while True:
            for day in range(DAYS):
                for venue in range(VENUES):
                    if venue == FULL_VENUE - 1:
                        continue
                    for card in range(1, self._fixtures.cards + 1):
                        yield card, day, venue
