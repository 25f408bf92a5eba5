"""What one account may have: places of one visit or session and day, and open places in all. Pure.

The limits are people's, not a line's nor a request's: lines of one booking, other bookings of the account and earlier
decisions of the same batch are counted together. `Facts.open` is what the account has; who books at a desk (by phone, at
the counter, for a group) is not limited, because a person there sees who asks.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from wenyue.booking.drawing import person_scope
from wenyue.booking.facts import Facts
from wenyue.booking.model import BookingRequest, Channel, OpenLine, SlotFacts
from wenyue.policy import AccountLimits, LimitKind, Preset, Reached, exempt_of

DESK_CHANNELS: Final = frozenset({Channel.PHONE, Channel.WINDOW, Channel.GROUP, Channel.EMERGENCY})
_DAY_FACTOR: Final = (
    3  # a preset that says nothing allows so many parties a day, where a visit is not once a day
)


class Tally:
    """How many places an account has, by what limits them."""

    def __init__(self, lines: Iterable[OpenLine]) -> None:
        self._visits: Counter[tuple[int, date]] = Counter()
        self._unnamed: Counter[tuple[int, date]] = Counter()
        self._slots: Counter[int] = Counter()
        self._days: Counter[tuple[int, date]] = Counter()
        self.places = self.unpaid = self.unnamed = 0
        for line in lines:
            self.add(line)

    def add(self, line: OpenLine, *, counted: int | None = None) -> None:
        """One more line. `counted`: without the people whom the preset exempts."""
        count = line.quantity if counted is None else counted
        if line.scope is None:
            self._unnamed[line.product_id, line.on_date] += count
            self.unnamed += line.quantity
        elif line.scope > 0:
            self._visits[line.venue_id, line.on_date] += count
        self._slots[line.slot_id] += count
        self._days[line.product_id, line.on_date] += count
        self.places += line.quantity
        if line.is_money:
            self.unpaid += line.quantity

    def excess(self, slot: SlotFacts, preset: Preset, counted: int) -> Reached | None:
        """The party limit that `counted` more places of the slot would exceed."""
        if slot.person_rule == "venue_day":
            used = self._visits[slot.venue_id, slot.on_date] + self._unnamed[slot.product_id, slot.on_date]
            return _over(LimitKind.VISIT, preset.party_max, used, counted)
        over = _over(LimitKind.SESSION, preset.party_max, self._slots[slot.id], counted)
        most = preset.account_day_max or _DAY_FACTOR * preset.party_max
        return over or _over(LimitKind.DAY, most, self._days[slot.product_id, slot.on_date], counted)


Wanted = tuple[SlotFacts, Preset, OpenLine, int]  # …, and how many of its places count


def open_line(slot: SlotFacts, quantity: int, *, is_named: bool, is_on_card: bool) -> OpenLine:
    """So many places of `slot` as their account has them."""
    return OpenLine(
        slot.id,
        slot.product_id,
        slot.venue_id,
        slot.on_date,
        quantity,
        bool(slot.price_minor) and not is_on_card,
        person_scope(slot) if is_named else None,
    )


def wanted_by(request: BookingRequest, slots: Sequence[SlotFacts], facts: Facts) -> list[Wanted]:
    """The lines of a request, each with its preset and without the people whom that exempts.

    As many again as a party may be are exempt on a day, no more: invented people of seventy would take any number of places.
    """
    wanted: list[Wanted] = []
    exempted: Counter[tuple[int, date]] = Counter()
    for line, slot in zip(request.lines, slots, strict=True):
        preset = facts.book.presets[slot.policy_code]
        births = [request.visitors[index].birth for index in line.visitors]
        one = open_line(slot, line.quantity, is_named=bool(line.visitors), is_on_card=line.is_on_card)
        exempt, day = exempt_of(preset, births, slot.on_date), (slot.venue_id, slot.on_date)
        if exempt:
            exempt = min(exempt, preset.party_max - exempted[day])
            exempted[day] += exempt
        wanted.append((slot, preset, one, line.quantity - exempt))
    return wanted


def party_excess(wanted: Sequence[Wanted], tally: Tally) -> tuple[int, Reached] | None:
    """The first of `wanted` that is too much; `tally` goes up as they are taken."""
    for number, (slot, preset, line, counted) in enumerate(wanted):
        over = tally.excess(slot, preset, counted)
        if over is not None:
            return number, over
        tally.add(line, counted=counted)
    return None


def account_excess(limits: AccountLimits, before: Tally, lines: Sequence[OpenLine]) -> Reached | None:
    """The limit on open places that an account with `before` would exceed with `lines` more."""
    places = sum(line.quantity for line in lines)
    unpaid = sum(line.quantity for line in lines if line.is_money)
    unnamed = sum(line.quantity for line in lines if line.scope is None)
    return (
        _over(LimitKind.PLACES, limits.places, before.places, places)
        or _over(LimitKind.UNPAID, limits.unpaid, before.unpaid, unpaid)
        or _over(LimitKind.UNNAMED, limits.unnamed, before.unnamed, unnamed)
    )


def _over(kind: LimitKind, most: int, used: int, more: int) -> Reached | None:
    return Reached(kind, most, used) if more and used + more > most else None
