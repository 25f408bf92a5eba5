"""Deciding changes of existing bookings: confirm, cancel, expire, move, miss. Pure; every change is idempotent."""

from datetime import time

from msgspec.structs import replace

from wenyue.booking.decisions import moves, release
from wenyue.booking.decisions.allocation import take_pools
from wenyue.booking.decisions.disowning import disown
from wenyue.booking.decisions.effects import Effects, ReasonRow
from wenyue.booking.decisions.facts import Facts, account_subject
from wenyue.booking.decisions.missing import miss
from wenyue.booking.decisions.paying import recheck
from wenyue.booking.decisions.striking import note_cancellation
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeKind,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    Outcome,
)
from wenyue.core.clock import at_local
from wenyue.policy import (
    CancelLimitReached,
    CancelLimits,
    LimitKind,
    Reached,
    StrikeKind,
    cancel_limit,
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
            return _cancel(request, booking, facts, effects)
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


def _cancel(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    if booking.state in (BookingState.CANCELLED, BookingState.EXPIRED):
        effects.replays += 1
        return release.answer_of(Outcome.CANCELLED, booking, is_replay=True)
    if booking.state not in release.LIVE:
        return release.answer_of(Outcome.WRONG_STATE, booking)
    if any(line.redeemed for line in booking.lines):
        return release.answer_of(Outcome.ALREADY_REDEEMED, booking)
    strikes: tuple[StrikeKind, ...] = ()
    if not request.is_forced and booking.state is BookingState.CONFIRMED:
        refused = _cancel_problem(booking, facts)
        if refused is not None:
            return refused
        live = [line for line in booking.lines if line.is_live]
        strikes = note_cancellation(live, booking, facts, effects)
    release.end(booking, BookingState.CANCELLED, facts, effects)
    if request.reason:  # what people write goes with the booking: the record forgets nothing
        effects.reasons.append(ReasonRow(booking.id, request.reason))
    said: dict[str, object] | None = {"has_reason": True} if request.reason else None
    effects.record(request.actor, "booking.cancelled", booking.id, said)
    effects.append_event(EventKind.CANCELLED, booking.id)
    return replace(release.answer_of(Outcome.CANCELLED, booking), strikes=strikes)


def _cancel_problem(booking: ExistingBooking, facts: Facts) -> Answer | None:
    """The strictest line decides: one that can no longer be given back keeps the whole booking."""
    for line in booking.lines:
        if line.is_live:
            slot, terms = release.terms_of(line, facts)
            if not terms.is_allowed:
                return release.answer_of(Outcome.TERMS_FORBID, booking, line=line.line_no)
            limits = facts.book.presets[slot.policy_code].cancel_limits
            reached = _limit_of(booking, limits, slot.policy_code, facts)
            if reached is not None:
                return _limited(booking, reached, facts, line=line.line_no)
    reached = _limit_of(booking, facts.book.limits.cancels, None, facts)
    return _limited(booking, reached, facts) if reached is not None else None


def _limit_of(
    booking: ExistingBooking, limits: CancelLimits | None, policy_code: str | None, facts: Facts
) -> CancelLimitReached | None:
    """The limit that the account's cancellations reached: under one preset, or (None) all of them."""
    if booking.holder_id is None:
        return None
    stored = facts.cancels.get(account_subject(booking.holder_id), [])
    days = [on_date for code, on_date in stored if policy_code in (None, code)]
    return cancel_limit(limits, days, facts.local_now.date())


def _limited(
    booking: ExistingBooking, limit: CancelLimitReached, facts: Facts, *, line: int | None = None
) -> Answer:
    answer = release.answer_of(Outcome.CANCEL_LIMIT, booking, line=line)
    return replace(
        answer,
        at=at_local(limit.until, time(0), facts.book.timezone),
        reached=Reached(LimitKind[f"CANCELS_{limit.period.upper()}"], limit.most, limit.used),
    )
