"""Cancelling: a whole booking, some of its lines, or some people's places in them. Pure, idempotent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time

from msgspec.structs import replace

from wenyue.booking.decisions import release
from wenyue.booking.decisions.effects import Effects, ReasonRow
from wenyue.booking.decisions.facts import Facts, account_subject
from wenyue.booking.decisions.parting import minors_parted
from wenyue.booking.decisions.striking import note_cancellation
from wenyue.booking.model import (
    Answer,
    BookingState,
    ChangeRequest,
    EventKind,
    ExistingBooking,
    LineFacts,
    Outcome,
)
from wenyue.core.clock import at_local
from wenyue.policy import CancelLimitReached, CancelLimits, LimitKind, Reached, StrikeKind, cancel_limit


def cancel(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Give back the whole booking, or what `request.lines` and `request.visitors` name of it.

    CANCELLED: it is given back, or was before; the answer's state says whether the rest of the booking stands.
    """
    is_part = request.lines or request.visitors
    if is_part and booking.state in release.LIVE:
        part = _Part.of(request, booking)
        if part is None or part.is_empty or not part.is_all_of(booking):
            return _cancel_part(request, booking, facts, effects)
    return _cancel_all(request, booking, facts, effects)


def _cancel_all(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    if booking.state in (BookingState.CANCELLED, BookingState.EXPIRED):
        effects.replays += 1
        return release.answer_of(Outcome.CANCELLED, booking, is_replay=True)
    if booking.state not in release.LIVE:
        return release.answer_of(Outcome.WRONG_STATE, booking)
    if any(line.redeemed for line in booking.lines):
        return release.answer_of(Outcome.ALREADY_REDEEMED, booking)
    strikes: tuple[StrikeKind, ...] = ()
    if not request.is_forced and booking.state is BookingState.CONFIRMED:
        live = [line for line in booking.lines if line.is_live]
        refused = _cancel_problem(live, booking, facts)
        if refused is not None:
            return refused
        strikes = note_cancellation(live, booking, facts, effects)
    release.end(booking, BookingState.CANCELLED, facts, effects)
    if request.reason:  # what people write goes with the booking: the record forgets nothing
        effects.reasons.append(ReasonRow(booking.id, request.reason))
    said: dict[str, object] | None = {"has_reason": True} if request.reason else None
    effects.record(request.actor, "booking.cancelled", booking.id, said)
    effects.append_event(EventKind.CANCELLED, booking.id)
    return replace(release.answer_of(Outcome.CANCELLED, booking), strikes=strikes)


def _cancel_part(request: ChangeRequest, booking: ExistingBooking, facts: Facts, effects: Effects) -> Answer:
    """Give back some lines, or some people's places in them; the rest of the booking stays as it is.

    Judged as a cancellation of these lines alone. A line of which somebody stays is not given back: nothing is noted against
    anybody for it, but the account's cancellations count it, or places could be taken and given back all day.
    """
    taken = _Part.of(request, booking)
    if taken is None:
        live = tuple(line.line_no for line in booking.lines if line.is_live)
        return replace(release.answer_of(Outcome.LINE_UNKNOWN, booking), lines=live)
    if taken.is_empty:
        effects.replays += 1
        return release.answer_of(Outcome.CANCELLED, booking, is_replay=True)
    if taken.has_come:
        return release.answer_of(Outcome.ALREADY_REDEEMED, booking)
    parted = [line for line, _ in taken.places]
    alone = minors_parted(parted, request.visitors, request.births, booking, facts, go_together=False)
    if alone is not None:
        return alone
    strikes: tuple[StrikeKind, ...] = ()
    if booking.state is BookingState.CONFIRMED and not request.is_forced:
        refused = _cancel_problem(taken.lines, booking, facts)
        if refused is not None:
            return refused
        strikes = note_cancellation(taken.whole, booking, facts, effects)
    for line, places in taken.places:
        for place in places:
            release.take_out(line, place, booking, facts, effects, is_disowned=False)
    for line in taken.whole:
        release.release(line, booking, facts, effects)
    booking.total_minor = sum(line.price_minor * line.quantity for line in booking.lines if line.is_live)
    release.set_state(booking, booking.state, facts, effects)
    detail: dict[str, object] = {"lines": [line.line_no for line in taken.lines]}
    if request.visitors:
        detail["visitors"] = list(request.visitors)
    if request.reason:
        effects.reasons.append(ReasonRow(booking.id, request.reason))
        detail["has_reason"] = True
    effects.record(request.actor, "booking.reduced", booking.id, detail)
    effects.append_event(EventKind.REDUCED, booking.id)
    return replace(release.answer_of(Outcome.CANCELLED, booking), strikes=strikes)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a request gives back of a booking: lines that go whole, and places out of lines that stay."""

    whole: list[LineFacts]
    places: list[tuple[LineFacts, list[tuple[int, bytes, int]]]]

    @classmethod
    def of(cls, request: ChangeRequest, booking: ExistingBooking) -> "_Part | None":
        """None: it names a line that the booking never had. What is given back already is left out."""
        if not set(request.lines) <= {line.line_no for line in booking.lines}:
            return None
        asked = [
            line
            for line in booking.lines
            if line.is_live and (not request.lines or line.line_no in request.lines)
        ]
        if not request.visitors:
            return cls(asked, [])
        found = [(line, [one for one in line.places if one[0] in request.visitors]) for line in asked]
        return cls(
            [line for line, places in found if len(places) == line.quantity],
            [(line, places) for line, places in found if places and len(places) < line.quantity],
        )

    @property
    def lines(self) -> list[LineFacts]:
        """Every line that is touched, in the booking's order: the first that cannot be given back is named."""
        return sorted([*self.whole, *(line for line, _ in self.places)], key=lambda line: line.line_no)

    @property
    def is_empty(self) -> bool:
        """Nothing of it is there any more."""
        return not self.whole and not self.places

    @property
    def has_come(self) -> bool:
        """Somebody who would lose a place went in on it."""
        return any(line.redeemed for line in self.whole) or any(
            place[0] in line.came for line, places in self.places for place in places
        )

    def is_all_of(self, booking: ExistingBooking) -> bool:
        """Nothing of the booking would be left."""
        return not self.places and len(self.whole) == sum(line.is_live for line in booking.lines)


def _cancel_problem(lines: Iterable[LineFacts], booking: ExistingBooking, facts: Facts) -> Answer | None:
    """The strictest line decides: one that can no longer be given back keeps all of them."""
    for line in lines:
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
