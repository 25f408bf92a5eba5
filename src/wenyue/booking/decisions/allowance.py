"""What one account may have: places of one visit or session and day, and open places in all. Pure.

The limits are people's, not a line's nor a request's: lines of one booking, other bookings of the account and earlier
decisions of the same batch are counted together. `Facts.open` is what the account has; who books at a desk (by phone, at
the counter, for a group) is not limited, because a person there sees who asks.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from wenyue.booking.decisions.allocation import person_scope
from wenyue.booking.decisions.facts import Facts
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

    def excess(
        self, slot: SlotFacts, preset: Preset, counted: int, before: "Tally | None" = None
    ) -> Reached | None:
        """The party limit that `counted` more places of the slot would exceed.

        `before` (a move): what the account had; as many as there were already are not too many now.
        """
        for place, (kind, most, used) in enumerate(self.limits(slot, preset)):
            over = _over(kind, most, used, counted)
            if over is not None and (
                before is None or used + counted > before.limits(slot, preset)[place][2]
            ):
                return over
        return None

    def limits(self, slot: SlotFacts, preset: Preset) -> list[tuple[LimitKind, int, int]]:
        """The party limits of the slot: which, how many places, and how many the account has."""
        if slot.person_rule == "venue_day":
            used = self._visits[slot.venue_id, slot.on_date] + self._unnamed[slot.product_id, slot.on_date]
            return [(LimitKind.VISIT, preset.party_max, used)]
        day_max = day_max_of(preset)
        return [
            (LimitKind.SESSION, preset.party_max, self._slots[slot.id]),
            (LimitKind.DAY, day_max, self._days[slot.product_id, slot.on_date]),
        ]


_NOTHING: Final = Tally(())


def day_max_of(preset: Preset) -> int:
    """How many places of one product and day an account may have, where a visit is not once a day."""
    return preset.account_day_max or _DAY_FACTOR * preset.party_max


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


def wanted_by(
    request: BookingRequest, slots: Sequence[SlotFacts], facts: Facts, mine: Iterable[OpenLine]
) -> list[Wanted]:
    """The lines of a request, each with its preset and without the people whom that exempts (see `Exemption`)."""
    wanted: list[Wanted] = []
    exemption: Exemption | None = None
    for line, slot in zip(request.lines, slots, strict=True):
        preset = facts.book.presets[slot.policy_code]
        births = [request.visitors[index].birth for index in line.visitors]
        one = open_line(slot, line.quantity, is_named=bool(line.visitors), is_on_card=line.is_on_card)
        exempt = exempt_of(preset, births, slot.on_date)
        if exempt:
            exemption = exemption or Exemption(mine)
            exempt = exemption.grant(slot, preset, exempt)
        wanted.append((slot, preset, one, line.quantity - exempt))
    return wanted


class Exemption:
    """How many people beyond a party an account may bring on a day because a preset exempts them by age.

    As many again as a party may be, no more, in however many bookings: invented people of seventy would take any number of
    places. Nobody knows of an earlier booking who was exempt in it; what it has beyond a limit was, or it would not be there.
    """

    def __init__(self, mine: Iterable[OpenLine]) -> None:
        self._mine = tuple(mine)
        self._given: Counter[tuple[int, date]] = Counter()

    def grant(self, slot: SlotFacts, preset: Preset, asked: int) -> int:
        """So many of `asked` more people are exempt; counted from now on."""
        day = (slot.venue_id, slot.on_date)
        left = preset.party_max - self._used(slot, preset) - self._given[day]
        granted = max(0, min(asked, left))
        self._given[day] += granted
        return granted

    def _used(self, slot: SlotFacts, preset: Preset) -> int:
        visit = in_day = 0
        sessions: Counter[int] = Counter()
        for line in self._mine:
            if line.on_date != slot.on_date:
                continue
            is_product = line.product_id == slot.product_id
            if slot.person_rule == "venue_day":
                is_named = line.scope is not None and line.scope > 0 and line.venue_id == slot.venue_id
                visit += line.quantity if is_named or (line.scope is None and is_product) else 0
            elif is_product:
                sessions[line.slot_id] += line.quantity
                in_day += line.quantity
        beyond = sum(max(0, places - preset.party_max) for places in sessions.values())
        return max(0, visit - preset.party_max, beyond, in_day - day_max_of(preset))


def party_excess(
    wanted: Sequence[Wanted], tally: Tally, before: Tally | None = None
) -> tuple[int, Reached] | None:
    """The first of `wanted` that is too much; `tally` goes up as they are taken. `before`: as for `Tally.excess`."""
    for number, (slot, preset, line, counted) in enumerate(wanted):
        over = tally.excess(slot, preset, counted, before)
        if over is not None:
            return number, over
        tally.add(line, counted=counted)
    return None


def account_excess(
    limits: AccountLimits, tally: Tally, lines: Sequence[OpenLine], before: Tally | None = None
) -> Reached | None:
    """The limit on open places that an account with `tally` would exceed with `lines` more. `before`: likewise."""
    had = before or _NOTHING
    places = sum(line.quantity for line in lines)
    unpaid = sum(line.quantity for line in lines if line.is_money)
    unnamed = sum(line.quantity for line in lines if line.scope is None)
    return (
        _over(LimitKind.PLACES, limits.places, tally.places, places, had.places)
        or _over(LimitKind.UNPAID, limits.unpaid, tally.unpaid, unpaid, had.unpaid)
        or _over(LimitKind.UNNAMED, limits.unnamed, tally.unnamed, unnamed, had.unnamed)
    )


def _over(kind: LimitKind, most: int, used: int, more: int, had: int = 0) -> Reached | None:
    return Reached(kind, most, used) if more and used + more > max(most, had) else None
