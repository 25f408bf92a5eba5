"""Deciding changes of existing bookings: confirm, cancel, expire, move, miss. Pure; every change is idempotent."""

from datetime import date

from wenyue.booking.drawing import CHANNEL_NAME, draws, person_scope, slot_problem, take_pools, wanted_use
from wenyue.booking.effects import Effects, LineRow, PlaceRow, StateRow, Strike
from wenyue.booking.facts import Facts, account_subject
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeKind,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    LineFacts,
    Outcome,
    SlotFacts,
)
from wenyue.cards import CardRefusal, Use, decide_use
from wenyue.kernel.limits import LINE_NUMBERS_MAX
from wenyue.policy import CancelTerms, Preset, StrikeKind, cancel_limit_reached, cancel_terms

_LIVE = (BookingState.HELD, BookingState.CONFIRMED)
_HOUSES = ("night", "table")


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
        _end(booking, BookingState.EXPIRED, facts, effects)
        effects.record("system:expiry", "booking.expired", booking.id)
        effects.tell(EventKind.EXPIRED, booking.id)
    match request.kind:
        case ChangeKind.CONFIRM:
            return _confirm(request, booking, facts, effects)
        case ChangeKind.CANCEL:
            return _cancel(request, booking, facts, effects)
        case ChangeKind.MOVE:
            return _move(request, booking, facts, effects)
        case ChangeKind.EXPIRE:
            return _answer(
                Outcome.CANCELLED if booking.state is BookingState.EXPIRED else Outcome.WRONG_STATE, booking
            )
        case ChangeKind.NO_SHOW:
            return _miss(request, booking, facts, effects)


def _answer(
    outcome: Outcome, booking: ExistingBooking, *, is_replay: bool = False, line: int | None = None
) -> Answer:
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


def _confirm(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    if booking.state is BookingState.CONFIRMED:
        effects.replays += 1
        return _answer(Outcome.CONFIRMED, booking, is_replay=True)
    if booking.state is not BookingState.HELD:
        return _answer(Outcome.WRONG_STATE, booking)
    for line in booking.lines:
        if line.is_live:
            take_pools(facts, effects, line.pool_ids, BookingState.HELD, -line.quantity)
            take_pools(facts, effects, line.pool_ids, BookingState.CONFIRMED, line.quantity)
    _set_state(booking, BookingState.CONFIRMED, facts, effects)
    effects.record(request.actor, "booking.confirmed", booking.id)
    effects.tell(EventKind.CONFIRMED, booking.id)
    return _answer(Outcome.CONFIRMED, booking)


def _cancel(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    if booking.state in (BookingState.CANCELLED, BookingState.EXPIRED):
        effects.replays += 1
        return _answer(Outcome.CANCELLED, booking, is_replay=True)
    if booking.state not in _LIVE:
        return _answer(Outcome.WRONG_STATE, booking)
    if any(line.redeemed for line in booking.lines):
        return _answer(Outcome.ALREADY_REDEEMED, booking)
    if not request.is_forced and booking.state is BookingState.CONFIRMED:
        refused = _cancel_problem(booking, facts)
        if refused is not None:
            return refused
        _strike(booking, facts, effects)
    _end(booking, BookingState.CANCELLED, facts, effects)
    effects.record(
        request.actor, "booking.cancelled", booking.id, {"reason": request.reason} if request.reason else None
    )
    effects.tell(EventKind.CANCELLED, booking.id)
    return _answer(Outcome.CANCELLED, booking)


def _terms(line: LineFacts, facts: Facts) -> tuple[SlotFacts, CancelTerms]:
    slot = facts.slots[line.slot_id]
    preset = facts.book.presets[slot.policy_code]
    return slot, cancel_terms(preset, slot.on_date, slot.starts_at, slot.timezone, facts.now)


def _cancel_problem(booking: ExistingBooking, facts: Facts) -> Answer | None:
    """The strictest line decides: one that can no longer be given back keeps the whole booking."""
    for line in booking.lines:
        if line.is_live:
            slot, terms = _terms(line, facts)
            if not terms.is_allowed:
                return _answer(Outcome.TERMS_FORBID, booking, line=line.line_no)
            cancels = _cancels(booking, slot.policy_code, facts)
            today = facts.local_now.date()
            if cancel_limit_reached(facts.book.presets[slot.policy_code], cancels, today):
                return _answer(Outcome.CANCEL_LIMIT, booking, line=line.line_no)
    return None


def _cancels(booking: ExistingBooking, policy_code: str, facts: Facts) -> list[date]:
    if booking.holder_id is None:
        return []
    stored = facts.cancels.get(account_subject(booking.holder_id), [])
    return [on_date for code, on_date in stored if code == policy_code]


def _strike(booking: ExistingBooking, facts: Facts, effects: Effects) -> None:
    """Note what the preset counts: at most one strike per preset and visit date of a booking."""
    today = facts.local_now.date()
    noted: set[tuple[str, str, date]] = set()
    for line in booking.lines:
        if not line.is_live:
            continue
        slot, terms = _terms(line, facts)
        is_limited = facts.book.presets[slot.policy_code].cancel_limits is not None
        counted: tuple[tuple[StrikeKind | None, date], ...] = (
            ("cancel" if is_limited else None, today),
            (terms.strike, slot.on_date),
        )
        for kind, on_date in counted:
            if kind is None or (slot.policy_code, kind, on_date) in noted:
                continue
            noted.add((slot.policy_code, kind, on_date))
            subjects = _subjects(kind, line, booking, facts.book.presets[slot.policy_code])
            if booking.holder_id is not None and kind == "cancel":
                account = account_subject(booking.holder_id)
                facts.cancels.setdefault(account, []).append((slot.policy_code, on_date))
            effects.strikes.append(Strike(subjects, slot.policy_code, kind, on_date, booking.id))


def _subjects(
    kind: StrikeKind, line: LineFacts, booking: ExistingBooking, preset: Preset
) -> tuple[bytes, ...]:
    """Whom a strike counts against: those whom the preset names; cancelling is always the account's doing."""
    named = preset.strikes.subjects if preset.strikes is not None else ("account", "visitor")
    subjects = [key for _, key, _ in line.places] if kind != "cancel" and "visitor" in named else []
    if booking.holder_id is not None and (kind == "cancel" or "account" in named):
        subjects.append(account_subject(booking.holder_id))
    return tuple(subjects)


def _miss(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Nobody came: the places stay sold, and every session missed costs what its preset says. CANCELLED means done.

    A closed session is nobody's fault, and who came to a room or a table only its house knows.
    """
    if booking.state is BookingState.NO_SHOW:
        effects.replays += 1
        return _answer(Outcome.CANCELLED, booking, is_replay=True)
    live = [(line, facts.slots[line.slot_id]) for line in booking.lines if line.is_live]
    if any(facts.pools[slot.pool_ids[0]].revision != slot.revision for _, slot in live):
        return _answer(Outcome.STALE_FACTS, booking)
    missed = [(line, slot) for line, slot in live if slot.is_open]
    if (
        booking.state is not BookingState.CONFIRMED
        or not missed
        or any(slot.ends_at > facts.now or slot.product_kind in _HOUSES for _, slot in live)
    ):
        return _answer(Outcome.WRONG_STATE, booking)
    if any(line.redeemed for line in booking.lines):
        return _answer(Outcome.ALREADY_REDEEMED, booking)
    for line, slot in missed:
        preset = facts.book.presets[slot.policy_code]
        if preset.missed_strike is not None:
            subjects = _subjects(preset.missed_strike, line, booking, preset)
            strike = Strike(subjects, slot.policy_code, preset.missed_strike, slot.on_date, booking.id)
            if strike not in effects.strikes:
                effects.strikes.append(strike)
    _set_state(booking, BookingState.NO_SHOW, facts, effects)
    effects.record(request.actor, "booking.no_show", booking.id)
    effects.tell(EventKind.NO_SHOW, booking.id)
    return _answer(Outcome.CANCELLED, booking)


def _end(booking: ExistingBooking, state: BookingState, facts: Facts, effects: Effects) -> None:
    """Give back everything that the booking draws, and close it."""
    for line in booking.lines:
        if line.is_live:
            _release(line, booking, facts, effects)
    _set_state(booking, state, facts, effects)


def _release(line: LineFacts, booking: ExistingBooking, facts: Facts, effects: Effects) -> None:
    take_pools(facts, effects, line.pool_ids, booking.state, -line.quantity)
    for _, person_key, scope in line.places:
        facts.places.discard((person_key, line.on_date, scope))
    if line.card_id is not None and line.entitlement_no is not None:
        effects.spend(line.card_id, line.entitlement_no, -line.quantity)
        card = facts.cards.get(line.card_id)
        if card is not None:
            card.give_back(Use(line.venue_id, line.on_date, line.entitlement_no, line.quantity))
    line.is_live = False
    effects.released.append((booking.id, line.line_no))


def _set_state(booking: ExistingBooking, state: BookingState, facts: Facts, effects: Effects) -> None:
    if (
        booking.state is BookingState.HELD
        and state is not BookingState.HELD
        and booking.holder_id is not None
    ):
        facts.holds[booking.holder_id] = max(0, facts.holds.get(booking.holder_id, 0) - 1)
    booking.state = state
    booking.hold_until = booking.hold_until if state is BookingState.HELD else None
    effects.states.append(StateRow(booking.id, state, booking.hold_until, booking.total_minor))


def _move(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Reschedule lines: the old places are given up only if every new one is had."""
    if booking.state not in _LIVE:
        return _answer(Outcome.WRONG_STATE, booking)
    if any(line.redeemed for line in booking.lines):
        return _answer(Outcome.ALREADY_REDEEMED, booking)
    pending = [move for move in request.moves if not _is_done(booking, move)]
    if not pending:
        effects.replays += 1
        return _answer(Outcome.RESCHEDULED, booking, is_replay=True)
    lines = {line.line_no: line for line in booking.lines if line.is_live}
    numbers = {line_no for line_no, _ in pending}
    if len(numbers) < len(pending) or not numbers <= lines.keys():  # a line is given up once: then it is gone
        return _answer(Outcome.NOT_FOUND, booking)
    moves = [(lines[line_no], slot_id) for line_no, slot_id in pending]
    problem, paid_by = _move_problem(moves, booking, facts)
    if problem is not None:
        return problem
    for line, _ in moves:  # all of them first: lines may change places with each other
        _release(line, booking, facts, effects)
    for (line, slot_id), entitlement_no in zip(moves, paid_by, strict=True):
        new = _move_line(line, facts.slots[slot_id], entitlement_no, booking)
        _draw(new, facts.slots[slot_id], booking, facts, effects)
    booking.total_minor = sum(line.price_minor * line.quantity for line in booking.lines if line.is_live)
    _set_state(booking, booking.state, facts, effects)
    effects.record(
        request.actor, "booking.rescheduled", booking.id, {"moves": [list(move) for move in pending]}
    )
    effects.tell(EventKind.RESCHEDULED, booking.id)
    return _answer(Outcome.RESCHEDULED, booking)


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
    moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts
) -> tuple[Answer | None, list[int | None]]:
    """Why the moves cannot all be made (None: they can), and the entitlement that pays for each new line."""
    if max(line.line_no for line in booking.lines) + len(moves) >= LINE_NUMBERS_MAX:
        return _answer(Outcome.CANCEL_LIMIT, booking, line=moves[0][0].line_no), []
    problems: list[tuple[Outcome, int]] = []
    taken: set[tuple[bytes, date, int]] = set()  # by the moves before this one
    for line, slot_id in moves:
        slot = facts.slots.get(slot_id)
        if slot is None or slot.product_id != facts.slots[line.slot_id].product_id:
            problems.append((Outcome.SLOT_UNKNOWN, line.line_no))
            continue
        outcome = slot_problem(slot, facts.pools, facts.now)
        if outcome is not None:
            problems.append((outcome, line.line_no))
        elif slot.channel_pools and CHANNEL_NAME[booking.channel] not in slot.channel_pools:
            problems.append((Outcome.CHANNEL_CLOSED, line.line_no))
        if booking.state is BookingState.CONFIRMED and not _terms(line, facts)[1].is_allowed:
            problems.append((Outcome.TERMS_FORBID, line.line_no))
        if _is_person_taken(line, slot, moves, facts, taken):
            problems.append((Outcome.PERSON_TWICE, line.line_no))
    if problems:
        outcome, line_no = min(problems)
        return _answer(outcome, booking, line=line_no), []
    paid_by, refusal = _repay(moves, facts)
    if refusal is not None:
        return _answer(refusal[0], booking, line=refusal[1]), []
    full = _full_pool(moves, booking, facts)
    return (_answer(full[0], booking, line=full[1]) if full else None), paid_by


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


def _repay(
    moves: list[tuple[LineFacts, int]], facts: Facts
) -> tuple[list[int | None], tuple[Outcome, int] | None]:
    """Ask each card again, as if the old lines were given back; the card's facts are left as they were."""
    cards = {line.card_id: facts.cards[line.card_id] for line, _ in moves if line.card_id is not None}
    undo = [
        (list(card.uses), {no: pot.used for no, pot in card.entitlements.items()}) for card in cards.values()
    ]
    paid_by: list[int | None] = []
    refusal: tuple[Outcome, int] | None = None
    for line, _ in moves:
        if line.card_id is not None and line.entitlement_no is not None:
            cards[line.card_id].give_back(
                Use(line.venue_id, line.on_date, line.entitlement_no, line.quantity)
            )
    local = facts.local_now
    for line, slot_id in moves:
        if line.card_id is None:
            paid_by.append(None)
            continue
        card, slot = cards[line.card_id], facts.slots[slot_id]
        use = wanted_use(slot, line.quantity, tuple(key for _, key, _ in line.places))
        rules = facts.book.card_types.get(card.type_code)
        if rules is None:
            refusal = (Outcome.CARD_UNKNOWN, line.line_no)
            break
        verdict = decide_use(rules, card, use, facts.book.calendar, local)
        if isinstance(verdict, CardRefusal):
            refusal = (Outcome(int(verdict)), line.line_no)
            break
        card.take(Use(slot.venue_id, slot.on_date, verdict, line.quantity))
        paid_by.append(verdict)
    for card, (uses, used) in zip(cards.values(), undo, strict=True):
        card.uses[:] = uses
        for no, count in used.items():
            card.entitlements[no].used = count
    return paid_by, refusal


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
    )


def _draw(line: LineFacts, slot: SlotFacts, booking: ExistingBooking, facts: Facts, effects: Effects) -> None:
    """Take a new line's places, persons and entitlement, and write it down."""
    take_pools(facts, effects, line.pool_ids, booking.state, line.quantity)
    for visitor_no, person_key, scope in line.places:
        facts.places.add((person_key, line.on_date, scope))
        effects.places.append(PlaceRow(booking.id, line.line_no, visitor_no, person_key, scope, line.on_date))
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
