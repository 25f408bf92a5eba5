"""A person takes their place out of a booking that somebody else made with their document. Pure, idempotent."""

from msgspec.structs import replace

from wenyue.booking.decisions import release
from wenyue.booking.decisions.effects import Effects
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.decisions.striking import note_cancellation, note_strikes
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    Outcome,
)
from wenyue.policy import StrikeKind


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
        release.take_out(line, place, booking, facts, effects, is_disowned=True)
        detail: dict[str, object] = {"line": line.line_no, "visitor": place[0]}
        effects.record(request.actor, "booking.place_disowned", booking.id, detail)
    booking.total_minor = sum(line.price_minor * line.quantity for line in booking.lines if line.is_live)
    release.set_state(booking, BookingState.CANCELLED if is_last else booking.state, facts, effects)
    effects.append_event(EventKind.DISOWNED, booking.id)
    return replace(release.answer_of(Outcome.CANCELLED, booking), strikes=strikes)
