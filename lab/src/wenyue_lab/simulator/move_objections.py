"""What speaks against a move in the naive model's state. Looks, changes nothing; written from the contract, as `objections`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from wenyue.booking import BookingState, Outcome
from wenyue.policy import LimitKind, Reached
from wenyue_lab.simulator.dataset import DESKS, Booking, Dataset, Line
from wenyue_lab.simulator.objections import (
    BEIJING,
    account_over,
    card_refusal,
    may_cancel,
    party_over,
    slot_problem,
    today_of,
)

MOVES_MAX = 20  # of each line that a booking has


def wear_refusal(
    booking: Booking, wanted: Sequence[tuple[Line, int]]
) -> tuple[Outcome, int | None, Reached | None] | None:
    """Moved again and again by its account: before anything else is looked at."""
    live, gone = len({line.no for line in booking.live}), len(booking.lines) - len(booking.live)
    is_free = booking.holder is None or booking.channel in DESKS
    if is_free or gone + len(wanted) <= MOVES_MAX * live:
        return None
    return Outcome.MOVE_LIMIT, wanted[0][0].no, Reached(LimitKind.MOVES, MOVES_MAX, gone // live)


def day_refusal(fixtures: Dataset, booking: Booking, now: datetime) -> tuple[datetime, Reached] | None:
    """Its account moved as often today as it may: until when, and the limit."""
    if booking.holder is None or booking.channel in DESKS:
        return None
    today, most = today_of(now), fixtures.limits.moves_day
    made = fixtures.moves.count((booking.holder, today))
    if made < most:
        return None
    until = today + timedelta(days=1)
    at = datetime(until.year, until.month, until.day, tzinfo=UTC) - BEIJING
    return at, Reached(LimitKind.MOVES_DAY, most, made)


def move_refusal(
    fixtures: Dataset,
    booking: Booking,
    wanted: Sequence[tuple[Line, int]],
    prices: Mapping[int, int],
    now: datetime,
) -> tuple[Outcome, int | None, Reached | None] | None:
    """The smallest problem of where; then the account's; the card's; the first price's; the pools'; last of all the people's."""
    found = _where(fixtures, booking, wanted, now)
    if found:
        return (*min(found), None)
    refused = _too_many(fixtures, booking, wanted, now) or _not_paid_or_full(
        fixtures, booking, wanted, prices
    )
    if refused is None:
        known = _who(fixtures, booking, wanted)
        return (*min(known), None) if known else None
    return refused


def _too_many(
    fixtures: Dataset, booking: Booking, wanted: Sequence[tuple[Line, int]], now: datetime
) -> tuple[Outcome, int | None, Reached | None] | None:
    if booking.holder is None or booking.channel in DESKS:
        return None
    had = fixtures.of_account(booking.holder, today_of(now))
    stays = fixtures.of_account(booking.holder, today_of(now), giving_up=[line for line, _ in wanted])
    new: list[Line] = []
    for line, slot_id in wanted:
        slot = fixtures.slots[slot_id]
        price = 0 if line.is_on_card else slot.price
        new.append(Line(line.no, slot, line.quantity, line.persons, line.is_on_card, price))
        over = party_over([*stays, *new[:-1]], new[-1], had)
        if over is not None:
            return Outcome.PARTY_SIZE, line.no, over
    over = account_over(fixtures, stays, new, had)
    return (Outcome.TOO_MANY_OPEN, None, over) if over is not None else None


def _not_paid_or_full(
    fixtures: Dataset, booking: Booking, wanted: Sequence[tuple[Line, int]], prices: Mapping[int, int]
) -> tuple[Outcome, int | None, Reached | None] | None:
    old = [line for line, _ in wanted]
    uses = fixtures.card_uses(booking.card, giving_up=old) if booking.card is not None else []
    rooms = fixtures.rooms(giving_up=old)
    for line, slot_id in wanted:
        slot = fixtures.slots[slot_id]
        if line.is_on_card and booking.card is not None:
            refusal = card_refusal(fixtures.cards[booking.card], uses, slot, line.quantity)
            if refusal is not None:
                return refusal, line.no, None
            uses.append((slot.day, line.quantity))
        for pool in fixtures.pools_of(slot, booking.channel):
            rooms[pool] -= line.quantity
    for line, slot_id in wanted:
        price = fixtures.slots[slot_id].price
        if not line.is_on_card and prices.get(line.no, price) != price:
            return Outcome.PRICE_CHANGED, line.no, None
    full = [fixtures.full[pool] for pool, room in rooms.items() if room < 0]
    return (min(full), old[0].no, None) if full else None


def _where(
    fixtures: Dataset, booking: Booking, wanted: Sequence[tuple[Line, int]], now: datetime
) -> list[tuple[Outcome, int]]:
    found: list[tuple[Outcome, int]] = []
    for line, slot_id in wanted:
        slot = fixtures.slots.get(slot_id)
        if slot is None or slot.product != line.slot.product:
            found.append((Outcome.SLOT_UNKNOWN, line.no))
            continue
        problem = slot_problem(fixtures, slot, now)
        if problem is not None:
            found.append((problem, line.no))
        elif slot.reserves and booking.channel not in slot.reserves:
            found.append((Outcome.CHANNEL_CLOSED, line.no))
        if booking.state is BookingState.CONFIRMED and not may_cancel(line.slot, now):
            found.append((Outcome.TERMS_FORBID, line.no))
    return found


def _who(
    fixtures: Dataset, booking: Booking, wanted: Sequence[tuple[Line, int]]
) -> list[tuple[Outcome, int]]:
    old = [line for line, _ in wanted]
    taken, found = fixtures.places(giving_up=old), list[tuple[Outcome, int]]()
    numbers = fixtures.number_places(giving_up=old)
    for line, slot_id in wanted:
        slot = fixtures.slots[slot_id]
        places = {(person, slot.day, slot.scope) for person in line.present}
        if places & taken:
            found.append((Outcome.PERSON_TWICE, line.no))
        taken |= places
        if booking.channel not in DESKS:
            known = [fixtures.numbers[person] for person in line.present if person in fixtures.numbers]
            spots = {(number, slot.day, slot.scope) for number in known}
            if spots & numbers:
                found.append((Outcome.NUMBER_TWICE, line.no))
            numbers |= spots
    return found
