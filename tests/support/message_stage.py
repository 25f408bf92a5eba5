"""A venue whose bookings are told: a transport that keeps what it gets, and the messages of an engine's bookings."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from tests.support.database import DbUrls, both
from tests.support.gate_fixtures import ADULTS, document, vault
from wenyue import catalogue
from wenyue.accounts import Identity, traveller_for
from wenyue.booking import (
    BookingRequest,
    ChangeKind,
    ChangeRequest,
    Channel,
    Engine,
    EventKind,
    Party,
    PartyVisitor,
    Visitor,
    WantedLine,
    seal_party,
    slot_planning,
)
from wenyue.catalogue import PlannedSession, Product, Template, Venue
from wenyue.core.ids import uuid7
from wenyue.core.personal import Vault
from wenyue.notifications import Sms, TextLimits, deliver, send_queued
from wenyue.platform.database.db import Tx
from wenyue_lab import dataset

NOW = datetime(2026, 9, 20, 2, 0, tzinfo=UTC)
DAY = date(2026, 10, 2)
PHONE = "+8613800138000"


@dataclass
class Recorder:
    """A transport that accepts what the test says and keeps it."""

    accepts: int = 100
    sent: list[Sms] = field(default_factory=list[Sms])

    @property
    def name(self) -> str:
        """As operators would configure it."""
        return "recorder"

    async def is_up(self) -> bool:
        """It always is."""
        return True

    async def send(self, batch: Sequence[Sms], _now: datetime) -> frozenset[int]:
        """Accept the first few."""
        taken = batch[: self.accepts]
        self.sent += taken
        return frozenset(one.id for one in taken)


@dataclass
class Stage:
    """A venue with one product of each kind, and a running engine."""

    engine: Engine
    tx: Tx
    vault: Vault
    products: dict[str, int]
    now: datetime = NOW
    limits: TextLimits = field(default_factory=TextLimits)
    withheld: list[int] = field(default_factory=list[int])

    async def slots(self, kind: str, day: date = DAY) -> list[int]:
        """The day's slots of the product of this kind."""
        return await slot_planning.slots_on(self.tx, self.products[kind], day)

    async def holder(self, locale: str = "zh-CN", phone: str = PHONE) -> int:
        """A traveller of their own."""
        number = ADULTS[len(locale) % 2]
        identity = Identity("张小三", document(number, DAY), phone)
        return await traveller_for(self.tx, self.vault, identity, NOW, locale=locale)

    async def book(self, *slot_ids: int, names: tuple[str, ...] = ("张小三", "李雷"), **more: Any) -> UUID:
        """Booked by a holder for these people, one place each in every slot."""
        visitors = tuple(PartyVisitor(name, "id", f"N{n}", date(1990, 1, 1)) for n, name in enumerate(names))
        party = more.pop("party", None) or seal_party(
            self.vault, Party(visitors, names[0] if names else "", more.pop("contact_phone", ""))
        )
        people = tuple(Visitor(uuid7().bytes, date(1990, 1, 1)) for _ in names)
        lines = tuple(WantedLine(slot, len(names), tuple(range(len(names)))) for slot in slot_ids)
        holder_id = more.pop("holder_id", None) or await self.holder()
        request = BookingRequest(
            uuid7(), b"x" * 16, Channel.ONLINE, holder_id, None, lines, people, party, **more
        )
        answer = await self.engine.book(request)
        assert answer.outcome.is_success, answer
        return request.id

    async def change(self, kind: ChangeKind, booking_id: UUID, **more: Any) -> None:
        """Change a booking, which must succeed."""
        answer = await self.engine.change(ChangeRequest(kind, booking_id, "traveller", **more))
        assert answer.outcome.is_success, answer

    async def deliver(self, kind: EventKind, *ids: UUID) -> int:
        """Write the messages; how many are new."""
        presets = self.engine.rulebook.presets
        return await deliver(self.tx, self.vault, kind, ids, self.now, presets=presets)

    async def send(self, kind: EventKind, sms: Recorder, *ids: UUID) -> bool:
        """Offer what is queued."""
        async with self.tx.transaction():
            return await send_queued(
                self.tx,
                self.vault,
                kind,
                ids,
                self.now,
                sms=sms,
                limits=self.limits,
                withheld=self.withheld.append,
            )

    async def texts(self, kind: EventKind, *ids: UUID) -> list[str]:
        """What is sent by SMS."""
        await self.deliver(kind, *ids)
        recorder = Recorder()
        await self.send(kind, recorder, *ids)
        return [one.text for one in recorder.sent]


@asynccontextmanager
async def open_stage(urls: DbUrls) -> AsyncGenerator[Stage]:
    """The venue, four products of one price, and the engine."""
    async with both(urls) as (db, tx):
        venue = Venue(code="west-lake", kind="attraction", name={"zh-CN": "西湖景区", "en": "West Lake"})
        venue_id = (await catalogue.upsert_venues(tx, [venue]))["west-lake"]
        kinds = ("session", "night", "table", "seat")
        rows = [
            Product(
                venue_id=venue_id,
                code=kind,
                kind=kind,
                name={"zh-CN": "票"},
                price_minor=0,
                policy_code="lingyin" if kind == "session" else "default",
                person_rule="slot",
            )
            for kind in kinds
        ]
        made = await catalogue.upsert_products(tx, rows)
        products = {kind: made[venue_id, kind] for kind in kinds}
        for kind, product_id in products.items():
            twice = (PlannedSession(time(8), time(10), 20), PlannedSession(time(13), time(15), 20))
            sessions = (PlannedSession(time(14), time(12), 20),) if kind == "night" else twice
            template = Template(product_id=product_id, valid_from=date(2026, 1, 1), sessions=sessions)
            await catalogue.upsert_templates(tx, [template])
        book = dataset.rulebook({})
        await slot_planning.open_all_ahead(tx, book.calendar, book.presets, NOW.date(), 30)
        await tx.execute("UPDATE booking.slot SET release_at = '2026-01-01Z'")
        box: list[Stage] = []
        engine = Engine(db, book, clock=lambda: box[0].now)
        box.append(Stage(engine, tx, vault(), products))
        await engine.start()
        yield box[0]
        await engine.drain()
