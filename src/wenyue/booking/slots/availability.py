"""Availability reads: per product and range of dates, with a state, what remains, and the age of the figure."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from wenyue.locale import Texts
from wenyue.platform.database.db import Tx, queries

_SQL: Final = queries("wenyue.booking.persistence", "queries.sql")
_SLOTS_MAX: Final = 2_000
_TIGHT_SHARE: Final = 0.1  # 紧张: no more than a tenth is left …
_TIGHT_PLACES: Final = 10  # … or no more than ten places


class SlotState(StrEnum):
    """What a traveller sees in the calendar."""

    PLENTY = "plenty"  # 充足
    TIGHT = "tight"  # 紧张
    FULL = "full"  # 约满
    NOT_RELEASED = "not_released"  # 未开放
    CLOSED = "closed"  # 闭园
    ENDED = "ended"  # 已截止
    NOT_ON_CARD = "not_on_card"  # 本卡不可用; only when asked for a card


class SlotView(Struct, frozen=True):
    """One slot as it can be booked online at the instant of the reading. `left` is 0 unless it can be booked."""

    slot_id: int
    on_date: date
    starts_at: datetime
    ends_at: datetime
    label: Texts
    price_minor: int
    currency: str
    release_at: datetime
    closes_at: datetime
    state: SlotState
    left: int
    capacity: int
    reason: Texts


def slot_state(  # the arguments are one row of the reading
    *, is_open: bool, release_at: datetime, closes_at: datetime, left: int, capacity: int, now: datetime
) -> SlotState:
    """The state of one slot; what is closed is closed before anything else is said about it."""
    if not is_open:
        return SlotState.CLOSED
    if now >= closes_at:
        return SlotState.ENDED
    if now < release_at:
        return SlotState.NOT_RELEASED
    if left <= 0:
        return SlotState.FULL
    return SlotState.TIGHT if left <= max(_TIGHT_PLACES, capacity * _TIGHT_SHARE) else SlotState.PLENTY


async def availability(
    tx: Tx, product_id: int, from_day: date, to_day: date, now: datetime
) -> list[SlotView]:
    """The slots of a product from `from_day` to `to_day` (both included), in time order; at most 2,000."""
    params = {"product_id": product_id, "from": from_day, "to": to_day, "limit": _SLOTS_MAX}
    cursor = await tx.execute(_SQL["availability"], params)
    views: list[SlotView] = []
    for (
        slot_id, on_date, starts_at, ends_at, label, price_minor, currency, release_at, closes_at, is_open,
        reason, room, capacity,
    ) in await cursor.fetchall():  # fmt: skip
        state = slot_state(
            is_open=is_open, release_at=release_at, closes_at=closes_at, left=room, capacity=capacity, now=now
        )
        left = room if state in (SlotState.PLENTY, SlotState.TIGHT) else 0
        views.append(
            SlotView(
                slot_id,
                on_date,
                starts_at,
                ends_at,
                label,
                price_minor,
                currency,
                release_at,
                closes_at,
                state,
                left,
                capacity,
                reason,
            )
        )
    return views
