"""Two engines beside one database, as two processes are, and one account that books: for tests of what an account may have."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime

from msgspec import structs

from tests.support.database import DbUrls, both
from wenyue.booking import (
    Answer,
    BookingRequest,
    ChangeKind,
    ChangeRequest,
    Channel,
    Engine,
    Visitor,
    WantedLine,
)
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx
from wenyue.policy import AccountLimits, Preset
from wenyue_lab import dataset

DAY = date(2026, 3, 3)
PARTY_MAX = 9  # of the preset `default`


@dataclass
class Stage:
    """Two engines, as two processes are, and a connection to look with."""

    tx: Tx
    engine: Engine
    other: Engine
    now: list[datetime]
    made: int = 0
    holder: int = 0

    async def venue(self, **more: object) -> tuple[int, int]:
        """Another venue with one product: (venue id, product id)."""
        self.made += 1
        return await dataset.product(self.tx, f"limit{self.made}-{uuid7()}", **more)  # type: ignore[arg-type] # keywords pass through

    def people(self, count: int, number: bytes | None = None) -> tuple[Visitor, ...]:
        """So many people who were never seen before; `number`: of a document that all of them show."""
        return tuple(Visitor(uuid7().bytes, None, number_key=number) for _ in range(count))

    def request(self, *wanted: tuple[int, tuple[Visitor, ...] | int], **more: object) -> BookingRequest:
        """A booking of `wanted`: in each slot these people, or so many unnamed places."""
        visitors: list[Visitor] = []
        lines: list[WantedLine] = []
        for slot_id, who in wanted:
            if isinstance(who, int):
                lines.append(WantedLine(slot_id, who))
                continue
            first = len(visitors)
            visitors.extend(who)
            lines.append(WantedLine(slot_id, len(who), tuple(range(first, len(visitors)))))
        id_ = uuid7()
        made = BookingRequest(
            id_, id_.bytes, Channel.ONLINE, self.holder, None, tuple(lines), tuple(visitors), b""
        )
        return structs.replace(made, **more)

    async def ask(self, *wanted: tuple[int, tuple[Visitor, ...] | int], **more: object) -> Answer:
        """Book at the first process."""
        return await self.engine.book(self.request(*wanted, **more))

    async def booked(self, *wanted: tuple[int, tuple[Visitor, ...] | int], **more: object) -> BookingRequest:
        """Book, which must succeed; what was asked for."""
        request = self.request(*wanted, **more)
        answer = await self.engine.book(request)
        assert answer.outcome.is_success, answer
        return request

    async def move(
        self, booked: BookingRequest, *moves: tuple[int, int], by: int | None = None, price: int | None = None
    ) -> Answer:
        """Ask for lines to be moved to other slots, as the account (or `by`), for `price` or the lines' own."""
        prices = tuple((line, price) for line, _ in moves) if price is not None else ()
        return await self.engine.change(
            ChangeRequest(ChangeKind.MOVE, booked.id, "traveller", by or self.holder, moves, prices=prices)
        )

    def rule(self, **rules: object) -> None:
        """Put a preset `default` with these differences in force in both processes."""
        for engine in (self.engine, self.other):
            presets = dict(copy(engine.rulebook.presets))
            presets["default"] = _with(presets["default"], rules)
            engine.rulebook = replace(engine.rulebook, presets=presets)

    def limit(self, limits: AccountLimits) -> None:
        """Put other limits in force in both processes."""
        for engine in (self.engine, self.other):
            engine.rulebook = replace(engine.rulebook, limits=limits)


def _with(preset: Preset, rules: dict[str, object]) -> Preset:
    return structs.replace(preset, **rules)


@asynccontextmanager
async def account_stage(db_urls: DbUrls) -> AsyncGenerator[Stage]:
    """A stage on a fresh account."""
    async with both(db_urls) as (db, tx):
        book = dataset.rulebook({dataset.OPEN_TYPE: await dataset.card_type(tx)})
        now = [dataset.START]
        engines = [Engine(db, book, clock=lambda: now[0]) for _ in range(2)]
        card = await dataset.card(tx, uuid7().int % 10**9)
        for engine in engines:
            await engine.start()
        yield Stage(tx, engines[0], engines[1], now, holder=card.holder_id)
        for engine in engines:
            await engine.drain(within_s=1)


async def slots(
    stage: Stage, count: int, venue: tuple[int, int], day: date = DAY, **more: object
) -> list[int]:
    """So many sessions of a day."""
    return [
        await dataset.slot(stage.tx, *venue, day, hour, 500, **more)  # type: ignore[arg-type] # keywords pass through
        for hour in range(2, 2 + count)
    ]
