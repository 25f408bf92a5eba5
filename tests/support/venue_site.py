"""Two attractions that share cards: what happens to one of them must not be felt at the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

import psycopg

from wenyue.audit import seal
from wenyue.booking import Answer, BookingRequest, ChangeRequest, Outcome
from wenyue.core.clock import utc_now
from wenyue.core.personal import SealKeys
from wenyue.ops.backup.source import SQL as BACKUP_SQL
from wenyue.ops.invariants import INVARIANTS, upon_standing
from wenyue.platform.database.db import Database, connect, queries
from wenyue_lab import dataset
from wenyue_lab.simulator.seams import Views, execute

DAY = date(2026, 3, 3)
SIM_SQL = queries("wenyue_lab.simulator", "sim.sql")
_PEOPLE = """
WITH t AS (INSERT INTO accounts.traveller (person_key, sealed)
           SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), '' FROM generate_series(%(first)s::int, %(last)s) n
           RETURNING id, person_key),
     c AS (INSERT INTO cards.card (card_no, type_code, state, pin_hash, valid_from, valid_to, holder_id, holder_key, activated_at)
           SELECT 'V' || encode(person_key, 'hex'), 'fixtures', 3, '', '2026-03-01', '2027-03-01', id, person_key, now() FROM t
           RETURNING id, holder_id, holder_key)
INSERT INTO cards.entitlement (card_id, no, granted) SELECT id, 0, %(granted)s FROM c RETURNING card_id
"""
WIPE = """
CREATE TEMP TABLE doomed AS SELECT DISTINCT l.booking_id AS id FROM booking.line l
  JOIN catalogue.venue v ON v.id = l.venue_id WHERE v.code = 'hill';
DELETE FROM booking.redemption WHERE booking_id IN (SELECT id FROM doomed);
DELETE FROM booking.place p USING booking.line l JOIN catalogue.venue v ON v.id = l.venue_id
 WHERE p.booking_id = l.booking_id AND p.line_no = l.line_no AND v.code = 'hill';
DELETE FROM booking.line l USING catalogue.venue v WHERE v.id = l.venue_id AND v.code = 'hill';
DELETE FROM booking.booking WHERE id IN (SELECT id FROM doomed);
"""
WIPE_VENUE = (
    WIPE
    + """
DELETE FROM booking.slot s USING catalogue.venue v WHERE v.id = s.venue_id AND v.code = 'hill';
DELETE FROM booking.pool s USING catalogue.venue v WHERE v.id = s.venue_id AND v.code = 'hill';
DELETE FROM catalogue.product s USING catalogue.venue v WHERE v.id = s.venue_id AND v.code = 'hill';
DELETE FROM catalogue.venue WHERE code = 'hill';
"""
)


class Urls(Protocol):
    """A database by its two logins."""

    @property
    def app_url(self) -> str:
        """The application's."""
        ...

    @property
    def owner_url(self) -> str:
        """The owner's."""
        ...


@dataclass
class Fixtures:
    """Two venues, `hill` and `lake`, with two sessions each, and people with cards."""

    info: Urls
    hill: list[int]
    lake: list[int]
    cards: list[dataset.Card]

    def book(
        self, wanted: Sequence[BookingRequest | ChangeRequest], expected: Outcome = Outcome.CONFIRMED
    ) -> list[UUID]:
        """Book all of them through the engine's batch; every answer must be `expected`."""
        answers = self.ask(wanted)
        assert {answer.outcome for answer in answers} <= {expected}
        return [answer.booking_id for answer in answers]

    def ask(self, wanted: Sequence[BookingRequest | ChangeRequest]) -> list[Answer]:
        """The answers of the engine's batch."""
        return asyncio.run(self._ask(wanted))

    async def _ask(self, wanted: Sequence[BookingRequest | ChangeRequest]) -> list[Answer]:
        async with await psycopg.AsyncConnection.connect(self.info.owner_url, autocommit=True) as tx:
            book = dataset.rulebook({dataset.OPEN_TYPE: await dataset.card_type(tx)})
            answers: list[Answer] = []
            for start in range(0, len(wanted), 500):
                part = list(wanted[start : start + 500])
                answers += await execute(tx, part, now=dataset.START, rulebook=book, views=Views())
            async with tx.transaction():
                await seal(tx, utc_now(), SealKeys({1: b"k" * 32}, 1))
            return answers

    def run(self, statements: str) -> None:
        """What nobody should do, with more rights than the application has."""
        with psycopg.connect(self.info.owner_url) as connection:
            connection.execute(statements.encode())

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the living database."""
        with psycopg.connect(self.info.owner_url, autocommit=True) as connection:
            return connection.execute(question.encode(), values).fetchall()

    def broken(self) -> list[str]:
        """Everything that the simulator, the drills and the backups object to (I1, I2, I4, I5)."""
        with psycopg.connect(self.info.owner_url, autocommit=True) as connection:
            [row] = connection.execute(upon_standing(SIM_SQL["inspect"]), {}).fetchall()
            found = [str(one) for one in json.loads(row[0])]
            statement = upon_standing(BACKUP_SQL["violations"])
            found += [str(one[0]) for one in connection.execute(statement, {}).fetchall()]
            for name in ("pools", "twice", "entitlements"):
                found += [f"{name} {one}" for one in connection.execute(INVARIANTS[name]).fetchall()]
        return found

    def lake_rows(self) -> list[tuple[Any, ...]]:
        """Every row of the other venue, with its counters."""
        return self.rows(
            "SELECT 'p', p.id::text, p.capacity || ' ' || p.held || ' ' || p.sold || ' ' || p.revision || p.xmin "
            "FROM booking.pool p JOIN catalogue.venue v ON v.id = p.venue_id WHERE v.code = 'lake' UNION ALL "
            "SELECT 'l', l.booking_id::text, l.line_no || ' ' || l.is_live || l.xmin FROM booking.line l JOIN catalogue.venue v "
            "ON v.id = l.venue_id WHERE v.code = 'lake' ORDER BY 1, 2, 3"
        )


def venue_fixtures(
    info: Urls, *, people: int, capacity: int = 20_000, granted: int | None = None
) -> Fixtures:
    """Make it in a migrated, empty database."""
    return asyncio.run(_venue_fixtures(info, people, capacity, granted))


async def _venue_fixtures(info: Urls, people: int, capacity: int, granted: int | None) -> Fixtures:
    async with await connect(Database(info.owner_url, size_max=1)) as tx:
        await dataset.card_type(tx)
        slots: dict[str, list[int]] = {}
        for code in ("hill", "lake"):
            venue_id, product_id = await dataset.product(tx, code, price_minor=6000)
            slots[code] = [
                await dataset.slot(
                    tx, venue_id, product_id, DAY, hour, capacity, day_capacity=2 * capacity, price_minor=6000
                )
                for hour in (2, 6)
            ]
        await tx.execute(_PEOPLE, {"first": 1, "last": people, "granted": granted})
        rows = await (
            await tx.execute("SELECT id, holder_id, holder_key FROM cards.card ORDER BY holder_id")
        ).fetchall()
    cards = [dataset.Card(row[0], row[1], bytes(row[2])) for row in rows]
    return Fixtures(info, slots["hill"], slots["lake"], cards)
