"""What becomes of a slot when its day is another kind of day: a pure function; `replanning` reads and writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from wenyue.booking.slots.planning import (
    CALENDAR_REASONS,
    NOT_IN_TIMETABLE,
    NewPool,
    NewSlot,
)
from wenyue.locale import DEFAULT, Texts

Planned = tuple[NewSlot, list[NewPool]]


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot of the date as it stands."""

    id: int
    product_id: int
    starts_at: datetime
    is_open: bool
    reason: Texts
    price_minor: int
    pool_id: int
    capacity: int
    taken: int
    has_reserves: bool
    has_day_pool: bool
    target: int | None = None  # its capacity is on the way down to it, and nothing is sold until it is there

    @property
    def known_reason(self) -> str:
        """The words by which the calendar knows a reason of its own."""
        return self.reason.get(DEFAULT, "")

    @property
    def is_closed_by_calendar(self) -> bool:
        """Not by an operator."""
        return self.known_reason in CALENDAR_REASONS


@dataclass(frozen=True, slots=True)
class SlotChange:
    """What becomes of one slot."""

    slot: OpenSlot
    is_open: bool
    reason: Texts
    price_minor: int
    capacity: int


def decide(
    old: Mapping[tuple[int, datetime], Planned], new: Mapping[tuple[int, datetime], Planned], slot: OpenSlot
) -> SlotChange | str | None:
    """What `slot` becomes now that its day is planned as `new` and no longer as `old`; None: as it is; a text: in the way.

    Without a plan in `old` the slot is not the calendar's, and stays, unless an earlier calendar closed it.
    """
    key = (slot.product_id, slot.starts_at)
    before, after = old.get(key), new.get(key)
    if before is None:
        return _restored(slot, after[0]) if after and slot.is_closed_by_calendar else None
    was = before[0]
    is_as_planned = slot.is_open == was.is_open and slot.known_reason in {
        "",
        was.closed_reason.get(DEFAULT, ""),
    }
    if after is None:
        if slot.taken:
            return f"{slot.starts_at:%H:%M}Z slot {slot.id}: {slot.taken} places are taken, the new timetable has no such session"
        if slot.is_closed_by_calendar:
            return None
        return SlotChange(slot, False, NOT_IN_TIMETABLE, slot.price_minor, slot.capacity)
    will = after[0]
    takes_state = is_as_planned or slot.known_reason == NOT_IN_TIMETABLE[DEFAULT]
    capacity, wanted = slot.capacity, _session_capacity(after)
    if slot.capacity == _session_capacity(before) and slot.target is None and not slot.has_reserves:
        if wanted < slot.taken:
            return f"slot {slot.id}: {slot.taken} places are taken, the new timetable has {wanted}"
        capacity = wanted
    changed = SlotChange(
        slot,
        will.is_open if takes_state else slot.is_open,
        will.closed_reason if takes_state else slot.reason,
        will.price_minor if slot.price_minor == was.price_minor else slot.price_minor,
        capacity,
    )
    is_same = (changed.is_open, changed.reason.get(DEFAULT, ""), changed.price_minor, changed.capacity) == (
        slot.is_open, slot.known_reason, slot.price_minor, slot.capacity,
    )  # fmt: skip
    return None if is_same or (not takes_state and not slot.is_open) else changed


def follow_closing(slot: OpenSlot, was: Texts, will: Texts) -> SlotChange | None:
    """What a session that no timetable has (an import opened it) becomes, of whose product the day was closed for `was`.

    `will`: why it is closed now; empty: it is not. What an operator opened or closed stays.
    """
    is_as_left = slot.is_open == (not was) and slot.known_reason == was.get(DEFAULT, "")
    if not is_as_left or was == will:
        return None
    return SlotChange(slot, not will, will, slot.price_minor, slot.capacity)


def _restored(slot: OpenSlot, will: NewSlot) -> SlotChange:
    """A session that the timetable has again: as it was planned, with the price and the places it had."""
    return SlotChange(slot, will.is_open, will.closed_reason, slot.price_minor, slot.capacity)


def _session_capacity(planned: Planned) -> int:
    return next(pool.capacity for pool in planned[1] if pool.kind == "session")
