"""What speaks against a booking or a move in the naive model's world. Looks, and changes nothing.

Written from the contract, not from the engine, whose outcomes it names and whose rules it does not share.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from wenyue.booking import BookingRequest, BookingState, Outcome
from wenyue.tools.sim.world import Booking, Card, Line, Slot, World

HOLDS_MAX = 5  # unpaid holds of one holder


def booking_problems(
    world: World, request: BookingRequest, now: datetime
) -> list[tuple[Outcome, int | None, int | None]]:
    """Everything that speaks against a request; the smallest is the answer."""
    unknown = [n for n, line in enumerate(request.lines) if line.slot_id not in world.slots]
    if unknown:
        return [(Outcome.SLOT_UNKNOWN, unknown[0], None)]
    found: list[tuple[Outcome, int | None, int | None]] = []
    channel = request.channel.name.lower()
    slots = [world.slots[line.slot_id] for line in request.lines]
    for number, slot in enumerate(slots):
        when = _slot_problem(slot, now)
        if when is not None:
            found.append((when, number, None))
        elif slot.reserves and channel not in slot.reserves:
            found.append((Outcome.CHANNEL_CLOSED, number, None))
    found += _card_problems(world, request, slots)
    found += _person_problems(world, request, slots)
    if request.is_hold and request.holder_id is not None:
        holds = [b for b in world.bookings.values() if b.state is BookingState.HELD]
        if sum(b.holder == request.holder_id for b in holds) >= HOLDS_MAX:
            found.append((Outcome.TOO_MANY_OPEN, None, None))
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if not line.is_on_card and line.price_minor not in (None, slot.price):
            found.append((Outcome.PRICE_CHANGED, number, None))
            break
    if found:
        return found
    rooms = world.rooms()
    first: dict[int, int] = {}
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        for pool in world.pools_of(slot, channel):
            first.setdefault(pool, number)
            rooms[pool] -= line.quantity
    return [(world.full[pool], number, None) for pool, number in first.items() if rooms[pool] < 0]


def _slot_problem(slot: Slot, now: datetime) -> Outcome | None:
    if not slot.is_open:
        return Outcome.SLOT_CLOSED
    if now < slot.release:
        return Outcome.NOT_RELEASED
    return Outcome.SALES_ENDED if now >= slot.closes else None


def _card_problems(
    world: World, request: BookingRequest, slots: Sequence[Slot]
) -> list[tuple[Outcome, int | None, int | None]]:
    found: list[tuple[Outcome, int | None, int | None]] = []
    card = world.cards.get(request.card_id or 0)
    uses = world.card_uses(card.id) if card else []
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if not line.is_on_card:
            continue
        if card is None or card.holder != request.holder_id:
            return [(Outcome.CARD_UNKNOWN, number, None)]
        refusal = _card_refusal(card, uses, slot, line.quantity)
        if refusal is None:
            uses.append((slot.day, line.quantity))
        else:
            found.append((refusal, number, None))
    return found


def _card_refusal(card: Card, uses: list[tuple[date, int]], slot: Slot, quantity: int) -> Outcome | None:
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


def _person_problems(
    world: World, request: BookingRequest, slots: Sequence[Slot]
) -> list[tuple[Outcome, int | None, int | None]]:
    found: list[tuple[Outcome, int | None, int | None]] = []
    taken = world.places()
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if slot.is_named and len(line.visitors) != line.quantity:
            found.append((Outcome.VISITORS_NEEDED, number, None))
        for index in line.visitors:
            place = (request.visitors[index].person_key, slot.day, slot.scope)
            if place in taken:
                found.append((Outcome.PERSON_TWICE, number, index))
            taken.add(place)
        if len(line.visitors) > slot.party_max:
            found.append((Outcome.PARTY_SIZE, number, None))
    return found


def move_refusal(
    world: World, booking: Booking, wanted: Sequence[tuple[Line, int]], now: datetime
) -> tuple[Outcome, int] | None:
    """The smallest problem of where and who; then the card's; then the pools'."""
    old = [line for line, _ in wanted]
    taken, found = world.places(giving_up=old), list[tuple[Outcome, int]]()
    for line, slot_id in wanted:
        slot = world.slots.get(slot_id)
        if slot is None or slot.product != line.slot.product:
            found.append((Outcome.SLOT_UNKNOWN, line.no))
            continue
        problem = _slot_problem(slot, now)
        if problem is not None:
            found.append((problem, line.no))
        elif slot.reserves and booking.channel not in slot.reserves:
            found.append((Outcome.CHANNEL_CLOSED, line.no))
        if booking.state is BookingState.CONFIRMED and not may_cancel(line.slot, now):
            found.append((Outcome.TERMS_FORBID, line.no))
        places = {(person, slot.day, slot.scope) for person in line.persons}
        if places & taken:
            found.append((Outcome.PERSON_TWICE, line.no))
        taken |= places
    if found:
        return min(found)
    uses = world.card_uses(booking.card, giving_up=old) if booking.card is not None else []
    rooms = world.rooms(giving_up=old)
    for line, slot_id in wanted:
        slot = world.slots[slot_id]
        if line.is_on_card and booking.card is not None:
            refusal = _card_refusal(world.cards[booking.card], uses, slot, line.quantity)
            if refusal is not None:
                return refusal, line.no
            uses.append((slot.day, line.quantity))
        for pool in world.pools_of(slot, booking.channel):
            rooms[pool] -= line.quantity
    full = [world.full[pool] for pool, room in rooms.items() if room < 0]
    return (min(full), old[0].no) if full else None


def may_cancel(slot: Slot, now: datetime) -> bool:
    """Whether the terms still let a traveller give the slot back."""
    return now < slot.starts - timedelta(seconds=slot.cancel_until_s)
