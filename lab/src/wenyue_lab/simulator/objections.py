"""What speaks against a booking or a move in the naive model's state. Looks, and changes nothing.

Written from the contract, not from the engine, whose outcomes it names and whose rules it does not share.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from wenyue.booking import BookingRequest, BookingState, Outcome
from wenyue.policy import LimitKind, Reached
from wenyue_lab.simulator.dataset import DESKS, Booking, Card, Dataset, Line, Slot

BEIJING = timedelta(hours=8)
DAY_PARTIES = 3  # of one account in a day, where a person may come more than once
HOLDS_MAX = 5  # unpaid holds of one holder


def booking_problems(
    fixtures: Dataset, request: BookingRequest, now: datetime
) -> list[tuple[Outcome, int | None, int | None]]:
    """What speaks against a request; the smallest is the answer. Of its people only if nothing else does."""
    unknown = [n for n, line in enumerate(request.lines) if line.slot_id not in fixtures.slots]
    if unknown:
        return [(Outcome.SLOT_UNKNOWN, unknown[0], None)]
    found: list[tuple[Outcome, int | None, int | None]] = []
    channel = request.channel.name.lower()
    slots = [fixtures.slots[line.slot_id] for line in request.lines]
    for number, slot in enumerate(slots):
        when = slot_problem(fixtures, slot, now)
        if when is not None:
            found.append((when, number, None))
        elif slot.reserves and channel not in slot.reserves:
            found.append((Outcome.CHANNEL_CLOSED, number, None))
    found += _card_problems(fixtures, request, slots)
    found += _party_problems(request, slots)
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if not line.is_on_card and line.price_minor not in (None, slot.price):
            found.append((Outcome.PRICE_CHANGED, number, None))
            break
    if found:
        return found
    rooms = fixtures.rooms()
    first: dict[int, int] = {}
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        for pool in fixtures.pools_of(slot, channel):
            first.setdefault(pool, number)
            rooms[pool] -= line.quantity
    full: list[tuple[Outcome, int | None, int | None]] = [
        (fixtures.full[pool], number, None) for pool, number in first.items() if rooms[pool] < 0
    ]
    return full or _person_problems(fixtures, request, slots)


def slot_problem(fixtures: Dataset, slot: Slot, now: datetime) -> Outcome | None:
    """Why nobody can book the session now."""
    if not fixtures.is_open(slot):
        return Outcome.SLOT_CLOSED
    if now < slot.release:
        return Outcome.NOT_RELEASED
    return Outcome.SALES_ENDED if now >= slot.closes else None


def _card_problems(
    fixtures: Dataset, request: BookingRequest, slots: Sequence[Slot]
) -> list[tuple[Outcome, int | None, int | None]]:
    found: list[tuple[Outcome, int | None, int | None]] = []
    card = fixtures.cards.get(request.card_id or 0)
    uses = fixtures.card_uses(card.id) if card else []
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if not line.is_on_card:
            continue
        if card is None or card.holder != request.holder_id:
            return [(Outcome.CARD_UNKNOWN, number, None)]
        refusal = card_refusal(card, uses, slot, line.quantity)
        if refusal is None:
            uses.append((slot.day, line.quantity))
        else:
            found.append((refusal, number, None))
    return found


def card_refusal(card: Card, uses: list[tuple[date, int]], slot: Slot, quantity: int) -> Outcome | None:
    """Why the card does not pay for so many places, with these uses."""
    if card.is_frozen:
        return Outcome.CARD_FROZEN
    if not slot.is_on_cards:
        return Outcome.CARD_NOT_COVERED
    if quantity > card.party_max:
        return Outcome.CARD_PARTY
    if sum(count for _, count in uses) + quantity > card.granted:
        return Outcome.CARD_EXHAUSTED
    if sum(count for day, count in uses if day == slot.day) + quantity > card.day_max:
        return Outcome.CARD_PERIOD
    return None


def _party_problems(
    request: BookingRequest, slots: Sequence[Slot]
) -> list[tuple[Outcome, int | None, int | None]]:
    found: list[tuple[Outcome, int | None, int | None]] = []
    named: list[tuple[bytes, date, int]] = []
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if slot.is_named and len(line.visitors) != line.quantity:
            found.append((Outcome.VISITORS_NEEDED, number, None))
        for index in line.visitors:
            place = (request.visitors[index].person_key, slot.day, slot.scope)
            if place in named:
                found.append((Outcome.PERSON_REPEATED, number, index))
            named.append(place)
        if len(line.visitors) > slot.party_max:
            found.append((Outcome.PARTY_SIZE, number, None))
    return found


def _person_problems(
    fixtures: Dataset, request: BookingRequest, slots: Sequence[Slot]
) -> list[tuple[Outcome, int | None, int | None]]:
    found: list[tuple[Outcome, int | None, int | None]] = []
    taken, numbers_taken = fixtures.places(), fixtures.number_places()
    wanted: set[tuple[bytes, date, int]] = set()
    is_desk = request.channel.name.lower() in DESKS
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        for index in line.visitors:
            person = request.visitors[index].person_key
            place = (person, slot.day, slot.scope)
            if place in taken:
                found.append((Outcome.PERSON_TWICE, number, index))
            elif person in fixtures.numbers and not is_desk:
                spot = (fixtures.numbers[person], slot.day, slot.scope)
                if spot in numbers_taken or spot in wanted:
                    found.append((Outcome.NUMBER_TWICE, number, index))
                wanted.add(spot)
    return found


def account_problem(
    fixtures: Dataset, request: BookingRequest, now: datetime
) -> tuple[Outcome, int | None, Reached] | None:
    """What the account may not have: too many of one visit or session and day, too much in all, too many holds."""
    if request.holder_id is None:
        return None
    slots = [fixtures.slots[line.slot_id] for line in request.lines]
    if request.channel.name.lower() not in DESKS:
        mine = fixtures.of_account(request.holder_id, today_of(now))
        new = [
            Line(no, slot, one.quantity, tuple(map(str.encode, map(str, one.visitors))), one.is_on_card,
                 0 if one.is_on_card else slot.price)
            for no, (one, slot) in enumerate(zip(request.lines, slots, strict=True))
        ]  # fmt: skip
        for number, line in enumerate(new):
            over = party_over([*mine, *new[:number]], line)
            if over is not None:
                return Outcome.PARTY_SIZE, number, over
        over = account_over(fixtures, mine, new)
        if over is not None:
            return Outcome.TOO_MANY_OPEN, None, over
    today = today_of(now)  # a hold of a day that is over is only waiting to be swept
    held = {
        id(b)
        for b, line in fixtures.live()
        if b.state is BookingState.HELD and b.holder == request.holder_id and line.slot.day >= today
    }
    count = len(held)
    if request.is_hold and count >= HOLDS_MAX:
        return Outcome.TOO_MANY_OPEN, None, Reached(LimitKind.HOLDS, HOLDS_MAX, count)
    return None


def _all(lines: Sequence[Line]) -> list[Line]:
    return list(lines)


def _with_price(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.price > 0]


def _unnamed(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if not line.persons]


def _places(lines: Sequence[Line]) -> int:
    return sum(line.quantity for line in lines)


def party_over(mine: Sequence[Line], line: Line, had: Sequence[Line] = ()) -> Reached | None:
    """`had` (a move): what the account had; no more than that is never too much."""
    slot = line.slot
    if slot.is_per_venue_day:
        limits = [(LimitKind.VISIT, slot.party_max, _of_visit)]
    else:
        limits = [
            (LimitKind.SESSION, slot.party_max, _of_session),
            (LimitKind.DAY, DAY_PARTIES * slot.party_max, _of_day),
        ]
    for kind, most, is_there in limits:
        used = _places([one for one in mine if is_there(one.slot, slot)])
        before = _places([one for one in had if is_there(one.slot, slot)])
        if used + line.quantity > max(most, before):
            return Reached(kind, most, used)
    return None


def _of_visit(one: Slot, slot: Slot) -> bool:
    return (one.venue, one.day) == (slot.venue, slot.day)


def _of_session(one: Slot, slot: Slot) -> bool:
    return one.id == slot.id


def _of_day(one: Slot, slot: Slot) -> bool:
    return (one.product, one.day) == (slot.product, slot.day)


def account_over(
    fixtures: Dataset, mine: Sequence[Line], new: Sequence[Line], had: Sequence[Line] = ()
) -> Reached | None:
    """Which limit on everything that an account has `new` lines would exceed. `had`: as for `party_over`."""
    limits = fixtures.limits
    for kind, most, counted in (
        (LimitKind.PLACES, limits.places, _all),
        (LimitKind.UNPAID, limits.unpaid, _with_price),
        (LimitKind.UNNAMED, limits.unnamed, _unnamed),
    ):
        used, more, before = (_places(counted(lines)) for lines in (mine, new, had))
        if more and used + more > max(most, before):
            return Reached(kind, most, used)
    return None


def cancel_refusal(fixtures: Dataset, holder: int, now: datetime) -> tuple[datetime, Reached] | None:
    """Too many cancellations of this account: until when, and the limit that lasts longest."""
    today = today_of(now)
    monday = today - timedelta(days=today.weekday())
    days = [day for one, day, _ in fixtures.cancels if one == holder]
    found: list[tuple[date, Reached]] = []
    limits = fixtures.limits.cancels
    of_day, of_week = days.count(today), sum(monday <= day <= today for day in days)
    if limits.day is not None and of_day >= limits.day:
        found.append((today + timedelta(days=1), Reached(LimitKind.CANCELS_DAY, limits.day, of_day)))
    if limits.week is not None and of_week >= limits.week:
        found.append((monday + timedelta(days=7), Reached(LimitKind.CANCELS_WEEK, limits.week, of_week)))
    if not found:
        return None
    until, reached = max(found, key=lambda one: one[0])
    return datetime(until.year, until.month, until.day, tzinfo=UTC) - BEIJING, reached


def today_of(now: datetime) -> date:
    """The date at the venues."""
    return (now + BEIJING).date()


def confirm_refusal(fixtures: Dataset, booking: Booking) -> tuple[Outcome, int] | None:
    """Why a card would not pay for what is held, if it were asked for now."""
    held = [line for line in booking.live if line.is_on_card]
    if booking.card is None or not held:
        return None
    uses = fixtures.card_uses(booking.card, giving_up=held)
    for line in held:
        refusal = card_refusal(fixtures.cards[booking.card], uses, line.slot, line.quantity)
        if refusal is not None:
            return refusal, line.no
        uses.append((line.slot.day, line.quantity))
    return None


def may_cancel(slot: Slot, now: datetime) -> bool:
    """Whether the terms still let a traveller give the slot back."""
    return now < slot.starts - timedelta(seconds=slot.cancel_until_s)
