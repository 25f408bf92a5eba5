"""The naive model: what the answers should be, by recounting everything from the list of bookings every time.

Written from the contract, not from the engine: it keeps no counters, no locks and no caches, and shares only the
names of requests, answers and outcomes with the booking slice. Slow and obvious on purpose.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from wenyue.booking import (
    Answer,
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Outcome,
    WantedLine,
)

HOLDS_MAX = 5  # unpaid holds of one holder
HOLD_S_MAX = 3600
LIVE = (BookingState.HELD, BookingState.CONFIRMED)
Request = BookingRequest | ChangeRequest


@dataclass
class Slot:
    """A session as the venue sees it. Pools are only names here: who draws from what."""

    id: int
    product: int
    venue: int
    day: date
    starts: datetime
    release: datetime
    closes: datetime
    price: int
    own: int
    day_pool: int | None
    reserves: dict[str, int]
    is_per_venue_day: bool
    is_named: bool
    is_on_cards: bool
    party_max: int
    cancel_until_s: int  # so long before the start
    is_open: bool = True

    @property
    def scope(self) -> int:
        """What one person may have once a day."""
        return self.venue if self.is_per_venue_day else -self.id


@dataclass
class Card:
    """So many entries in all, so many a day, or none while it is frozen."""

    id: int
    holder: int
    granted: int
    day_max: int
    party_max: int
    is_frozen: bool = False


@dataclass
class Line:
    """So many places in a slot, for these persons; `gone` once given back."""

    no: int
    slot: Slot
    quantity: int
    persons: tuple[bytes, ...]
    is_on_card: bool
    price: int
    gone: bool = False
    scans: set[int] = field(default_factory=set[int])  # visitor numbers that were let in


@dataclass
class Booking:
    """One acknowledged booking."""

    id: UUID
    body: bytes
    state: BookingState
    channel: str
    holder: int | None
    card: int | None
    hold_until: datetime | None
    total: int
    lines: list[Line]

    @property
    def live(self) -> list[Line]:
        """The lines that still draw places."""
        return [line for line in self.lines if not line.gone] if self.state in LIVE else []


class Naive:
    """The whole world in lists."""

    def __init__(self) -> None:
        self.slots: dict[int, Slot] = {}
        self.capacity: dict[int, int] = {}
        self.full: dict[int, Outcome] = {}  # pool -> what to answer when it is full
        self.cards: dict[int, Card] = {}
        self.bookings: dict[UUID, Booking] = {}

    # -------------------------------------------------------------------------------------------- counting

    def live(self) -> Iterable[tuple[Booking, Line]]:
        """Every line that draws places, with its booking."""
        for booking in self.bookings.values():
            if booking.state in LIVE:
                for line in booking.lines:
                    if not line.gone:
                        yield booking, line

    def pools_of(self, slot: Slot, channel: str) -> tuple[int, ...]:
        """The pools that limit a booking of the slot on this channel."""
        pools = [slot.own]
        if slot.day_pool is not None:
            pools.append(slot.day_pool)
        if slot.reserves:
            pools.append(slot.reserves[channel])
        return tuple(pools)

    def counted(self) -> dict[int, list[int]]:
        """Held and sold places of every pool, counted from the bookings."""
        counts = {pool: [0, 0] for pool in self.capacity}
        for booking, line in self.live():
            column = 0 if booking.state is BookingState.HELD else 1
            for pool in self.pools_of(line.slot, booking.channel):
                counts[pool][column] += line.quantity
        return counts

    def rooms(self, giving_up: Iterable[Line] = ()) -> dict[int, int]:
        """Free places of every pool, as if the lines in `giving_up` were gone."""
        skipped = {id(line) for line in giving_up}
        rooms = dict(self.capacity)
        for booking, line in self.live():
            if id(line) not in skipped:
                for pool in self.pools_of(line.slot, booking.channel):
                    rooms[pool] -= line.quantity
        return rooms

    def card_uses(self, card: int, giving_up: Iterable[Line] = ()) -> list[tuple[date, int]]:
        """What live lines use of a card: (day, entries)."""
        skipped = {id(line) for line in giving_up}
        return [
            (line.slot.day, line.quantity)
            for booking, line in self.live()
            if line.is_on_card and booking.card == card and id(line) not in skipped
        ]

    def places(self, giving_up: Iterable[Line] = ()) -> set[tuple[bytes, date, int]]:
        """Who is somewhere: (person, day, venue or minus slot)."""
        skipped = {id(line) for line in giving_up}
        return {
            (person, line.slot.day, line.slot.scope)
            for _, line in self.live()
            if id(line) not in skipped
            for person in line.persons
        }

    # -------------------------------------------------------------------------------------------- answering

    def answer(self, request: Request, now: datetime) -> Answer:
        """What the engine should say, and the world afterwards."""
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
        problems = self._problems(request, now)
        if problems:
            outcome, line, visitor = min(problems, key=lambda one: one[:2])
            slot = self.slots.get(request.lines[line].slot_id) if line is not None else None
            at = slot.release if outcome is Outcome.NOT_RELEASED and slot else None
            return Answer(outcome, request.id, line=line, visitor=visitor, at=at)
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

    def _problems(
        self, request: BookingRequest, now: datetime
    ) -> list[tuple[Outcome, int | None, int | None]]:
        """Everything that speaks against a request; the smallest is the answer."""
        unknown = [n for n, line in enumerate(request.lines) if line.slot_id not in self.slots]
        if unknown:
            return [(Outcome.SLOT_UNKNOWN, unknown[0], None)]
        found: list[tuple[Outcome, int | None, int | None]] = []
        channel = request.channel.name.lower()
        slots = [self.slots[line.slot_id] for line in request.lines]
        for number, slot in enumerate(slots):
            when = self._slot_problem(slot, now)
            if when is not None:
                found.append((when, number, None))
            elif slot.reserves and channel not in slot.reserves:
                found.append((Outcome.CHANNEL_CLOSED, number, None))
        found += self._card_problems(request, slots)
        found += self._person_problems(request, slots)
        if request.is_hold and request.holder_id is not None:
            holds = [b for b in self.bookings.values() if b.state is BookingState.HELD]
            if sum(b.holder == request.holder_id for b in holds) >= HOLDS_MAX:
                found.append((Outcome.TOO_MANY_OPEN, None, None))
        for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
            if not line.is_on_card and line.price_minor not in (None, slot.price):
                found.append((Outcome.PRICE_CHANGED, number, None))
                break
        if found:
            return found
        rooms = self.rooms()
        first: dict[int, int] = {}
        for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
            for pool in self.pools_of(slot, channel):
                first.setdefault(pool, number)
                rooms[pool] -= line.quantity
        return [(self.full[pool], number, None) for pool, number in first.items() if rooms[pool] < 0]

    @staticmethod
    def _slot_problem(slot: Slot, now: datetime) -> Outcome | None:
        if not slot.is_open:
            return Outcome.SLOT_CLOSED
        if now < slot.release:
            return Outcome.NOT_RELEASED
        return Outcome.SALES_ENDED if now >= slot.closes else None

    def _card_problems(
        self, request: BookingRequest, slots: Sequence[Slot]
    ) -> list[tuple[Outcome, int | None, int | None]]:
        found: list[tuple[Outcome, int | None, int | None]] = []
        card = self.cards.get(request.card_id or 0)
        uses = self.card_uses(card.id) if card else []
        for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
            if not line.is_on_card:
                continue
            if card is None or card.holder != request.holder_id:
                return [(Outcome.CARD_UNKNOWN, number, None)]
            refusal = self._card_refusal(card, uses, slot, line.quantity)
            if refusal is None:
                uses.append((slot.day, line.quantity))
            else:
                found.append((refusal, number, None))
        return found

    @staticmethod
    def _card_refusal(card: Card, uses: list[tuple[date, int]], slot: Slot, quantity: int) -> Outcome | None:
        if card.is_frozen:
            return Outcome.CARD_FROZEN
        if not slot.is_on_cards:
            return Outcome.CARD_NOT_COVERED
        if quantity > card.party_max:
            return Outcome.CARD_PARTY
        if sum(count for _, count in uses) + quantity > card.granted:
            return Outcome.CARD_EXHAUSTED
        if sum(count for day, count in uses if day == slot.day) + quantity > card.day_max:
            return Outcome.CARD_PERIOD
        return None

    def _person_problems(
        self, request: BookingRequest, slots: Sequence[Slot]
    ) -> list[tuple[Outcome, int | None, int | None]]:
        found: list[tuple[Outcome, int | None, int | None]] = []
        taken = self.places()
        for number, (line, slot) in enumerate(zip(request.lines, slots, strict=True)):
            if slot.is_named and len(line.visitors) != line.quantity:
                found.append((Outcome.VISITORS_NEEDED, number, None))
            for index in line.visitors:
                place = (request.visitors[index].person_key, slot.day, slot.scope)
                if place in taken:
                    found.append((Outcome.PERSON_TWICE, number, index))
                taken.add(place)
            if len(line.visitors) > slot.party_max:
                found.append((Outcome.PARTY_SIZE, number, None))
        return found

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
                return self._cancel(booking, now, is_forced=request.is_forced)
            case ChangeKind.MOVE:
                return self._move(booking, request.moves, now)
            case ChangeKind.EXPIRE:
                is_over = booking.state is BookingState.EXPIRED
                return _told(Outcome.CANCELLED if is_over else Outcome.WRONG_STATE, booking)
            case ChangeKind.NO_SHOW:  # the simulator's days never end
                return _told(Outcome.WRONG_STATE, booking)

    @staticmethod
    def _end(booking: Booking, state: BookingState) -> None:
        booking.state, booking.hold_until = state, None
        for line in booking.lines:
            line.gone = True

    @staticmethod
    def _confirm(booking: Booking) -> Answer:
        if booking.state is BookingState.CONFIRMED:
            return _told(Outcome.CONFIRMED, booking, is_replay=True)
        if booking.state is not BookingState.HELD:
            return _told(Outcome.WRONG_STATE, booking)
        booking.state, booking.hold_until = BookingState.CONFIRMED, None
        return _told(Outcome.CONFIRMED, booking)

    def _cancel(self, booking: Booking, now: datetime, *, is_forced: bool) -> Answer:
        if booking.state in (BookingState.CANCELLED, BookingState.EXPIRED):
            return _told(Outcome.CANCELLED, booking, is_replay=True)
        if any(line.scans for line in booking.lines):
            return _told(Outcome.ALREADY_REDEEMED, booking)
        if booking.state is BookingState.CONFIRMED and not is_forced:
            late = [line.no for line in booking.live if not self._may_cancel(line.slot, now)]
            if late:
                return _told(Outcome.TERMS_FORBID, booking, line=late[0])
        self._end(booking, BookingState.CANCELLED)
        return _told(Outcome.CANCELLED, booking)

    @staticmethod
    def _may_cancel(slot: Slot, now: datetime) -> bool:
        return now < slot.starts - timedelta(seconds=slot.cancel_until_s)

    def _move(self, booking: Booking, moves: Sequence[tuple[int, int]], now: datetime) -> Answer:
        if booking.state not in LIVE:
            return _told(Outcome.WRONG_STATE, booking)
        if any(line.scans for line in booking.lines):
            return _told(Outcome.ALREADY_REDEEMED, booking)
        pending = [move for move in moves if not self._was_made(booking, *move)]
        if not pending:
            return _told(Outcome.RESCHEDULED, booking, is_replay=True)
        lines = {line.no: line for line in booking.live}
        numbers = [no for no, _ in pending]
        if len(set(numbers)) < len(numbers) or not set(numbers) <= lines.keys():
            return _told(Outcome.NOT_FOUND, booking)
        wanted = [(lines[no], slot_id) for no, slot_id in pending]
        refused = self._move_refusal(booking, wanted, now)
        if refused is not None:
            return _told(refused[0], booking, line=refused[1])
        for old, slot_id in wanted:
            old.gone = True
            slot = self.slots[slot_id]
            price = 0 if old.is_on_card else slot.price
            no = max(line.no for line in booking.lines) + 1
            booking.lines.append(Line(no, slot, old.quantity, old.persons, old.is_on_card, price))
        booking.total = sum(line.price * line.quantity for line in booking.live)
        return _told(Outcome.RESCHEDULED, booking)

    @staticmethod
    def _was_made(booking: Booking, no: int, slot_id: int) -> bool:
        is_there = any(line.slot.id == slot_id and not line.gone for line in booking.lines)
        line = next((line for line in booking.lines if line.no == no), None)
        if line is None:
            return False
        return is_there if line.gone else line.slot.id == slot_id

    def _move_refusal(
        self, booking: Booking, wanted: Sequence[tuple[Line, int]], now: datetime
    ) -> tuple[Outcome, int] | None:
        """The smallest problem of where and who; then the card's; then the pools'."""
        old = [line for line, _ in wanted]
        taken, found = self.places(giving_up=old), list[tuple[Outcome, int]]()
        for line, slot_id in wanted:
            slot = self.slots.get(slot_id)
            if slot is None or slot.product != line.slot.product:
                found.append((Outcome.SLOT_UNKNOWN, line.no))
                continue
            problem = self._slot_problem(slot, now)
            if problem is not None:
                found.append((problem, line.no))
            elif slot.reserves and booking.channel not in slot.reserves:
                found.append((Outcome.CHANNEL_CLOSED, line.no))
            if booking.state is BookingState.CONFIRMED and not self._may_cancel(line.slot, now):
                found.append((Outcome.TERMS_FORBID, line.no))
            places = {(person, slot.day, slot.scope) for person in line.persons}
            if places & taken:
                found.append((Outcome.PERSON_TWICE, line.no))
            taken |= places
        if found:
            return min(found)
        uses = self.card_uses(booking.card, giving_up=old) if booking.card is not None else []
        rooms = self.rooms(giving_up=old)
        for line, slot_id in wanted:
            slot = self.slots[slot_id]
            if line.is_on_card and booking.card is not None:
                refusal = self._card_refusal(self.cards[booking.card], uses, slot, line.quantity)
                if refusal is not None:
                    return refusal, line.no
                uses.append((slot.day, line.quantity))
            for pool in self.pools_of(slot, booking.channel):
                rooms[pool] -= line.quantity
        full = [self.full[pool] for pool, room in rooms.items() if room < 0]
        return (min(full), old[0].no) if full else None

    # -------------------------------------------------------------------------------------------- the gate

    def can_redeem(self, booking_id: UUID, line_no: int, visitor: int) -> bool | None:
        """None: nothing to redeem; otherwise whether this is the first time. Notes the redemption."""
        booking = self.bookings.get(booking_id)
        if booking is None or booking.state is not BookingState.CONFIRMED:
            return None
        line = next((line for line in booking.live if line.no == line_no), None)
        if line is None or visitor >= (len(line.persons) or 1):
            return None
        is_first = visitor not in line.scans
        line.scans.add(visitor)
        return is_first


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
