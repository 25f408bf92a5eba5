"""The benchmark's dataset: attractions, sessions and card holders, written by the owner in bulk; and its bookkeeping.

Every request of a run books for another person on another card. When the cards are used up, the next run turns to the
next date, where everybody may come again: the same person twice on one date would be refused.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from wenyue import policy
from wenyue.core.documents import Document, DocumentKind, parse_document
from wenyue.core.personal import Vault
from wenyue.platform.database.db import queries
from wenyue.platform.embedded_server import ServerInfo
from wenyue.platform.keys import load_keys
from wenyue_lab.benchmark.wire import resident_id

HOT_VENUE: Final = 1
FULL_VENUE: Final = 2
SPREAD_VENUES: Final = 1_000  # ten sessions each
FULL_CAPACITY: Final = 64
CAPACITY: Final = 1_000_000_000
DAYS: Final = 12
GROW_STEP: Final = 250_000
CARD_TYPE: Final = "bench-annual"
_SQL: Final = queries("wenyue_lab.benchmark", "seed.sql")
_COPY_ROWS: Final = 5_000
_RULES: Final = {
    "person_type": "single",
    "admits": "holder",
    "needs_holder": True,
    "validity": {"starts": "activation", "months": 12},
    "blackouts": [{"from_date": "2020-10-01", "to_date": "2020-10-07"}],
    "lead": {"minutes": 30},
    "entitlements": [
        {
            "name": {"zh-CN": "景区游览200次", "en": "200 attraction visits"},
            "granted": 200,
            "scope": {"kinds": ["attraction"]},
            "limits": [{"max": 1, "per": "day", "by": "venue"}, {"max": 1000, "per": "month"}],
        }
    ],
}


class DatasetFault(Exception):
    """The benchmark's data is not what the figures need."""


@dataclass(slots=True)
class Dataset:
    """What was seeded, and which cards were not used yet on which date."""

    server: ServerInfo
    cards: int
    first_day: date
    pass_no: int = 0
    next_card: int = 1
    _slots: dict[int, dict[int, list[int]]] = field(default_factory=dict[int, dict[int, list[int]]])

    def take(self, count: int) -> tuple[int, int]:
        """`count` cards that have no booking on the date of the returned pass: (first card, pass)."""
        if count > self.cards:
            raise DatasetFault(f"a run of {count} bookings needs as many cards; there are {self.cards}")
        if self.next_card + count - 1 > self.cards:
            self.pass_no, self.next_card = self.pass_no + 1, 1
        if self.pass_no >= DAYS:
            raise DatasetFault("every card has a booking on every date: seed more cards")
        first = self.next_card
        self.next_card += count
        return first, self.pass_no

    def slots(self, pass_no: int, kind: str) -> tuple[int, ...]:
        """The slots of a pass's date: `hot` (one), `full` (one) or `spread` (10,000, in an order that mixes venues)."""
        if pass_no not in self._slots:
            by_venue: dict[int, list[int]] = {}
            with psycopg.connect(self.server.owner_url, autocommit=True) as connection:
                day = self.first_day + timedelta(days=pass_no)
                for slot_id, venue_id in connection.execute(_SQL["slots_of"], {"day": day}):
                    by_venue.setdefault(venue_id, []).append(slot_id)
            self._slots[pass_no] = by_venue
        venues = self._slots[pass_no]
        if kind == "hot":
            return tuple(venues[HOT_VENUE])
        if kind == "full":
            return tuple(venues[FULL_VENUE])
        spread = [venues[venue] for venue in sorted(venues) if venue not in {HOT_VENUE, FULL_VENUE}]
        return tuple(slot for column in zip(*spread, strict=True) for slot in column)

    def availability_path(self) -> str:
        """The question of the availability run: ten sessions a day of one product, all dates."""
        last = self.first_day + timedelta(days=DAYS - 1)
        return f"/v1/availability?product_id={FULL_VENUE + 1}&from={self.first_day}&to={last}"

    def oversold(self) -> int:
        """Places given beyond capacity plus every place that counters and bookings disagree about: 0."""
        return self._number("oversold")

    def bookings(self) -> int:
        """Stored bookings that hold a place."""
        return self._number("bookings")

    def settle(self) -> None:
        """Statistics and a checkpoint, so that a run does not pay for what was seeded before it."""
        with psycopg.connect(
            self.server.superuser_url.replace("/postgres?", "/wenyue?"), autocommit=True
        ) as connection:
            connection.execute(_SQL["settle"])
            connection.execute("CHECKPOINT")

    def grow(self, to: int, tell: Callable[[int], None]) -> None:
        """Store `to` bookings with lines, places and audit entries; `tell` gets the number stored so far."""
        asyncio.run(self._grow(to, tell))

    async def _grow(self, to: int, tell: Callable[[int], None]) -> None:
        async def fill(name: LiteralString) -> None:
            async with await psycopg.AsyncConnection.connect(self.server.owner_url, autocommit=True) as tx:
                for first in range(1, to + 1, GROW_STEP):
                    last = min(to, first + GROW_STEP - 1)
                    await tx.execute(_SQL[name], {"first": first, "last": last})
                    done[name] = last
                    tell(min(done.values()))

        names: tuple[LiteralString, ...] = ("grow_bookings", "grow_lines", "grow_places", "grow_audit")
        done: dict[str, int] = dict.fromkeys(names, 0)
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(fill(name))

    def _number(self, name: LiteralString) -> int:
        with psycopg.connect(self.server.owner_url, autocommit=True) as connection:
            row = connection.execute(_SQL[name]).fetchone()
        return int(row[0]) if row else 0


def seed(server: ServerInfo, home: Path, cards: int, tell: Callable[[str], None]) -> Dataset:
    """Write the dataset into a migrated, empty database."""
    dataset = Dataset(server, cards, datetime.now(UTC).date() + timedelta(days=2))
    bounds = {
        "venues": SPREAD_VENUES + 2,
        "first_day": dataset.first_day,
        "days": DAYS,
        "capacity": CAPACITY,
        "full_capacity": FULL_CAPACITY,
    }
    with psycopg.connect(server.owner_url, autocommit=True) as connection:
        asyncio.run(_seed_presets(server))
        connection.execute(_SQL["card_type"], {"code": CARD_TYPE, "rules": json.dumps(_RULES)})
        tell("attractions and sessions")
        for name in ("venues", "products", "day_pools", "session_pools", "slots"):
            connection.execute(_SQL[name], bounds)
        tell(f"{cards:,} card holders")
        copy_travellers(connection, Vault(load_keys(home)), cards)
        tell(f"{cards:,} cards")
        for name in ("cards", "entitlements", "logins"):
            connection.execute(_SQL[name], {"code": CARD_TYPE})
    tell("statistics")
    dataset.settle()
    return dataset


async def _seed_presets(server: ServerInfo) -> None:
    async with await psycopg.AsyncConnection.connect(server.owner_url, autocommit=True) as tx:
        await policy.save_presets(tx)


def copy_travellers(connection: psycopg.Connection, vault: Vault, cards: int) -> None:
    """Holders with the person keys that the server will compute for the documents in the requests."""
    prefix = _key_prefix()
    identity = {"name": "张晓明", "kind": DocumentKind.RESIDENT_ID.value, "number": resident_id(1)}
    sealed = vault.seal(json.dumps(identity).encode(), purpose=b"traveller").hex()
    with connection.cursor() as cursor, cursor.copy(_SQL["copy_travellers"]) as copy:
        for first in range(1, cards + 1, _COPY_ROWS):
            copy.write(
                "".join(
                    f"{n}\t\\\\x{vault.person_key(prefix + resident_id(n)).hex()}\t\\\\x{sealed}\n"
                    for n in range(first, min(cards, first + _COPY_ROWS - 1) + 1)
                )
            )


def _key_prefix() -> str:
    """What the canonical document key puts before the number; checked, not assumed."""
    number = resident_id(1)
    document = parse_document(DocumentKind.RESIDENT_ID, number, today=datetime.now(UTC).date())
    if not isinstance(document, Document) or not document.key.endswith(number):
        raise DatasetFault(f"the benchmark's document numbers are refused: {document!r}")
    return document.key.removesuffix(number)
