"""Deciding changes of existing bookings: confirm, cancel, expire, move, miss. Pure; every change is idempotent."""

from wenyue.booking.decisions import moves, release
from wenyue.booking.decisions.allocation import take_pools
from wenyue.booking.decisions.cancelling import cancel
from wenyue.booking.decisions.disowning import disown
from wenyue.booking.decisions.effects import Effects
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.decisions.missing import miss
from wenyue.booking.decisions.paying import recheck
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeKind,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    Outcome,
)


def decide_change(request: ChangeRequest, facts: Facts, effects: Effects) -> Answer:
    """The answer to one change; a stranger's booking is NOT_FOUND, like one that does not exist."""
    booking = facts.existing.get(request.booking_id)
    if booking is None or (request.holder_id is not None and booking.holder_id != request.holder_id):
        return Answer(Outcome.NOT_FOUND, request.booking_id)
    if (
        booking.state is BookingState.HELD
        and booking.hold_until is not None
        and facts.now >= booking.hold_until
    ):
        release.end(booking, BookingState.EXPIRED, facts, effects)
        effects.record("system:expiry", "booking.expired", booking.id)
        effects.append_event(EventKind.EXPIRED, booking.id)
    match request.kind:
        case ChangeKind.CONFIRM:
            return _confirm(request, booking, facts, effects)
        case ChangeKind.CANCEL:
            return cancel(request, booking, facts, effects)
        case ChangeKind.MOVE:
            return moves.move(request, booking, facts, effects)
        case ChangeKind.EXPIRE:
            is_over = booking.state is BookingState.EXPIRED
            answer = release.answer_of(Outcome.CANCELLED if is_over else Outcome.WRONG_STATE, booking)
        case ChangeKind.DISOWN:
            answer = disown(request, booking, facts, effects)
        case ChangeKind.NO_SHOW:
            answer = miss(request, booking, facts, effects)
    return answer


def _confirm(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    if booking.state is BookingState.CONFIRMED:
        effects.replays += 1
        return release.answer_of(Outcome.CONFIRMED, booking, is_replay=True)
    if booking.state is not BookingState.HELD:
        return release.answer_of(Outcome.WRONG_STATE, booking)
    # A card that was frozen or ran out since the hold pays no more than it would for a new booking.
    on_card = [line for line in booking.lines if line.is_live and line.card_id is not None]
    refused = recheck(on_card, facts) if on_card else None
    if refused is not None:
        return release.answer_of(refused[0], booking, line=refused[1])
    for line in booking.lines:
        if line.is_live:
            take_pools(facts, effects, line.pool_ids, BookingState.HELD, -line.quantity)
            take_pools(facts, effects, line.pool_ids, BookingState.CONFIRMED, line.quantity)
    release.set_state(booking, BookingState.CONFIRMED, facts, effects)
    effects.record(request.actor, "booking.confirmed", booking.id)
    effects.append_event(EventKind.CONFIRMED, booking.id)
    return release.answer_of(Outcome.CONFIRMED, booking)
