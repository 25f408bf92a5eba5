"""A venue with sessions, bookings and cards around one instant, for the gate's tests: rows, exactly as asked for."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from wenyue import catalogue
from wenyue.booking import BookingState, Party, PartyVisitor, seal_party
from wenyue.cards import CardState
from wenyue.catalogue import Product, Venue
from wenyue.core.clock import local_date
from wenyue.core.documents import Document, parse_document
from wenyue.core.ids import uuid7
from wenyue.core.personal import KeyRing, Vault
from wenyue.gate import Desk, GateKeys, TokenClaims, voucher_token
from wenyue.platform.database.db import Tx
from wenyue.policy import Preset, shipped_presets

ADULTS = ("11010519491231002X", "11010519900307777X", "440524198001010013")
CHILD = "110105201501010017"
NAMES = ("王小明", "李雷", "韩梅梅", "王小小")


def vault() -> Vault:
    """A vault with fixed keys."""
    return Vault(KeyRing({1: bytes(32)}, 1, bytes(range(32))))


def keys() -> GateKeys:
    """Fixed voucher keys."""
    return GateKeys.from_bytes(bytes(range(32)), bytes(range(1, 33)))


def document(number: str, today: date) -> Document:
    """A document that must be good."""
    read = parse_document(None, number, today=today)
    assert isinstance(read, Document), read
    return read


@dataclass
class GateFixtures:
    """Rows are written through `tx`, which is in autocommit mode."""

    tx: Tx
    now: datetime
    desk: Desk
    venues: dict[str, int]
    products: dict[tuple[int, str], int]
    slots: dict[tuple[int, datetime], int] = field(default_factory=dict[tuple[int, datetime], int])

    @classmethod
    async def make(cls, tx: Tx, now: datetime, **presets: Preset) -> "GateFixtures":
        """Two venues; the first has a ticket under 灵隐's rules for minors and a shuttle."""
        venues = await catalogue.upsert_venues(
            tx,
            [
                Venue(code="lingyin", kind="attraction", name={"zh-CN": "灵隐飞来峰", "en": "Lingyin"}),
                Venue(code="palace", kind="attraction", name={"zh-CN": "故宫博物院", "en": "Palace Museum"}),
            ],
        )
        here, there = venues["lingyin"], venues["palace"]
        rules: dict[str, Any] = {"price_minor": 4500, "policy_code": "lingyin"}
        products = await catalogue.upsert_products(
            tx,
            [
                Product(
                    venue_id=here,
                    code="ticket",
                    kind="session",
                    name={"zh-CN": "门票", "en": "Ticket"},
                    **rules,
                ),
                Product(
                    venue_id=here,
                    code="shuttle",
                    kind="seat",
                    name={"zh-CN": "接驳车", "en": "Shuttle"},
                    **rules,
                ),
                Product(
                    venue_id=there,
                    code="ticket",
                    kind="session",
                    name={"zh-CN": "成人票", "en": "Adult"},
                    **rules,
                ),
            ],
        )
        return cls(tx, now, Desk(vault(), keys(), {**shipped_presets(), **presets}), venues, products)

    @property
    def here(self) -> int:
        """The venue of the gate."""
        return self.venues["lingyin"]

    async def slot(self, venue: str = "lingyin", product: str = "ticket", starts_in_h: float = -1) -> int:
        """A session of four hours that starts so many hours from now."""
        venue_id = self.venues[venue]
        product_id = self.products[venue_id, product]
        starts = self.now + timedelta(hours=starts_in_h)
        if (product_id, starts) not in self.slots:
            row = await self.tx.execute(
                """INSERT INTO booking.slot (product_id, venue_id, on_date, starts_at, ends_at, release_at, closes_at,
                   price_minor, label, pool_ids)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, 4500, '{"zh-CN": "上午场", "en": "Morning"}', '{1}') RETURNING id""",
                (
                    product_id,
                    venue_id,
                    local_date(starts, "Asia/Shanghai"),
                    starts,
                    starts + timedelta(hours=4),
                    starts - timedelta(days=7),
                    starts + timedelta(hours=4),
                ),
            )
            self.slots[product_id, starts] = (await row.fetchall())[0][0]
        return self.slots[product_id, starts]

    async def book(
        self,
        *slot_ids: int,
        documents: tuple[str | Document, ...] = ADULTS[:1],
        quantity: int = 0,
        state: BookingState = BookingState.CONFIRMED,
        card_id: int | None = None,
        booking_id: UUID | None = None,
        holder_id: int | None = None,
    ) -> UUID:
        """A booking of these slots for these persons, or for `quantity` unnamed places."""
        booking_id = booking_id or uuid7()
        people = [one if isinstance(one, Document) else document(one, self.now.date()) for one in documents]
        party = Party(
            tuple(
                PartyVisitor(name, one.kind.value, one.number, one.birth)
                for name, one in zip(NAMES, people, strict=False)
            ),
            contact_name="赵先生",
        )
        hold_until = self.now + timedelta(minutes=10) if state is BookingState.HELD else None
        await self.tx.execute(
            """INSERT INTO booking.booking (id, body_hash, state, channel, created_at, changed_at, hold_until,
               total_minor, party, card_id, holder_id) VALUES (%s, '', %s, 1, %s, %s, %s, 0, %s, %s, %s)""",
            (
                booking_id,
                state,
                self.now,
                self.now,
                hold_until,
                seal_party(self.desk.vault, party),
                card_id,
                holder_id,
            ),
        )
        is_live = state in {BookingState.HELD, BookingState.CONFIRMED, BookingState.NO_SHOW}
        for line_no, slot_id in enumerate(slot_ids or [await self.slot()]):
            await self.tx.execute(
                """INSERT INTO booking.line (booking_id, line_no, slot_id, product_id, venue_id, on_date, quantity,
                   price_minor, pool_ids, card_id, is_live)
                   SELECT %s, %s, id, product_id, venue_id, on_date, %s, 4500, '{1}', %s, %s
                     FROM booking.slot WHERE id = %s""",
                (booking_id, line_no, quantity or len(documents), card_id, is_live, slot_id),
            )
            for visitor_no, one in enumerate([] if quantity else people):
                await self.tx.execute(
                    """INSERT INTO booking.place (booking_id, line_no, visitor_no, person_key, scope, on_date, is_live)
                       SELECT %s, %s, %s, %s, -id, on_date, %s FROM booking.slot WHERE id = %s""",
                    (booking_id, line_no, visitor_no, self.desk.vault.person_key(one.key), is_live, slot_id),
                )
        return booking_id

    async def card(self, number: str, state: CardState = CardState.ACTIVE, holder: str | None = None) -> int:
        """A card, with its holder's document."""
        holder_key = self.desk.vault.person_key(document(holder, self.now.date()).key) if holder else None
        await self.tx.execute(
            """INSERT INTO cards.card_type (code, name, rules, source)
               VALUES ('t', '{"zh-CN": "卡", "en": "Card"}', '{}', 'test') ON CONFLICT DO NOTHING"""
        )
        row = await self.tx.execute(
            """INSERT INTO cards.card (card_no, type_code, state, pin_hash, holder_key)
               VALUES (%s, 't', %s, '', %s) RETURNING id""",
            (number, state, holder_key),
        )
        return (await row.fetchall())[0][0]

    def voucher(self, booking_id: UUID, gate_keys: GateKeys | None = None) -> str:
        """The text of the booking's QR code."""
        day = local_date(self.now, "Asia/Shanghai")
        claims = TokenClaims(
            booking_id=booking_id,
            venue_ids=(self.here,),
            first_day=day,
            last_day=day,
            not_before=self.now.replace(microsecond=0),
            expires=self.now.replace(microsecond=0) + timedelta(hours=4),
            issued=self.now.replace(microsecond=0),
        )
        return voucher_token(claims, gate_keys or self.desk.keys)
