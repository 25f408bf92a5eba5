"""Why lines cannot be moved to other slots: looks, and changes nothing. Pure."""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta

from msgspec.structs import replace

from wenyue.booking.decisions import release
from wenyue.booking.decisions.allocation import CHANNEL_NAME, draws, person_scope, slot_problem
from wenyue.booking.decisions.allowance import (
    DESK_CHANNELS,
    Exemption,
    Tally,
    Wanted,
    account_excess,
    open_line,
    party_excess,
)
from wenyue.booking.decisions.facts import Facts, account_subject
from wenyue.booking.decisions.paying import repay
from wenyue.booking.decisions.persons import bans_in_force
from wenyue.booking.model import (
    Answer,
    BookingState,
    ExistingBooking,
    LineFacts,
    OpenLine,
    Outcome,
    SlotFacts,
)
from wenyue.core.clock import at_local
from wenyue.core.limits import LINE_NUMBERS_MAX, LINES_MAX, MOVES_OF_BOOKING_MAX
from wenyue.policy import LimitKind, Reached

_Problem = tuple[Outcome, int, datetime | None]  # …, line, until
_Spot = tuple[bytes, date, int]  # a person or the number of a document, day, scope


def move_problem(
    moves: list[tuple[LineFacts, int]], prices: dict[int, int], booking: ExistingBooking, facts: Facts
) -> tuple[Answer | None, list[int | None]]:
    """Why the moves cannot all be made (None: they can), and the entitlement that pays for each new line."""
    problem = _moved_too_often(moves, booking) or _first_of(_place_problems(moves, booking, facts), booking)
    problem = problem or _too_many(moves, booking, facts)
    if problem is not None:
        return problem, []
    paid_by, refusal = repay(moves, facts)
    if refusal is not None:
        return release.answer_of(refusal[0], booking, line=refusal[1]), []
    problem = _price_problem(moves, prices, booking, facts) or _full_pool(moves, booking, facts)
    # Last of all: whoever asks with something else wrong on purpose learns nothing of the people, as with a booking.
    return problem or _first_of(_person_problems(moves, facts), booking), paid_by


def _first_of(problems: list[_Problem], booking: ExistingBooking) -> Answer | None:
    if not problems:
        return None
    outcome, line_no, at = min(problems, key=_precedence)
    return replace(release.answer_of(outcome, booking, line=line_no), at=at)


def _precedence(problem: _Problem) -> tuple[Outcome, int]:
    return problem[:2]


def _moved_too_often(moves: list[tuple[LineFacts, int]], booking: ExistingBooking) -> Answer | None:
    """Nobody moves one booking again and again: its lines that were given up, and are not deleted, say how often it was moved."""
    line_no = moves[0][0].line_no
    live = sum(line.is_live for line in booking.lines) + sum(bool(line.staying) for line, _ in moves)
    if max(line.line_no for line in booking.lines) + len(moves) >= LINE_NUMBERS_MAX or live > LINES_MAX:
        return release.answer_of(Outcome.CANCEL_LIMIT, booking, line=line_no)
    if not is_moved_by_account(booking):
        return None
    gone = sum(not line.is_live for line in booking.lines)
    live = len(booking.lines) - gone
    if gone + len(moves) <= MOVES_OF_BOOKING_MAX * live:
        return None
    answer = release.answer_of(Outcome.MOVE_LIMIT, booking, line=line_no)
    return replace(answer, reached=Reached(LimitKind.MOVES, MOVES_OF_BOOKING_MAX, gone // live))


def is_moved_by_account(booking: ExistingBooking) -> bool:
    """Whether moves of this booking count for the account that has it: at a desk somebody sees who asks."""
    return booking.holder_id is not None and booking.channel not in DESK_CHANNELS


def moves_of_day(booking: ExistingBooking, facts: Facts) -> Answer | None:
    """Nobody churns places by moving many bookings, any more than by cancelling them: an account moves so often a day."""
    if booking.holder_id is None or not is_moved_by_account(booking):
        return None
    made, most = facts.moved.get(booking.holder_id, 0), facts.book.limits.moves_day
    if made < most:
        return None
    tomorrow = facts.local_now.date() + timedelta(days=1)
    answer = release.answer_of(Outcome.MOVE_LIMIT, booking)
    until = at_local(tomorrow, time(0), facts.book.timezone)
    return replace(answer, at=until, reached=Reached(LimitKind.MOVES_DAY, most, made))


def _place_problems(
    moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts
) -> list[_Problem]:
    """What speaks against where the lines go, when they leave, and the account."""
    problems: list[_Problem] = []
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
        if booking.state is BookingState.CONFIRMED and not release.terms_of(line, facts)[1].is_allowed:
            problems.append((Outcome.TERMS_FORBID, line.line_no, None))
        if facts.bans and booking.holder_id is not None:
            bans = bans_in_force(account_subject(booking.holder_id), slot, facts)
            problems += [(Outcome.ACCOUNT_BANNED, line.line_no, until) for until in bans]
    return problems


def _person_problems(moves: list[tuple[LineFacts, int]], facts: Facts) -> list[_Problem]:
    """What is known of the lines' people and speaks against them."""
    problems: list[_Problem] = []
    taken: set[_Spot] = set()  # by the moves before this one
    for line, slot_id in moves:
        slot = facts.slots[slot_id]
        for _, person_key, _ in line.places if facts.bans else ():
            bans = bans_in_force(person_key, slot, facts)
            problems += [(Outcome.PERSON_BANNED, line.line_no, until) for until in bans]
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
            answer = release.answer_of(Outcome.PRICE_CHANGED, booking, line=line.line_no)
            return replace(answer, price_minor=slot.price_minor)
        if slot.price_minor and slot.currency != booking.currency:
            return release.answer_of(Outcome.CURRENCIES_MIXED, booking, line=line.line_no)
    return None


def _is_person_taken(
    line: LineFacts,
    slot: SlotFacts,
    moves: list[tuple[LineFacts, int]],
    facts: Facts,
    taken: set[_Spot],
) -> bool:
    """A person of the line has another place in the new scope that these moves do not give up, or take themselves."""
    given_up = {(key, moved.on_date, scope) for moved, _ in moves for _, key, scope in moved.places}
    wanted = {(key, slot.on_date, person_scope(slot)) for _, key, _ in line.places}
    return _is_taken(wanted, facts.places, given_up, taken)


def _is_number_taken(
    line: LineFacts,
    slot: SlotFacts,
    moves: list[tuple[LineFacts, int]],
    facts: Facts,
    taken: set[_Spot],
) -> bool:
    """The same of the numbers of the line's documents, under another kind or nationality."""
    given_up = {
        (moved.numbers.get(visitor_no), moved.on_date, scope)
        for moved, _ in moves
        for visitor_no, _, scope in moved.places
    }
    wanted = {(number, slot.on_date, person_scope(slot)) for number in line.numbers.values()}
    return _is_taken(wanted, facts.numbers, given_up, taken)


def _is_taken(
    wanted: set[_Spot], there: AbstractSet[_Spot], given_up: AbstractSet[object], taken: set[_Spot]
) -> bool:
    """One of `wanted` is `there` already and not `given_up`, or `taken` by the moves before; these take all of them."""
    is_taken = not wanted.isdisjoint(taken) or any(spot in there and spot not in given_up for spot in wanted)
    taken |= wanted
    return is_taken


def _too_many(moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts) -> Answer | None:
    """The first move that brings more of the account's people together than the preset allows, or more than it may have.

    What the account has already is no reason to refuse: only a count that a move makes larger can be too large.
    """
    if booking.holder_id is None or booking.channel in DESK_CHANNELS:
        return None
    moved = {(booking.id, line.line_no): line.staying for line, _ in moves}
    mine = facts.open.get(booking.holder_id, {})
    staying = [
        replace(one, quantity=moved[key]) if moved.get(key) else one
        for key, one in mine.items()
        if moved.get(key, one.quantity)
    ]
    stays, before = Tally(staying), Tally(mine.values())
    wanted = _wanted_by(moves, staying, facts)
    account = account_excess(facts.book.limits, stays, [one for _, _, one, _ in wanted], before)
    party = party_excess(wanted, stays, before)
    if party is not None:
        answer = release.answer_of(Outcome.PARTY_SIZE, booking, line=moves[party[0]][0].line_no)
        return replace(answer, reached=party[1])
    return replace(release.answer_of(Outcome.TOO_MANY_OPEN, booking), reached=account) if account else None


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
        wanted.append((slot, preset, open_line_of(line, slot), line.quantity - exempt))
    return wanted


def _visit(slot: SlotFacts) -> tuple[int, date] | int:
    return (slot.venue_id, slot.on_date) if slot.person_rule == "venue_day" else slot.id


def open_line_of(line: LineFacts, slot: SlotFacts) -> OpenLine:
    """The line as its account has it when it is in `slot`."""
    return open_line(slot, line.quantity, is_named=bool(line.places), is_on_card=line.card_id is not None)


def _full_pool(moves: list[tuple[LineFacts, int]], booking: ExistingBooking, facts: Facts) -> Answer | None:
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
    return release.answer_of(min(found), booking, line=moves[0][0].line_no) if found else None
