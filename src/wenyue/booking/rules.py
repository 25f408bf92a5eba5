"""The booking decision: pure, in arrival order, all or nothing per request. This is where "never oversold" is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wenyue.booking.allowance import (
    DESK_CHANNELS,
    Tally,
    account_excess,
    open_line,
    party_excess,
    wanted_by,
)
from wenyue.booking.changes import decide_change
from wenyue.booking.drawing import CHANNEL_NAME, draws, person_scope, slot_problem, take_pools, wanted_use
from wenyue.booking.effects import BookingRow, Effects, LineRow, PlaceRow
from wenyue.booking.facts import Facts
from wenyue.booking.model import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    Outcome,
    SlotFacts,
)
from wenyue.booking.persons import person_problems
from wenyue.cards import CardFacts, CardRefusal, Use, decide_use
from wenyue.kernel.limits import HOLD_TTL_S_MAX, OPEN_HOLDS_PER_HOLDER_MAX
from wenyue.policy import LimitKind, Reached

Request = BookingRequest | ChangeRequest
_FULL: Final = {"session": Outcome.SOLD_OUT, "day": Outcome.DAY_FULL, "channel": Outcome.CHANNEL_FULL}


class Refused(Exception):
    """Carries a refusal out of the checks; never leaves this module."""

    def __init__(
        self,
        outcome: Outcome,
        line: int | None = None,
        visitor: int | None = None,
        at: datetime | None = None,
        *,
        reached: Reached | None = None,
        price_minor: int | None = None,
    ) -> None:
        self.outcome, self.line, self.visitor, self.at = outcome, line, visitor, at
        self.reached, self.price_minor = reached, price_minor


def decide(batch: Sequence[Request], facts: Facts) -> tuple[list[Answer], Effects]:
    """One answer per request, in arrival order, and everything that they write together.

    Each decision sees the ones before it: `facts` is moved forward as places, entitlements and persons are taken.
    """
    effects = Effects(facts.now)
    answers = [
        _refuse_login(request)
        if request.login in facts.ended
        else _decide_book(request, facts, effects)
        if isinstance(request, BookingRequest)
        else decide_change(request, facts, effects)
        for request in batch
    ]
    return answers, effects


def _decide_book(request: BookingRequest, facts: Facts, effects: Effects) -> Answer:
    seen = facts.existing.get(request.id)
    if seen is not None:
        return _replay(request, seen, effects)
    taken: list[tuple[CardFacts, Use]] = []
    try:
        slots = _check_slots(request, facts)
        paid_by = _check_card(request, slots, facts, taken)
        scopes = _check_persons(request, slots, facts)
        _check_prices(request, slots)
        drawn = _check_capacity(request, slots, facts)
    except Refused as no:
        for card, use in taken:
            card.give_back(use)
        return Answer(
            no.outcome,
            request.id,
            line=no.line,
            visitor=no.visitor,
            at=no.at,
            reached=no.reached,
            price_minor=no.price_minor,
        )
    return _accept(request, _Passed(slots, paid_by, scopes, drawn), facts, effects)


def _refuse_login(request: Request) -> Answer:
    """Whoever asked is signed out: not even a replay is answered."""
    is_new = isinstance(request, BookingRequest)
    return Answer(Outcome.LOGIN_ENDED, request.id if is_new else request.booking_id)


def _replay(request: BookingRequest, seen: ExistingBooking, effects: Effects) -> Answer:
    """The same id again: the stored answer. Another body under the same id is named as such, and so is a stranger's id."""
    if seen.body_hash != request.body_hash or seen.holder_id != request.holder_id:
        return Answer(Outcome.ID_REUSED, request.id)
    effects.replays += 1
    outcome = Outcome.HELD if seen.state is BookingState.HELD else Outcome.CONFIRMED
    return Answer(
        outcome,
        request.id,
        is_replay=True,
        hold_until=seen.hold_until,
        total_minor=seen.total_minor,
        currency=seen.currency,
        state=seen.state,
    )


def _check_slots(request: BookingRequest, facts: Facts) -> list[SlotFacts]:
    """Each line's slot exists, is open, released and still on sale, on a channel that it serves."""
    found: list[SlotFacts] = []
    problems: list[tuple[Outcome, int, datetime | None]] = []
    channel = CHANNEL_NAME[request.channel]
    for number, line in enumerate(request.lines):
        slot = facts.slots.get(line.slot_id)
        if slot is None:
            raise Refused(Outcome.SLOT_UNKNOWN, number)
        found.append(slot)
        outcome = slot_problem(slot, facts.pools, facts.now)
        if outcome is not None:
            problems.append((outcome, number, slot.release_at if outcome is Outcome.NOT_RELEASED else None))
        elif slot.channel_pools and channel not in slot.channel_pools:
            problems.append((Outcome.CHANNEL_CLOSED, number, None))
    if problems:
        outcome, number, at = min(problems, key=lambda problem: problem[:2])
        raise Refused(outcome, number, at=at)
    return found


def _check_card(
    request: BookingRequest, slots: list[SlotFacts], facts: Facts, taken: list[tuple[CardFacts, Use]]
) -> list[int | None]:
    """The entitlement that pays for each line (None: paid in money).

    What a line uses is taken at once, so that the lines of one request count together; `taken` lets the caller undo it.
    """
    paid_by: list[int | None] = [None] * len(slots)
    on_card = [number for number, line in enumerate(request.lines) if line.is_on_card]
    if not on_card:
        return paid_by
    card = facts.cards.get(request.card_id) if request.card_id is not None else None
    rules, local = facts.book.card_types.get(card.type_code) if card else None, facts.local_now
    if card is None or rules is None or card.holder_id != request.holder_id:
        raise Refused(Outcome.CARD_UNKNOWN, on_card[0])
    problems: list[tuple[Outcome, int]] = []
    for number in on_card:
        line, slot = request.lines[number], slots[number]
        keys = tuple(request.visitors[index].person_key for index in line.visitors)
        use = wanted_use(slot, line.quantity, keys)
        verdict = decide_use(rules, card, use, facts.book.calendar, local)
        if isinstance(verdict, CardRefusal):
            problems.append((Outcome(int(verdict)), number))
            continue
        paid_by[number] = verdict
        used = Use(slot.venue_id, slot.on_date, verdict, line.quantity)
        card.take(used)
        taken.append((card, used))
    if problems:
        raise Refused(*min(problems))
    return paid_by


def _check_persons(request: BookingRequest, slots: list[SlotFacts], facts: Facts) -> list[int]:
    """Nobody is banned, doubly booked or missing, and the party suits the preset. Returns each line's person scope."""
    scopes = [person_scope(slot) for slot in slots]
    problems = person_problems(request, slots, scopes, facts)
    account = _account_problem(request, slots, facts)
    first = min(problems, key=lambda problem: problem[:2], default=None)
    if account is not None and (first is None or (account.outcome, account.line or 0) <= first[:2]):
        raise account
    if first is not None:
        raise Refused(*first)
    return scopes


def _account_problem(request: BookingRequest, slots: list[SlotFacts], facts: Facts) -> Refused | None:
    """What one account may have: places of a visit or session and day, holds, open places (see `allowance`)."""
    holder_id = request.holder_id
    if holder_id is None:
        return None
    mine = facts.open.get(holder_id)
    lines = request.lines
    is_more = mine or len(lines) > 1 or (lines and lines[0].quantity > 1)
    if is_more and request.channel not in DESK_CHANNELS:
        lines_before = tuple(mine.values()) if mine else ()
        wanted = wanted_by(request, slots, facts, lines_before)
        tally = Tally(lines_before)
        too_many = account_excess(facts.book.limits, tally, [one for _, _, one, _ in wanted])
        party = party_excess(wanted, tally)
        if party is not None:
            return Refused(Outcome.PARTY_SIZE, party[0], reached=party[1])
        if too_many is not None:
            return Refused(Outcome.TOO_MANY_OPEN, reached=too_many)
    holds = facts.holds.get(holder_id, 0)
    if request.is_hold and holds >= OPEN_HOLDS_PER_HOLDER_MAX:
        reached = Reached(LimitKind.HOLDS, OPEN_HOLDS_PER_HOLDER_MAX, holds)
        return Refused(Outcome.TOO_MANY_OPEN, reached=reached)
    return None


def _check_prices(request: BookingRequest, slots: list[SlotFacts]) -> None:
    """Nobody pays another price than the one that was shown."""
    for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
        if not line.is_on_card and line.price_minor is not None and line.price_minor != slot.price_minor:
            raise Refused(Outcome.PRICE_CHANGED, number, price_minor=slot.price_minor)
    if len(set(_currencies(request, slots))) > 1:
        raise Refused(Outcome.CURRENCIES_MIXED)


def _currencies(request: BookingRequest, slots: list[SlotFacts]) -> list[str]:
    """The currencies of the lines that cost money; when none does, the first line's."""
    paid = [slot.currency for line, slot in zip(request.lines, slots, strict=True) if not line.is_on_card]
    return paid or [slots[0].currency]


def _check_capacity(request: BookingRequest, slots: list[SlotFacts], facts: Facts) -> list[tuple[int, ...]]:
    """Every pool has room for all lines together. Returns the pools that each line draws from."""
    drawn = [draws(slot, request.channel) for slot in slots]
    needed: dict[int, tuple[int, int]] = {}  # pool -> (places, first line that needs it)
    for number, line in enumerate(request.lines):
        for pool_id in drawn[number]:
            places, first = needed.get(pool_id, (0, number))
            needed[pool_id] = (places + line.quantity, first)
    problems = [
        (_FULL[facts.pools[pool_id].kind], first)
        for pool_id, (places, first) in needed.items()
        if facts.pools[pool_id].left < places
    ]
    if problems:
        raise Refused(*min(problems))
    return drawn


@dataclass(frozen=True, slots=True)
class _Passed:
    """The results of every check, per line."""

    slots: list[SlotFacts]
    paid_by: list[int | None]
    scopes: list[int]
    drawn: list[tuple[int, ...]]


def _accept(request: BookingRequest, passed: _Passed, facts: Facts, effects: Effects) -> Answer:
    """Write the booking down, and move the facts so that the next decision sees it."""
    state, hold_until = BookingState.CONFIRMED, None
    if request.is_hold:
        state = BookingState.HELD
        hold_until = facts.now + timedelta(seconds=min(request.hold_ttl_s, HOLD_TTL_S_MAX))
    total_minor = sum(
        _write_line(request, number, state, passed, facts=facts, effects=effects)
        for number in range(len(request.lines))
    )
    # A card that pays for no line was not checked, so it is not noted.
    card_id = request.card_id if any(line.is_on_card for line in request.lines) else None
    currency = _currencies(request, passed.slots)[0]
    effects.bookings.append(
        BookingRow(
            request.id,
            request.body_hash,
            state,
            request.channel,
            request.holder_id,
            card_id,
            hold_until,
            total_minor,
            currency,
            request.party,
            request.source,
            request.source_key,
        )
    )
    facts.existing[request.id] = ExistingBooking(
        request.id,
        request.body_hash,
        state,
        request.channel,
        request.holder_id,
        card_id,
        hold_until,
        total_minor,
        currency,
    )
    if request.is_hold and request.holder_id is not None:
        facts.holds[request.holder_id] = facts.holds.get(request.holder_id, 0) + 1
    outcome, kind = (
        (Outcome.HELD, EventKind.HELD) if request.is_hold else (Outcome.CONFIRMED, EventKind.CONFIRMED)
    )
    effects.record(request.actor, "booking.held" if request.is_hold else "booking.confirmed", request.id)
    effects.tell(kind, request.id)
    return Answer(
        outcome, request.id, hold_until=hold_until, total_minor=total_minor, state=state, currency=currency
    )


def _write_line(
    request: BookingRequest,
    number: int,
    state: BookingState,
    passed: _Passed,
    *,
    facts: Facts,
    effects: Effects,
) -> int:
    """One line with its named places, drawn from its pools; what it costs in money."""
    line, slot, scope = request.lines[number], passed.slots[number], passed.scopes[number]
    entitlement_no, drawn = passed.paid_by[number], passed.drawn[number]
    price_minor = 0 if line.is_on_card else slot.price_minor
    effects.lines.append(
        LineRow(
            request.id,
            number,
            slot.id,
            slot.product_id,
            slot.venue_id,
            slot.on_date,
            line.quantity,
            price_minor,
            drawn,
            request.card_id if line.is_on_card else None,
            entitlement_no,
        )
    )
    for index in line.visitors:
        person_key = request.visitors[index].person_key
        number_key = request.visitors[index].number_key
        if number_key is not None and request.channel in DESK_CHANNELS:
            number_key = None
        effects.places.append(
            PlaceRow(request.id, number, index, person_key, scope, slot.on_date, number_key)
        )
        facts.places.add((person_key, slot.on_date, scope))
        if number_key is not None:
            facts.numbers.add((number_key, slot.on_date, scope))
    if request.holder_id is not None and request.holder_id not in facts.once:
        facts.open.setdefault(request.holder_id, {})[request.id, number] = open_line(
            slot, line.quantity, is_named=bool(line.visitors), is_on_card=line.is_on_card
        )
    take_pools(facts, effects, drawn, state, line.quantity)
    if entitlement_no is not None and request.card_id is not None:
        effects.spend(request.card_id, entitlement_no, line.quantity)
    return price_minor * line.quantity
