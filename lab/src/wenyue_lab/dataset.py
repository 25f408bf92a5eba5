"""Fixtures for the simulator, the benchmark's checks and the tests: venues, slots, cards, people, made directly.

Everything is deterministic: the same calls give the same rows.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from wenyue.booking import BookingRequest, Channel, Rulebook, Visitor, WantedLine
from wenyue.cards import CardRules, parse_rules
from wenyue.core.ids import uuid7
from wenyue.platform.database.db import Tx, queries
from wenyue.policy import HolidayCalendar, shipped_presets

SQL: Final = queries("wenyue_lab", "dataset.sql")
START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
OPEN_TYPE: Final = "fixtures"
_OPEN_RULES: Final = {
    "admits": "anyone",
    "party_max": 50,
    "validity": {"months": 12},
    "entitlements": [{"name": {"zh-CN": "景区", "en": "attractions"}}],
}


@dataclass(frozen=True, slots=True)
class Card:
    """An active card and its holder."""

    id: int
    holder_id: int
    holder_key: bytes


def person(number: int) -> bytes:
    """The person key of the n-th inhabitant."""
    return number.to_bytes(16, "big")


def rulebook(types: dict[str, CardRules]) -> Rulebook:
    """The shipped presets, no holiday overrides, and `types`."""
    return Rulebook(card_types=types, presets=shipped_presets(), calendar=HolidayCalendar())


async def card_type(tx: Tx, code: str = OPEN_TYPE, rules: dict[str, Any] | None = None) -> CardRules:
    """A card type; without `rules` one that covers everything for everybody."""
    raw = json.dumps(rules or _OPEN_RULES)
    await tx.execute(SQL["card_type"], {"code": code, "rules": raw})
    return parse_rules(raw)


async def card(
    tx: Tx,
    number: int,
    *,
    type_code: str = OPEN_TYPE,
    granted: tuple[int | None, ...] = (None,),
    valid_days: int = 365,
) -> Card:
    """The n-th inhabitant's active card with these entitlement counts (None: unlimited)."""
    key = person(number)
    holder_id = await _one(tx, "traveller", {"person_key": key})
    valid = {
        "valid_from": START.date() - timedelta(days=1),
        "valid_to": START.date() + timedelta(days=valid_days),
    }
    known: dict[str, object] = {
        "card_no": f"W{number:09d}",
        "type_code": type_code,
        "holder_id": holder_id,
        "holder_key": key,
    }
    card_id = await _one(tx, "card", known | valid)
    for no, count in enumerate(granted):
        await tx.execute(SQL["entitlement"], {"card_id": card_id, "no": no, "granted": count})
    return Card(card_id, holder_id, key)


async def product(
    tx: Tx,
    code: str,
    *,
    kind: str = "session",
    venue_kind: str = "attraction",
    price_minor: int = 0,
    policy_code: str = "default",
    needs_visitors: bool = True,
    person_rule: str = "venue_day",
) -> tuple[int, int]:
    """A venue with one product: (venue id, product id)."""
    venue_id = await _one(tx, "venue", {"code": code, "kind": venue_kind, "name": code})
    facts: dict[str, object] = {
        "venue_id": venue_id,
        "code": code,
        "kind": kind,
        "price_minor": price_minor,
        "policy_code": policy_code,
        "needs_visitors": needs_visitors,
        "person_rule": person_rule,
    }
    return venue_id, await _one(tx, "product", facts)


async def slot(  # noqa: PLR0917 - where, when and how much: what every slot has
    tx: Tx,
    venue_id: int,
    product_id: int,
    on_date: date,
    hour: int,
    capacity: int,
    *,
    day_capacity: int | None = None,
    price_minor: int = 0,
    release_at: datetime | None = None,
    channels: dict[str, int] | None = None,
) -> int:
    """A two-hour slot starting at `hour` UTC, on its own pool, the day's pool if given, and channel pools."""
    starts_at = datetime(on_date.year, on_date.month, on_date.day, hour, tzinfo=UTC)
    own: dict[str, object] = {
        "venue_id": venue_id, "product_id": product_id, "on_date": on_date, "starts_at": starts_at, "channel": None,
    }  # fmt: skip
    pool_ids = [await _one(tx, "pool", own | {"kind": "session", "capacity": capacity})]
    if day_capacity is not None:
        day = own | {"kind": "day", "product_id": None, "starts_at": None, "capacity": day_capacity}
        pool_ids.append(await _one(tx, "pool", day))
    channel_pools = {
        name: await _one(tx, "pool", own | {"kind": "channel", "channel": name, "capacity": count})
        for name, count in (channels or {}).items()
    }
    facts: dict[str, object] = {
        "product_id": product_id,
        "venue_id": venue_id,
        "on_date": on_date,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "release_at": release_at or START - timedelta(days=1),
        "closes_at": starts_at + timedelta(hours=1),
        "price_minor": price_minor,
        "pool_ids": pool_ids,
        "channel_pools": Jsonb(channel_pools),
    }
    return await _one(tx, "slot", facts)


async def _one(tx: Tx, name: str, params: dict[str, object]) -> int:
    row = await (await tx.execute(SQL[name], params)).fetchone()
    if row is None:
        raise LookupError(name)
    return row[0]


def request(
    by: Card,
    *slot_ids: int,
    people: tuple[bytes, ...] = (),
    booking_id: UUID | None = None,
    is_hold: bool = False,
) -> BookingRequest:
    """A booking of the same people (default: the holder) in every slot, paid by the card."""
    keys = people or (by.holder_key,)
    indexes = tuple(range(len(keys)))
    lines = tuple(WantedLine(slot_id, len(keys), indexes, is_on_card=True) for slot_id in slot_ids)
    id_ = booking_id or uuid7()
    return BookingRequest(
        id=id_,
        body_hash=hashlib.sha256(repr((slot_ids, keys, is_hold)).encode()).digest()[:16],
        channel=Channel.ONLINE,
        holder_id=by.holder_id,
        card_id=by.id,
        lines=lines,
        visitors=tuple(Visitor(key, None) for key in keys),
        party=b"",
        is_hold=is_hold,
    )
