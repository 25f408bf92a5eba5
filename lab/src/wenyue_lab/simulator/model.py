"""The naive model: what the answers should be, and what the state becomes.

Written from the contract, not from the engine; shares only the names of requests, answers and outcomes with the booking
slice. Every answer is decided by recounting everything (`fixtures`) and by what speaks against it (`objections`).
"""

import dataclasses
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from wenyue.booking import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Outcome,
    WantedLine,
)
from wenyue_lab.simulator.dataset import DESKS, LIVE, Booking, Dataset, Line
from wenyue_lab.simulator.move_objections import day_refusal, move_refusal, wear_refusal
from wenyue_lab.simulator.objections import (
    account_problem,
    booking_problems,
    cancel_refusal,
    confirm_refusal,
    may_cancel,
    today_of,
)

HOLD_S_MAX = 3600
Request = BookingRequest | ChangeRequest


class Naive(Dataset):
    """The state that answers."""

    def answer(self, request: Request, now: datetime) -> Answer:
        """What the engine should say, and the state afterwards."""
        if isinstance(request, BookingRequest):
            return self._book(request, now)
        return self._change(request, now)

    def _book(self, request: BookingRequest, now: datetime) -> Answer:
        known = self.bookings.get(request.id)
        if known is not None:
            if (known.body, known.holder) != (request.body_hash, request.holder_id):
                return Answer(Outcome.ID_REUSED, request.id)
            outcome = Outcome.HELD if known.state is BookingState.HELD else Outcome.CONFIRMED
            return Answer(
                outcome,
                request.id,
                is_replay=True,
                hold_until=known.hold_until,
                total_minor=known.total,
                state=known.state,
            )
        problems = booking_problems(self, request, now)
        is_known = all(line.slot_id in self.slots for line in request.lines)
        account = account_problem(self, request, now) if is_known else None
        if account is not None:
            outcome, line, reached = account
            if not problems or (outcome, line or 0) <= _first_of(problems):
                return Answer(outcome, request.id, line=line, reached=reached)
        if problems:
            outcome, line, visitor = min(problems, key=lambda one: one[:2])
            slot = self.slots.get(request.lines[line].slot_id) if line is not None else None
            at = slot.release if outcome is Outcome.NOT_RELEASED and slot else None
            price = slot.price if outcome is Outcome.PRICE_CHANGED and slot else None
            return Answer(outcome, request.id, line=line, visitor=visitor, at=at, price_minor=price)
        lines = [self._line(request, number, wanted) for number, wanted in enumerate(request.lines)]
        state = BookingState.HELD if request.is_hold else BookingState.CONFIRMED
        until = now + timedelta(seconds=min(request.hold_ttl_s, HOLD_S_MAX)) if request.is_hold else None
        total = sum(line.price * line.quantity for line in lines)
        self.bookings[request.id] = Booking(
            request.id, request.body_hash, state, request.channel.name.lower(), request.holder_id,
            request.card_id, until, total, lines,
        )  # fmt: skip
        outcome = Outcome.HELD if request.is_hold else Outcome.CONFIRMED
        return Answer(outcome, request.id, hold_until=until, total_minor=total, state=state)

    def _line(self, request: BookingRequest, number: int, wanted: WantedLine) -> Line:
        slot = self.slots[wanted.slot_id]
        persons = tuple(request.visitors[index].person_key for index in wanted.visitors)
        price = 0 if wanted.is_on_card else slot.price
        return Line(number, slot, wanted.quantity, persons, wanted.is_on_card, price)

    # -------------------------------------------------------------------------------------------- changing

    def _change(self, request: ChangeRequest, now: datetime) -> Answer:
        booking = self.bookings.get(request.booking_id)
        if booking is None or (request.holder_id is not None and booking.holder != request.holder_id):
            return Answer(Outcome.NOT_FOUND, request.booking_id)
        if (
            booking.state is BookingState.HELD
            and booking.hold_until is not None
            and now >= booking.hold_until
        ):
            self._end(booking, BookingState.EXPIRED)
        match request.kind:
            case ChangeKind.CONFIRM:
                return self._confirm(booking)
            case ChangeKind.CANCEL:
                return self._cancel(booking, request, now)
            case ChangeKind.MOVE:
                return self._move(booking, request, now)
            case ChangeKind.EXPIRE:
                is_over = booking.state is BookingState.EXPIRED
                answer = _told(Outcome.CANCELLED if is_over else Outcome.WRONG_STATE, booking)
            case ChangeKind.DISOWN:
                answer = self._disown(booking, request.person_key, request.slot_id, now)
            case ChangeKind.NO_SHOW:  # the simulator's days never end
                answer = _told(Outcome.WRONG_STATE, booking)
        return answer

    def _disown(self, booking: Booking, person: bytes, slot_id: int, now: datetime) -> Answer:
        """One person's places of a session go, and nobody else's."""
        found = [line for line in booking.live if line.slot.id == slot_id and person in line.present]
        if not found:
            return _told(Outcome.CANCELLED, booking, is_replay=True)
        if booking.holder is not None and self.own.get(booking.holder) == person:
            return _told(Outcome.WRONG_STATE, booking)
        numbers = [line.persons.index(person) for line in found]
        if any(number in line.scans for line, number in zip(found, numbers, strict=True)):
            return _told(Outcome.ALREADY_REDEEMED, booking)
        for line, number in zip(found, numbers, strict=True):
            line.quantity -= 1
            line.disowned.add(number)
            line.gone = line.quantity == 0
        self.follow_targets()
        booking.total = sum(line.price * line.quantity for line in booking.live)
        if not booking.live:
            if booking.state is BookingState.CONFIRMED and booking.holder is not None:
                self.cancels.add((booking.holder, today_of(now), booking.id))
            self._end(booking, BookingState.CANCELLED)
        return _told(Outcome.CANCELLED, booking)

    def _end(self, booking: Booking, state: BookingState) -> None:
        booking.state, booking.hold_until = state, None
        for line in booking.lines:
            line.gone = True
        self.follow_targets()

    def _confirm(self, booking: Booking) -> Answer:
        if booking.state is BookingState.CONFIRMED:
            return _told(Outcome.CONFIRMED, booking, is_replay=True)
        if booking.state is not BookingState.HELD:
            return _told(Outcome.WRONG_STATE, booking)
        refused = confirm_refusal(self, booking)
        if refused is not None:
            return _told(refused[0], booking, line=refused[1])
        booking.state, booking.hold_until = BookingState.CONFIRMED, None
        return _told(Outcome.CONFIRMED, booking)

    def _cancel(self, booking: Booking, request: ChangeRequest, now: datetime) -> Answer:
        """All of it, some lines, or some people of some lines."""
        if booking.state in (BookingState.CANCELLED, BookingState.EXPIRED):
            return _told(Outcome.CANCELLED, booking, is_replay=True)
        if not set(request.lines) <= {line.no for line in booking.lines}:
            return replace(
                _told(Outcome.LINE_UNKNOWN, booking), lines=tuple(line.no for line in booking.live)
            )
        asked = [line for line in booking.live if not request.lines or line.no in request.lines]
        leaving = [(line, self._leaving(line, request.visitors)) for line in asked]
        leaving = [(line, places) for line, places in leaving if places]
        if not leaving:
            return _told(Outcome.CANCELLED, booking, is_replay=True)
        is_all = sum(len(places) for _, places in leaving) == sum(line.quantity for line in booking.live)
        refused = self._cancel_refused(booking, leaving, request, now, is_all=is_all)
        if refused is not None:
            return refused
        if is_all:
            self._end(booking, BookingState.CANCELLED)
            return _told(Outcome.CANCELLED, booking)
        for line, places in leaving:
            line.gone = len(places) == line.quantity
            if not line.gone:
                line.quantity -= len(places)
                line.disowned |= places
        self.follow_targets()
        booking.total = sum(line.price * line.quantity for line in booking.live)
        return _told(Outcome.CANCELLED, booking)

    def _cancel_refused(
        self,
        booking: Booking,
        leaving: list[tuple[Line, set[int]]],
        request: ChangeRequest,
        now: datetime,
        *,
        is_all: bool,
    ) -> Answer | None:
        """Why these places cannot be given back; None notes the cancellation."""
        came = booking.lines if is_all else [line for line, places in leaving if len(places) == line.quantity]
        if any(line.scans for line in came) or any(line.scans & places for line, places in leaving):
            return _told(Outcome.ALREADY_REDEEMED, booking)
        if booking.state is BookingState.CONFIRMED and not request.is_forced:
            late = [line.no for line, _ in leaving if not may_cancel(line.slot, now)]
            if late:
                return _told(Outcome.TERMS_FORBID, booking, line=late[0])
            if booking.holder is not None:
                refused = cancel_refusal(self, booking.holder, now)
                if refused is not None:
                    told = _told(Outcome.CANCEL_LIMIT, booking)
                    return replace(told, at=refused[0], reached=refused[1])
                self.cancels.add((booking.holder, today_of(now), booking.id))
        return None

    @staticmethod
    def _leaving(line: Line, visitors: tuple[int, ...]) -> set[int]:
        """The places of a live line that are given back: of unnamed visitors all, by number."""
        if not visitors:
            return set(range(line.quantity)) if not line.persons else line.here
        return line.here & set(visitors)

    def _move(self, booking: Booking, request: ChangeRequest, now: datetime) -> Answer:
        if booking.state not in LIVE:
            return _told(Outcome.WRONG_STATE, booking)
        pending = [move for move in request.moves if not self._was_made(booking, *move, request.visitors)]
        if not pending:
            return _told(Outcome.RESCHEDULED, booking, is_replay=True)
        lines = {line.no: line for line in booking.live}
        numbers = [no for no, _ in pending]
        if len(set(numbers)) < len(numbers) or not set(numbers) <= lines.keys():
            return replace(_told(Outcome.LINE_UNKNOWN, booking), lines=tuple(sorted(lines)))
        if request.visitors and not all(lines[no].here & set(request.visitors) for no in numbers):
            return replace(_told(Outcome.LINE_UNKNOWN, booking), lines=tuple(sorted(lines)))
        before = [(line, line.quantity, set(line.disowned)) for line in booking.lines]
        wanted = [(_split(booking, lines[no], request.visitors), slot_id) for no, slot_id in pending]
        answer = self._move_wanted(booking, request, wanted, now)
        # A part of a line was a line of its own only to be judged.
        booking.lines = [one for one in booking.lines if one.no not in numbers or one is lines[one.no]]
        if not answer.outcome.is_success:
            for line, quantity, disowned in before:
                line.quantity, line.disowned = quantity, disowned
        return answer

    def _move_wanted(
        self, booking: Booking, request: ChangeRequest, wanted: list[tuple[Line, int]], now: datetime
    ) -> Answer:
        if any(old.scans for old, _ in wanted):
            return _told(Outcome.ALREADY_REDEEMED, booking)
        had = {old.no: old.price for old, _ in wanted} if request.holder_id is not None else {}
        often = None if request.is_forced else day_refusal(self, booking, now)
        refused = (Outcome.MOVE_LIMIT, None, often[1]) if often is not None else wear_refusal(booking, wanted)
        refused = refused or move_refusal(self, booking, wanted, had | dict(request.prices), now)
        if refused is not None:
            outcome, no, reached = refused
            is_price = outcome is Outcome.PRICE_CHANGED
            price = next(self.slots[to].price for old, to in wanted if old.no == no) if is_price else None
            at = often[0] if often is not None else None
            return replace(_told(outcome, booking, line=no), at=at, reached=reached, price_minor=price)
        if booking.holder is not None and booking.channel not in DESKS and not request.is_forced:
            self.moves.append((booking.holder, today_of(now)))
        for old, _ in wanted:
            old.gone = True
        self.follow_targets()
        for old, slot_id in wanted:
            slot = self.slots[slot_id]
            price = 0 if old.is_on_card else slot.price
            no = max(line.no for line in booking.lines) + 1
            new = Line(no, slot, old.quantity, old.persons, old.is_on_card, price)
            new.disowned = set(old.disowned)
            booking.lines.append(new)
        booking.total = sum(line.price * line.quantity for line in booking.live)
        return _told(Outcome.RESCHEDULED, booking)

    @staticmethod
    def _was_made(booking: Booking, no: int, slot_id: int, visitors: tuple[int, ...]) -> bool:
        line = next((line for line in booking.lines if line.no == no), None)
        if line is None:
            return False
        if not line.gone and line.slot.id == slot_id:
            return True
        there = [one for one in booking.live if one.slot.id == slot_id]
        if not visitors:
            return line.gone and bool(there)
        who = set(visitors)
        return (line.gone or not line.here & who) and any(one.here & who for one in there)

    # -------------------------------------------------------------------------------------------- the gate

    def can_redeem(self, booking_id: UUID, line_no: int, visitor: int) -> bool | None:
        """None: nothing to redeem; otherwise whether this is the first time. Notes the redemption."""
        booking = self.bookings.get(booking_id)
        if booking is None or booking.state is not BookingState.CONFIRMED:
            return None
        line = next((line for line in booking.live if line.no == line_no), None)
        if line is None or visitor >= (len(line.persons) or 1) or visitor in line.disowned:
            return None
        is_first = visitor not in line.scans
        line.scans.add(visitor)
        return is_first


def _split(booking: Booking, line: Line, visitors: tuple[int, ...]) -> Line:
    """The line, or a line of these visitors beside it, without them, when others stay."""
    moving = line.here & set(visitors)
    if not visitors or moving == line.here:
        return line
    others = set(range(len(line.persons))) - moving
    part = dataclasses.replace(line, quantity=len(moving), disowned=others, scans=line.scans & moving)
    line.quantity -= len(moving)
    line.disowned |= moving
    booking.lines.insert(booking.lines.index(line), part)
    return part


def _first_of(problems: Sequence[tuple[Outcome, int | None, int | None]]) -> tuple[Outcome, int]:
    outcome, line, _ = min(problems, key=lambda one: (one[0], one[1] or 0))
    return outcome, line or 0


def _told(outcome: Outcome, booking: Booking, *, is_replay: bool = False, line: int | None = None) -> Answer:
    return Answer(
        outcome,
        booking.id,
        is_replay=is_replay,
        line=line,
        hold_until=booking.hold_until,
        total_minor=booking.total,
        state=booking.state,
    )
