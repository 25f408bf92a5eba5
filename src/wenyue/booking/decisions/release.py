"""Giving back what a booking draws, and closing it: shared by every change. Pure."""

from typing import Final

from msgspec.structs import replace

from wenyue.booking.decisions.allocation import take_pools
from wenyue.booking.decisions.effects import Effects, StateRow, TakenOutRow
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.model import Answer, BookingState, ExistingBooking, LineFacts, Outcome, SlotFacts
from wenyue.cards import Use
from wenyue.policy import CancelTerms, cancel_terms

Place = tuple[int, bytes, int]  # (visitor number, person key, scope)
LIVE: Final = (BookingState.HELD, BookingState.CONFIRMED)  # the states that may still change


def answer_of(
    outcome: Outcome, booking: ExistingBooking, *, is_replay: bool = False, line: int | None = None
) -> Answer:
    """What a change is told: the outcome, and the booking as it is now."""
    return Answer(
        outcome,
        booking.id,
        is_replay=is_replay,
        line=line,
        hold_until=booking.hold_until,
        total_minor=booking.total_minor,
        currency=booking.currency,
        state=booking.state,
    )


def terms_of(line: LineFacts, facts: Facts) -> tuple[SlotFacts, CancelTerms]:
    """A line's slot, and what giving it back now would mean under its preset."""
    slot = facts.slots[line.slot_id]
    preset = facts.book.presets[slot.policy_code]
    return slot, cancel_terms(preset, slot.on_date, slot.starts_at, slot.timezone, facts.now)


def end(booking: ExistingBooking, state: BookingState, facts: Facts, effects: Effects) -> None:
    """Give back everything that the booking draws, and close it."""
    for line in booking.lines:
        if line.is_live:
            release(line, booking, facts, effects)
    set_state(booking, state, facts, effects)


def release(line: LineFacts, booking: ExistingBooking, facts: Facts, effects: Effects) -> None:
    """Give one live line back: its places, its persons' day, its entitlement."""
    give_back(facts, effects, line.pool_ids, booking.state, line.quantity)
    for _, person_key, scope in line.places:
        facts.places.discard((person_key, line.on_date, scope))
    for visitor_no, _, scope in line.places if line.numbers else ():
        facts.numbers.discard((line.numbers.get(visitor_no, b""), line.on_date, scope))
    if booking.holder_id is not None and booking.holder_id in facts.open:
        facts.open[booking.holder_id].pop((booking.id, line.line_no), None)
    if line.card_id is not None and line.entitlement_no is not None:
        effects.spend(line.card_id, line.entitlement_no, -line.quantity)
        card = facts.cards.get(line.card_id)
        if card is not None:
            card.give_back(Use(line.venue_id, line.on_date, line.entitlement_no, line.quantity))
    line.is_live = False
    effects.released.append((booking.id, line.line_no))


def take_out(
    line: LineFacts,
    place: Place,
    booking: ExistingBooking,
    facts: Facts,
    effects: Effects,
    *,
    is_disowned: bool,
) -> None:
    """Give one named place of a live line back; the line goes with its last one. `is_disowned`: its person took it out."""
    visitor_no, person_key, scope = place
    left = line.quantity - 1
    effects.taken_out.append(TakenOutRow(booking.id, line.line_no, visitor_no, left, is_disowned))
    if not left:
        release(line, booking, facts, effects)
        return
    give_back(facts, effects, line.pool_ids, booking.state, 1)
    facts.places.discard((person_key, line.on_date, scope))
    if visitor_no in line.numbers:
        facts.numbers.discard((line.numbers[visitor_no], line.on_date, scope))
    if line.card_id is not None and line.entitlement_no is not None:
        effects.spend(line.card_id, line.entitlement_no, -1)
        card = facts.cards.get(line.card_id)
        if card is not None:
            is_used = bool(line.redeemed)
            card.give_back(Use(line.venue_id, line.on_date, line.entitlement_no, line.quantity, is_used))
            card.take(Use(line.venue_id, line.on_date, line.entitlement_no, left, is_used))
    mine = facts.open.get(booking.holder_id or 0, {})
    if (booking.id, line.line_no) in mine:
        mine[booking.id, line.line_no] = replace(mine[booking.id, line.line_no], quantity=left)
    line.quantity = left
    line.places = tuple(one for one in line.places if one != place)


def give_back(
    facts: Facts, effects: Effects, pool_ids: tuple[int, ...], state: BookingState, quantity: int
) -> None:
    """Return places to their pools for good; a pool on the way to a lower cap gets smaller with them."""
    take_pools(facts, effects, pool_ids, state, -quantity)
    for pool_id in pool_ids:
        facts.pools[pool_id].follow_target()


def set_state(booking: ExistingBooking, state: BookingState, facts: Facts, effects: Effects) -> None:
    """Put the booking into `state`, in the facts and in what is written; a hold that ends no longer counts for its holder."""
    if (
        booking.state is BookingState.HELD
        and state is not BookingState.HELD
        and booking.holder_id is not None
    ):
        facts.holds[booking.holder_id] = max(0, facts.holds.get(booking.holder_id, 0) - 1)
    booking.state = state
    booking.hold_until = booking.hold_until if state is BookingState.HELD else None
    effects.states.append(StateRow(booking.id, state, booking.hold_until, booking.total_minor))
