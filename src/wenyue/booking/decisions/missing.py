"""Settling sessions that nobody of a booking came to: each by itself, once. Pure, idempotent."""

from typing import Final

from wenyue.booking.decisions import release
from wenyue.booking.decisions.effects import Effects
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.decisions.striking import note_missed
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    LineFacts,
    Outcome,
)

_HOUSES: Final = ("night", "table")  # no gate: who came to a room or a table only its house knows


def miss(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Nobody came: the places stay sold, and each session missed costs what its preset says. CANCELLED means done.

    Judged session by session (ADR 40): a room, a table, a closed session or one that somebody went in to is not missed, and
    spares no other. Of `request.slots` (none given: of all) those that have ended. The booking is NO_SHOW when nothing of it is
    left that anybody could have come to; until then it stays as it is, with its missed lines marked.
    """
    if booking.state is BookingState.NO_SHOW:
        effects.replays += 1
        return release.answer_of(Outcome.CANCELLED, booking, is_replay=True)
    live = [line for line in booking.lines if line.is_live]
    slots = [facts.slots[line.slot_id] for line in live]
    if any(facts.pools[slot.pool_ids[0]].revision != slot.revision for slot in slots):
        return release.answer_of(Outcome.STALE_FACTS, booking)
    if booking.state is not BookingState.CONFIRMED:
        return release.answer_of(Outcome.WRONG_STATE, booking)
    asked = [line for line in live if not request.slots or line.slot_id in request.slots]
    came = {line.slot_id for line in booking.lines if line.redeemed}
    missed = [line for line in asked if _is_missed(line, came, facts)]
    is_over = _is_nobody_come(live, came, missed, facts)
    if not missed and not is_over:
        return _nothing_to_do(asked, came, booking, effects)
    note_missed(missed, booking, facts, effects)
    for line in missed:
        line.is_missed = True
        effects.missed.append((booking.id, line.line_no))
    release.set_state(booking, BookingState.NO_SHOW if is_over else booking.state, facts, effects)
    detail: dict[str, object] = {"lines": [line.line_no for line in missed]}
    effects.record(request.actor, "booking.no_show", booking.id, detail)
    if missed:
        effects.append_event(EventKind.NO_SHOW, booking.id)
    return release.answer_of(Outcome.CANCELLED, booking)


def _is_missed(line: LineFacts, came: set[int], facts: Facts) -> bool:
    """Whether a gate waited for this line in vain, and nobody has counted it yet.

    Lines of one session are one visit, however they are paid: while one of the party comes, nothing is counted.
    """
    slot = facts.slots[line.slot_id]
    return (
        not line.is_missed
        and slot.is_open
        and slot.ends_at <= facts.now
        and slot.product_kind not in _HOUSES
        and line.slot_id not in came
    )


def _is_nobody_come(live: list[LineFacts], came: set[int], missed: list[LineFacts], facts: Facts) -> bool:
    """Whether this is the end of the booking: every session missed, or closed and over, and one missed at least."""
    if came or not (missed or any(line.is_missed for line in live)):
        return False
    for line in live:
        slot = facts.slots[line.slot_id]
        is_closed = not slot.is_open and slot.ends_at <= facts.now and slot.product_kind not in _HOUSES
        if not (line.is_missed or line in missed or is_closed):
            return False
    return True


def _nothing_to_do(
    asked: list[LineFacts], came: set[int], booking: ExistingBooking, effects: Effects
) -> Answer:
    if any(line.is_missed for line in asked):
        effects.replays += 1
        return release.answer_of(Outcome.CANCELLED, booking, is_replay=True)
    has_come = any(line.slot_id in came for line in asked)
    return release.answer_of(Outcome.ALREADY_REDEEMED if has_come else Outcome.WRONG_STATE, booking)
