"""Rescheduling lines to other slots: the old places are given up only if every new one is had. Pure, idempotent."""

import dataclasses

from msgspec.structs import replace

from wenyue.booking.decisions import release
from wenyue.booking.decisions.allocation import draws, person_scope, take_pools
from wenyue.booking.decisions.effects import Effects, LineRow, PlaceRow
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.decisions.move_problems import (
    is_moved_by_account,
    move_problem,
    moves_of_day,
    open_line_of,
)
from wenyue.booking.decisions.parting import minors_parted
from wenyue.booking.decisions.striking import note_strikes
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    LineFacts,
    Outcome,
    SlotFacts,
)
from wenyue.cards import Use
from wenyue.policy import StrikeKind


def move(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Reschedule lines: the old places are given up only if every new one is had."""
    if booking.state not in release.LIVE:
        return release.answer_of(Outcome.WRONG_STATE, booking)
    pending = [move for move in request.moves if not _is_done(booking, move, request.visitors)]
    if not pending:
        effects.replays += 1
        return release.answer_of(Outcome.RESCHEDULED, booking, is_replay=True)
    lines = {line.line_no: line for line in booking.lines if line.is_live}
    moves = _parts(pending, lines, request.visitors)
    if moves is None:
        return replace(release.answer_of(Outcome.LINE_UNKNOWN, booking), lines=tuple(sorted(lines)))
    parted = [lines[line.line_no] for line, _ in moves if line.staying]
    alone = minors_parted(parted, request.visitors, request.births, booking, facts, go_together=True)
    if alone is not None:
        return alone
    problem, paid_by = _problem(request, moves, booking, facts)
    if problem is not None:
        return problem
    strikes: tuple[StrikeKind, ...] = ()
    if booking.state is BookingState.CONFIRMED and not request.is_forced:
        # Whoever gives a place back late does so also by moving: otherwise a move before the cancellation costs nothing.
        strikes = note_strikes([line for line, _ in moves if not line.staying], booking, facts, effects)
    for line, _ in moves:  # all of them first: lines may change places with each other
        _give_up(line, lines[line.line_no], booking, facts, effects)
    for (line, slot_id), entitlement_no in zip(moves, paid_by, strict=True):
        new = _move_line(line, facts.slots[slot_id], entitlement_no, booking)
        _draw(new, facts.slots[slot_id], booking, facts, effects)
    booking.total_minor = sum(line.price_minor * line.quantity for line in booking.lines if line.is_live)
    release.set_state(booking, booking.state, facts, effects)
    if not request.is_forced:
        _count(booking, facts, effects)
    detail: dict[str, object] = {"moves": [list(move) for move in pending]}
    if request.visitors:
        detail["visitors"] = list(request.visitors)
    effects.record(request.actor, "booking.rescheduled", booking.id, detail)
    effects.append_event(EventKind.RESCHEDULED, booking.id)
    return replace(release.answer_of(Outcome.RESCHEDULED, booking), strikes=strikes)


def _count(booking: ExistingBooking, facts: Facts, effects: Effects) -> None:
    """One move more of the account's today."""
    if booking.holder_id is not None and is_moved_by_account(booking):
        facts.moved[booking.holder_id] = facts.moved.get(booking.holder_id, 0) + 1
        effects.moved[booking.holder_id] = effects.moved.get(booking.holder_id, 0) + 1


def _shown(request: ChangeRequest, moves: list[tuple[LineFacts, int]]) -> dict[int, int]:
    """The price of the new place that each line's holder agreed to: the one they named, else the one the line has."""
    had = {line.line_no: line.price_minor for line, _ in moves} if request.holder_id is not None else {}
    return had | dict(request.prices)


def _parts(
    pending: list[tuple[int, int]], lines: dict[int, LineFacts], visitors: tuple[int, ...]
) -> list[tuple[LineFacts, int]] | None:
    """What moves, and to which slot. None: a line that is not there, that moves twice, or where nobody of `visitors` is."""
    numbers = {line_no for line_no, _ in pending}
    if len(numbers) < len(pending) or not numbers <= lines.keys():  # a line is given up once: then it is gone
        return None
    moves = [(_part_of(lines[line_no], visitors), slot_id) for line_no, slot_id in pending]
    return moves if all(line.quantity for line, _ in moves) else None


def _problem(
    request: ChangeRequest, moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts
) -> tuple[Answer | None, list[int | None]]:
    """Why these moves are refused (None: they are not), and the entitlement that pays for each new line."""
    if any(
        _has_come(line) for line, _ in moves
    ):  # what was used stays; the other visits of the trip may move
        return release.answer_of(Outcome.ALREADY_REDEEMED, booking), []
    too_often = None if request.is_forced else moves_of_day(booking, facts)
    if too_often is not None:
        return too_often, []
    return move_problem(moves, _shown(request, moves), booking, facts)


def _part_of(line: LineFacts, visitors: tuple[int, ...]) -> LineFacts:
    """What of the line moves when only these visitors do (none: all of it); nothing: a part without places."""
    places = tuple(one for one in line.places if one[0] in visitors)
    if not visitors or len(places) == line.quantity:
        return line
    staying = line.quantity - len(places)
    numbers = {one: key for one, key in line.numbers.items() if one in visitors}
    return dataclasses.replace(line, quantity=len(places), places=places, staying=staying, numbers=numbers)


def _has_come(line: LineFacts) -> bool:
    """Somebody who would move went in there already."""
    return any(one[0] in line.came for one in line.places) if line.staying else bool(line.redeemed)


def _give_up(
    part: LineFacts, line: LineFacts, booking: ExistingBooking, facts: Facts, effects: Effects
) -> None:
    """Give back what moves of a line: all of it, or some people's places."""
    if not part.staying:
        release.release(line, booking, facts, effects)
        return
    for place in part.places:
        release.take_out(line, place, booking, facts, effects, is_disowned=False)


def _is_done(booking: ExistingBooking, move: tuple[int, int], visitors: tuple[int, ...]) -> bool:
    """This very move was made already: the old line is given up and a live line holds the new slot.

    Of some visitors: none of them is left in the old line, and those who are still in the booking are in the new slot.
    """
    line_no, slot_id = move
    old = next((line for line in booking.lines if line.line_no == line_no), None)
    if old is None:
        return False
    if old.is_live and old.slot_id == slot_id:
        return True
    there = [line for line in booking.lines if line.is_live and line.slot_id == slot_id]
    if not visitors:
        return bool(there) and not old.is_live
    is_left = old.is_live and any(one[0] in visitors for one in old.places)
    return not is_left and any(one[0] in visitors for line in there for one in line.places)


def _move_line(
    line: LineFacts, slot: SlotFacts, entitlement_no: int | None, booking: ExistingBooking
) -> LineFacts:
    """The line that takes the old one's place: same people, same card, the new slot."""
    return LineFacts(
        line_no=max(existing.line_no for existing in booking.lines) + 1,
        slot_id=slot.id,
        venue_id=slot.venue_id,
        on_date=slot.on_date,
        quantity=line.quantity,
        price_minor=0 if line.card_id is not None else slot.price_minor,
        pool_ids=draws(slot, booking.channel),
        card_id=line.card_id,
        entitlement_no=entitlement_no,
        is_live=True,
        places=tuple(
            (visitor_no, person_key, person_scope(slot)) for visitor_no, person_key, _ in line.places
        ),
        numbers=line.numbers,
    )


def _draw(line: LineFacts, slot: SlotFacts, booking: ExistingBooking, facts: Facts, effects: Effects) -> None:
    """Take a new line's places, persons and entitlement, and write it down."""
    take_pools(facts, effects, line.pool_ids, booking.state, line.quantity)
    for visitor_no, person_key, scope in line.places:
        facts.places.add((person_key, line.on_date, scope))
        number_key = line.numbers.get(visitor_no)
        if number_key is not None:
            facts.numbers.add((number_key, line.on_date, scope))
        effects.places.append(
            PlaceRow(booking.id, line.line_no, visitor_no, person_key, scope, line.on_date, number_key)
        )
    if booking.holder_id is not None:
        facts.open.setdefault(booking.holder_id, {})[booking.id, line.line_no] = open_line_of(line, slot)
    if line.card_id is not None and line.entitlement_no is not None:
        effects.spend(line.card_id, line.entitlement_no, line.quantity)
        facts.cards[line.card_id].take(Use(line.venue_id, line.on_date, line.entitlement_no, line.quantity))
    effects.lines.append(
        LineRow(
            booking.id,
            line.line_no,
            slot.id,
            slot.product_id,
            slot.venue_id,
            slot.on_date,
            line.quantity,
            line.price_minor,
            line.pool_ids,
            line.card_id,
            line.entitlement_no,
        )
    )
    booking.lines.append(line)
