"""A person takes their place out of a booking that somebody else made with their document. Pure, idempotent."""

from msgspec.structs import replace

from wenyue.booking.decisions import release
from wenyue.booking.decisions.effects import DisownedRow, Effects
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.decisions.striking import note_cancellation, note_strikes
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    LineFacts,
    Outcome,
)
from wenyue.cards import Use
from wenyue.policy import StrikeKind

Place = tuple[int, bytes, int]  # (visitor number, person key, scope)


def disown(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Give that one person's place back; everybody else keeps theirs. CANCELLED: the person has no place there (any more).

    The person is never struck. A line that is left empty counts for the account that made it as giving it back would now, or two
    accounts that book for each other would miss visits for nothing; while others stay in it, nothing is counted, as when one of a
    party does not come. When nobody is left at all the booking is over, and a cancellation of that account.
    Terms do not forbid it, and what the place cost is not owed. Who went in already, and whoever's own account booked, cannot.
    """
    found = [
        (line, place)
        for line in booking.lines
        for place in line.places
        if line.is_live and line.slot_id == request.slot_id and place[1] == request.person_key
    ]
    if not found:
        effects.replays += 1
        return release.answer_of(Outcome.CANCELLED, booking, is_replay=True)
    if booking.state not in release.LIVE or booking.own_key == request.person_key:
        return release.answer_of(Outcome.WRONG_STATE, booking)
    if any(place[0] in line.came for line, place in found):
        return release.answer_of(Outcome.ALREADY_REDEEMED, booking)
    is_last = sum(line.quantity for line in booking.lines if line.is_live) == len(found)
    strikes: tuple[StrikeKind, ...] = ()
    if booking.state is BookingState.CONFIRMED:
        emptied = [line for line, _ in found if line.quantity == 1]
        note = note_cancellation if is_last else note_strikes
        strikes = note(emptied, booking, facts, effects)
    for line, place in found:
        _take_out(line, place, booking, facts, effects)
        detail: dict[str, object] = {"line": line.line_no, "visitor": place[0]}
        effects.record(request.actor, "booking.place_disowned", booking.id, detail)
    booking.total_minor = sum(line.price_minor * line.quantity for line in booking.lines if line.is_live)
    release.set_state(booking, BookingState.CANCELLED if is_last else booking.state, facts, effects)
    effects.append_event(EventKind.DISOWNED, booking.id)
    return replace(release.answer_of(Outcome.CANCELLED, booking), strikes=strikes)


def _take_out(
    line: LineFacts, place: Place, booking: ExistingBooking, facts: Facts, effects: Effects
) -> None:
    """One named place of a live line; the line goes with its last one."""
    visitor_no, person_key, scope = place
    left = line.quantity - 1
    effects.disowned.append(DisownedRow(booking.id, line.line_no, visitor_no, left))
    if not left:
        release.release(line, booking, facts, effects)
        return
    release.give_back(facts, effects, line.pool_ids, booking.state, 1)
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
