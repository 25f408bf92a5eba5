"""The booking decision: pure, in arrival order, all or nothing per request. This is where "never oversold" is decided."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from wenyue.booking.decisions.accepting import Passed, accept, currencies
from wenyue.booking.decisions.allocation import CHANNEL_NAME, draws, person_scope, slot_problem, wanted_use
from wenyue.booking.decisions.allowance import DESK_CHANNELS, Tally, account_excess, party_excess, wanted_by
from wenyue.booking.decisions.changes import decide_change
from wenyue.booking.decisions.effects import Effects
from wenyue.booking.decisions.facts import Facts
from wenyue.booking.decisions.persons import PersonProblem, party_problems, person_problems
from wenyue.booking.model import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeRequest,
    ExistingBooking,
    Outcome,
    SlotFacts,
)
from wenyue.cards import CardFacts, CardRefusal, Use, decide_use
from wenyue.core.limits import OPEN_HOLDS_PER_HOLDER_MAX
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
        _check_prices(request, slots)
        paid_by = _check_card(request, slots, facts, taken)
        scopes = _check_party(request, slots, facts)
        drawn = _check_capacity(request, slots, facts)
        _check_persons(request, slots, scopes, facts)
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
    return accept(request, Passed(slots, paid_by, scopes, drawn), facts, effects)


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


def _check_party(request: BookingRequest, slots: list[SlotFacts], facts: Facts) -> list[int]:
    """Nobody is named twice or missing, the party suits the preset, and the account may have it. Returns each line's scope.

    Only what the request and its account say counts here, nothing that is known of its people.
    """
    scopes = [person_scope(slot) for slot in slots]
    problems = party_problems(request, slots, scopes, facts)
    account = _account_problem(request, slots, facts)
    first = min(problems, key=_precedence, default=None)
    if account is not None and (first is None or (account.outcome, account.line or 0) <= first[:2]):
        raise account
    if first is not None:
        raise Refused(*first)
    return scopes


def _check_persons(request: BookingRequest, slots: list[SlotFacts], scopes: list[int], facts: Facts) -> None:
    """Nobody is banned, booked already, or known by another name.

    Last of all: else whoever asks with something else wrong on purpose would learn where somebody goes, and book nothing.
    """
    problems = person_problems(request, slots, scopes, facts)
    if problems:
        raise Refused(*min(problems, key=_precedence))


def _precedence(problem: PersonProblem) -> tuple[Outcome, int]:
    return problem[:2]


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
    if len(set(currencies(request, slots))) > 1:
        raise Refused(Outcome.CURRENCIES_MIXED)


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
