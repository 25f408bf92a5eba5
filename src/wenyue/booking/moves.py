"""Rescheduling lines to other slots: the old places are given up only if every new one is had. Pure, idempotent."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from wenyue.booking import returning
from wenyue.booking.allowance import (
    DESK_CHANNELS,
    Exemption,
    Tally,
    Wanted,
    account_excess,
    open_line,
    party_excess,
)
from wenyue.booking.drawing import CHANNEL_NAME, draws, person_scope, slot_problem, take_pools
from wenyue.booking.effects import Effects, LineRow, PlaceRow
from wenyue.booking.facts import Facts, account_subject
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    LineFacts,
    OpenLine,
    Outcome,
    SlotFacts,
)
from wenyue.booking.paying import repay
from wenyue.booking.persons import bans_in_force
from wenyue.booking.striking import note_strikes
from wenyue.cards import Use
from wenyue.kernel.limits import LINE_NUMBERS_MAX, MOVES_OF_BOOKING_MAX
from wenyue.policy import LimitKind, Reached, StrikeKind


def move(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Reschedule lines: the old places are given up only if every new one is had."""
    if booking.state not in returning.LIVE:
        return returning.answer_of(Outcome.WRONG_STATE, booking)
    if any(line.redeemed for line in booking.lines):
        return returning.answer_of(Outcome.ALREADY_REDEEMED, booking)
    pending = [move for move in request.moves if not _is_done(booking, move)]
    if not pending:
        effects.replays += 1
        return returning.answer_of(Outcome.RESCHEDULED, booking, is_replay=True)
    lines = {line.line_no: line for line in booking.lines if line.is_live}
    numbers = {line_no for line_no, _ in pending}
    if len(numbers) < len(pending) or not numbers <= lines.keys():  # a line is given up once: then it is gone
        return replace(returning.answer_of(Outcome.LINE_UNKNOWN, booking), lines=tuple(sorted(lines)))
    moves = [(lines[line_no], slot_id) for line_no, slot_id in pending]
    problem, paid_by = _move_problem(moves, _shown(request, moves), booking, facts)
    if problem is not None:
        return problem
    strikes: tuple[StrikeKind, ...] = ()
    if booking.state is BookingState.CONFIRMED and not request.is_forced:
        # Whoever gives a place back late does so also by moving: otherwise a move before the cancellation costs nothing.
        strikes = note_strikes([line for line, _ in moves], booking, facts, effects)
    for line, _ in moves:  # all of them first: lines may change places with each other
        returning.release(line, booking, facts, effects)
    for (line, slot_id), entitlement_no in zip(moves, paid_by, strict=True):
        new = _move_line(line, facts.slots[slot_id], entitlement_no, booking)
        _draw(new, facts.slots[slot_id], booking, facts, effects)
    booking.total_minor = sum(line.price_minor * line.quantity for line in booking.lines if line.is_live)
    returning.set_state(booking, booking.state, facts, effects)
    effects.record(
        request.actor, "booking.rescheduled", booking.id, {"moves": [list(move) for move in pending]}
    )
    effects.tell(EventKind.RESCHEDULED, booking.id)
    return replace(returning.answer_of(Outcome.RESCHEDULED, booking), strikes=strikes)


def _shown(request: ChangeRequest, moves: list[tuple[LineFacts, int]]) -> dict[int, int]:
    """The price of the new place that each line's holder agreed to: the one they named, else the one the line has."""
    had = {line.line_no: line.price_minor for line, _ in moves} if request.holder_id is not None else {}
    return had | dict(request.prices)


def _is_done(booking: ExistingBooking, move: tuple[int, int]) -> bool:
    """This very move was made already: the old line is given up and a live line holds the new slot."""
    line_no, slot_id = move
    gone = any(line.line_no == line_no and not line.is_live for line in booking.lines)
    there = any(line.slot_id == slot_id and line.is_live for line in booking.lines)
    stays = any(
        line.line_no == line_no and line.is_live and line.slot_id == slot_id for line in booking.lines
    )
    return (gone and there) or stays


def _move_problem(
    moves: list[tuple[LineFacts, int]], prices: dict[int, int], booking: ExistingBooking, facts: Facts
) -> tuple[Answer | None, list[int | None]]:
    """Why the moves cannot all be made (None: they can), and the entitlement that pays for each new line."""
    worn = _moved_too_often(moves, booking)
    if worn is not None:
        return worn, []
    problems = _place_problems(moves, booking, facts)
    if problems:
        outcome, line_no, at = min(problems, key=lambda problem: problem[:2])
        return replace(returning.answer_of(outcome, booking, line=line_no), at=at), []
    too_many = _too_many(moves, booking, facts)
    if too_many is not None:
        return too_many, []
    paid_by, refusal = repay(moves, facts)
    if refusal is not None:
        return returning.answer_of(refusal[0], booking, line=refusal[1]), []
    problem = _price_problem(moves, prices, booking, facts)
    if problem is not None:
        return problem, []
    full = _full_pool(moves, booking, facts)
    return (returning.answer_of(full[0], booking, line=full[1]) if full else None), paid_by


def _moved_too_often(moves: list[tuple[LineFacts, int]], booking: ExistingBooking) -> Answer | None:
    """Nobody moves one booking again and again: its lines that were given up, and are not deleted, say how often it was moved."""
    line_no = moves[0][0].line_no
    if max(line.line_no for line in booking.lines) + len(moves) >= LINE_NUMBERS_MAX:
        return returning.answer_of(Outcome.CANCEL_LIMIT, booking, line=line_no)
    if booking.holder_id is None or booking.channel in DESK_CHANNELS:
        return None
    gone = sum(not line.is_live for line in booking.lines)
    live = len(booking.lines) - gone
    if gone + len(moves) <= MOVES_OF_BOOKING_MAX * live:
        return None
    answer = returning.answer_of(Outcome.MOVE_LIMIT, booking, line=line_no)
    return replace(answer, reached=Reached(LimitKind.MOVES, MOVES_OF_BOOKING_MAX, gone // live))


def _place_problems(
    moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts
) -> list[tuple[Outcome, int, datetime | None]]:
    """What speaks against where the lines go, when they leave, and who goes: (why, line, until)."""
    problems: list[tuple[Outcome, int, datetime | None]] = []
    taken: set[tuple[bytes, date, int]] = set()  # by the moves before this one
    for line, slot_id in moves:
        slot = facts.slots.get(slot_id)
        if slot is None or slot.product_id != facts.slots[line.slot_id].product_id:
            problems.append((Outcome.SLOT_UNKNOWN, line.line_no, None))
            continue
        outcome = slot_problem(slot, facts.pools, facts.now)
        if outcome is not None:
            problems.append((outcome, line.line_no, None))
        elif slot.channel_pools and CHANNEL_NAME[booking.channel] not in slot.channel_pools:
            problems.append((Outcome.CHANNEL_CLOSED, line.line_no, None))
        if booking.state is BookingState.CONFIRMED and not returning.terms_of(line, facts)[1].is_allowed:
            problems.append((Outcome.TERMS_FORBID, line.line_no, None))
        problems += _bans(line, slot, booking, facts)
        if _is_person_taken(line, slot, moves, facts, taken):
            problems.append((Outcome.PERSON_TWICE, line.line_no, None))
        elif _is_number_taken(line, slot, moves, facts, taken):
            problems.append((Outcome.NUMBER_TWICE, line.line_no, None))
    return problems


def _price_problem(
    moves: list[tuple[LineFacts, int]], prices: dict[int, int], booking: ExistingBooking, facts: Facts
) -> Answer | None:
    """Nobody pays another price for the new place than the one that was shown, nor in another currency."""
    for line, slot_id in moves:
        slot = facts.slots[slot_id]
        if line.card_id is not None:
            continue
        if prices.get(line.line_no, slot.price_minor) != slot.price_minor:
            answer = returning.answer_of(Outcome.PRICE_CHANGED, booking, line=line.line_no)
            return replace(answer, price_minor=slot.price_minor)
        if slot.price_minor and slot.currency != booking.currency:
            return returning.answer_of(Outcome.CURRENCIES_MIXED, booking, line=line.line_no)
    return None


def _bans(
    line: LineFacts, slot: SlotFacts, booking: ExistingBooking, facts: Facts
) -> Iterable[tuple[Outcome, int, datetime]]:
    """Whoever could not book the new place does not get it by a move: the line's persons and the account."""
    if not facts.bans:
        return
    subjects = [person_key for _, person_key, _ in line.places]
    if booking.holder_id is not None:
        subjects.append(account_subject(booking.holder_id))
    for subject in subjects:
        for until in bans_in_force(subject, slot, facts):
            yield Outcome.PERSON_BANNED, line.line_no, until


def _is_person_taken(
    line: LineFacts,
    slot: SlotFacts,
    moves: list[tuple[LineFacts, int]],
    facts: Facts,
    taken: set[tuple[bytes, date, int]],
) -> bool:
    """A person of the line has another place in the new scope that these moves do not give up, or take themselves."""
    given_up = {(key, moved.on_date, scope) for moved, _ in moves for _, key, scope in moved.places}
    wanted = {(key, slot.on_date, person_scope(slot)) for _, key, _ in line.places}
    is_taken = not wanted.isdisjoint(taken) or any(
        place in facts.places and place not in given_up for place in wanted
    )
    taken |= wanted
    return is_taken


def _is_number_taken(
    line: LineFacts,
    slot: SlotFacts,
    moves: list[tuple[LineFacts, int]],
    facts: Facts,
    taken: set[tuple[bytes, date, int]],
) -> bool:
    """The same of the numbers of the line's documents, under another kind or nationality."""
    given_up = {
        (moved.numbers.get(visitor_no), moved.on_date, scope)
        for moved, _ in moves
        for visitor_no, _, scope in moved.places
    }
    wanted = {(number, slot.on_date, person_scope(slot)) for number in line.numbers.values()}
    is_taken = not wanted.isdisjoint(taken) or any(
        spot in facts.numbers and spot not in given_up for spot in wanted
    )
    taken |= wanted
    return is_taken


def _too_many(moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts) -> Answer | None:
    """The first move that brings more of the account's people together than the preset allows, or more than it may have.

    What the account has already is no reason to refuse: only a count that a move makes larger can be too large.
    """
    if booking.holder_id is None or booking.channel in DESK_CHANNELS:
        return None
    moved = {(booking.id, line.line_no) for line, _ in moves}
    mine = facts.open.get(booking.holder_id, {})
    staying = [one for key, one in mine.items() if key not in moved]
    stays, before = Tally(staying), Tally(mine.values())
    wanted = _wanted_by(moves, staying, facts)
    account = account_excess(facts.book.limits, stays, [one for _, _, one, _ in wanted], before)
    party = party_excess(wanted, stays, before)
    if party is not None:
        answer = returning.answer_of(Outcome.PARTY_SIZE, booking, line=moves[party[0]][0].line_no)
        return replace(answer, reached=party[1])
    return replace(returning.answer_of(Outcome.TOO_MANY_OPEN, booking), reached=account) if account else None


def _wanted_by(moves: list[tuple[LineFacts, int]], staying: Sequence[OpenLine], facts: Facts) -> list[Wanted]:
    """The new lines, without the people whom a preset exempts by age.

    A stored line does not say who they are. Yet of people who had places of one visit or session together no more than a
    party counted; whoever goes on together with them is exempt again.
    """
    wanted: list[Wanted] = []
    together: Counter[tuple[object, object]] = Counter()
    exemption = Exemption(staying)
    for line, slot_id in moves:
        slot = facts.slots[slot_id]
        preset = facts.book.presets[slot.policy_code]
        exempt = 0
        if preset.exempt_from_age is not None and line.places:
            group = _visit(facts.slots[line.slot_id]), _visit(slot)
            together[group] += line.quantity
            exempt = min(line.quantity, max(0, together[group] - preset.party_max))
            exempt = exemption.grant(slot, preset, exempt)
        wanted.append((slot, preset, _open_line(line, slot), line.quantity - exempt))
    return wanted


def _visit(slot: SlotFacts) -> tuple[int, date] | int:
    return (slot.venue_id, slot.on_date) if slot.person_rule == "venue_day" else slot.id


def _open_line(line: LineFacts, slot: SlotFacts) -> OpenLine:
    return open_line(slot, line.quantity, is_named=bool(line.places), is_on_card=line.card_id is not None)


def _full_pool(
    moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts
) -> tuple[Outcome, int] | None:
    """The first pool without room once the old lines have given theirs back."""
    change: dict[int, int] = {}
    for line, slot_id in moves:
        for pool_id in line.pool_ids:
            change[pool_id] = change.get(pool_id, 0) - line.quantity
        for pool_id in draws(facts.slots[slot_id], booking.channel):
            change[pool_id] = change.get(pool_id, 0) + line.quantity
    full = {"session": Outcome.SOLD_OUT, "day": Outcome.DAY_FULL, "channel": Outcome.CHANNEL_FULL}
    found = [
        full[facts.pools[pool_id].kind]
        for pool_id, places in change.items()
        if facts.pools[pool_id].left < places
    ]
    return (min(found), moves[0][0].line_no) if found else None


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
        facts.open.setdefault(booking.holder_id, {})[booking.id, line.line_no] = _open_line(line, slot)
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
