"""What the people of the fixtures ask for: random requests, replays, changes, mistakes; all from one seed."""

import hashlib
import random
from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from wenyue.booking import (
    BookingRequest,
    BookingState,
    ChangeKind,
    ChangeRequest,
    Channel,
    Visitor,
    WantedLine,
)
from wenyue.core.ids import uuid7
from wenyue_lab.simulator.dataset import Booking, Line, Slot
from wenyue_lab.simulator.fixtures import CASH_HOLDERS, Fixtures
from wenyue_lab.simulator.model import Request
from wenyue_lab.simulator.timing import Clock

SENT_MAX = 200  # what may be sent again
_RECENT = 12  # a change is mostly about one of the last bookings
_PARTLY = 0.4  # of cancellations
_DISOWNED = 0.15  # of changes of bookings that name people


class Demand:
    """Requests as they come. Looks into the model only to ask for things that exist."""

    def __init__(self, rng: random.Random, fixtures: Fixtures, clock: Clock) -> None:
        self._rng, self._fixtures, self._clock = rng, fixtures, clock
        self._sent: list[BookingRequest] = []
        self._changes: list[ChangeRequest] = []
        self._hot: list[Slot] = []

    def batch(self, size: int) -> list[Request]:
        """As the engine forms batches: a booking's id appears twice only as replays of bookings."""
        batch: list[Request] = []
        booked: set[UUID] = set()
        changed: set[UUID] = set()
        for _ in range(size):
            request = self.request()
            if isinstance(request, BookingRequest):
                if request.id in changed:
                    continue
                booked.add(request.id)
            elif request.booking_id in booked | changed:
                continue
            else:
                changed.add(request.booking_id)
            batch.append(request)
        return batch or [self.booking()]

    def request(self) -> Request:
        """Any one request."""
        roll = self._rng.random()
        if roll < 0.5 or not self._sent:
            return self.booking()
        if roll < 0.62:
            return self.again()
        return self.change()

    def stay(self) -> BookingRequest:
        """A booking where there mostly is room to spare, so that nothing is locked while it is decided."""
        return self.booking(self._roomy())

    def _roomy(self) -> list[Slot]:
        now, everything = self._clock.now, self._fixtures.model.slots.values()
        roomy = [
            one for one in everything if not one.is_named and one.is_open and one.release <= now < one.closes
        ]
        return [self._rng.choice(roomy)] if roomy else []

    def booking(self, slots: list[Slot] | None = None) -> BookingRequest:
        """A new booking, of these sessions or any, with now and then a mistake in it."""
        rng = self._rng
        holder, card = rng.choice(self._fixtures.holders)
        does_hoard = holder == CASH_HOLDERS[0] and rng.random() < 0.85
        if does_hoard and not slots:
            slots = self._roomy()
        slots = slots or self._slots(rng.choices((1, 2, 3), (75, 20, 5))[0])
        party = rng.sample(self._fixtures.people, rng.choices((1, 2, 3, 4), (60, 28, 9, 3))[0])
        channel = rng.choices((Channel.ONLINE, Channel.PHONE, Channel.OTA), (75, 20, 5))[0]
        lines = tuple(
            self._line(slot, len(party), may_use_card=card is not None or rng.random() < 0.03)
            for slot in slots
        )
        if rng.random() < 0.01:
            lines = (*lines, WantedLine(999_999, 1))
        request = BookingRequest(
            id=uuid7(int(self._clock.now.timestamp() * 1000), rng.randbytes(10)),
            body_hash=b"",
            channel=channel,
            holder_id=holder if rng.random() < 0.97 else None,
            card_id=card if rng.random() < 0.98 else rng.choice([1, 2, 99]),
            lines=lines,
            visitors=tuple(
                Visitor(person, None, self._fixtures.model.numbers.get(person)) for person in party
            ),
            party=b"",
            is_hold=does_hoard or rng.random() < 0.25,
            hold_ttl_s=7200 if does_hoard else rng.choice((30, 300, 900, 7200)),
        )
        return self._sign(request)

    def again(self) -> BookingRequest:
        """An earlier request, accepted or not, once more: same body mostly, another body or another sender sometimes."""
        rng = self._rng
        if not self._sent:
            return self.booking()
        old = rng.choice(self._sent[-60:])
        roll = rng.random()
        if roll < 0.15:
            return replace(
                old, is_hold=not old.is_hold, body_hash=hashlib.sha256(old.body_hash).digest()[:16]
            )
        if roll < 0.2:
            return replace(old, holder_id=77_777)
        return old

    def change(self) -> ChangeRequest:
        """Confirm, cancel, expire or move a booking; mostly one's own."""
        rng = self._rng
        if self._changes and rng.random() < 0.1:
            return rng.choice(self._changes[-30:])
        booking = self._some_booking()
        if booking is None or rng.random() < 0.01:
            nobody = uuid7(int(self._clock.now.timestamp() * 1000), rng.randbytes(10))
            return ChangeRequest(ChangeKind.CANCEL, nobody, "traveller", holder_id=1)
        kinds = (ChangeKind.CONFIRM, ChangeKind.CANCEL, ChangeKind.MOVE, ChangeKind.EXPIRE)
        weights = (50, 20, 20, 10) if booking.state is BookingState.HELD else (4, 40, 52, 4)
        kind = rng.choices(kinds, weights)[0]
        named = [line for line in booking.lines if line.persons]
        if named and rng.random() < _DISOWNED:
            return self._disowning(booking, rng.choice(named))
        holder = rng.choices((booking.holder, None, 77_777), (85, 11, 4))[0]
        moves = self._moves(booking) if kind is ChangeKind.MOVE else ()
        is_forced = kind is ChangeKind.CANCEL and rng.random() < 0.1
        prices = self._prices(booking, moves)
        lines, visitors = self._part(booking) if kind is ChangeKind.CANCEL else ((), ())
        if kind is ChangeKind.MOVE and rng.random() < _PARTLY:
            most = max((len(line.persons) for line in booking.lines), default=0)
            visitors = tuple(rng.sample(range(most + 1), rng.randint(1, most + 1)))
        change = ChangeRequest(
            kind,
            booking.id,
            "traveller",
            holder,
            moves,
            is_forced=is_forced,
            prices=prices,
            lines=lines,
            visitors=visitors,
        )
        self._changes = [*self._changes[-SENT_MAX:], change]
        return change

    def _part(self, booking: Booking) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Lines and visitors to give back; mostly neither, which is all of the booking."""
        rng = self._rng
        if rng.random() > _PARTLY:
            return (), ()
        numbers = [line.no for line in booking.lines]
        lines = tuple(rng.sample(numbers, rng.randint(0, len(numbers))))
        most = max((len(line.persons) for line in booking.lines), default=0)
        visitors = tuple(rng.sample(range(most + 1), rng.randint(1, most + 1))) if rng.random() < 0.6 else ()
        return ((*lines, 40) if rng.random() < 0.02 else lines), visitors

    def _disowning(self, booking: Booking, line: Line) -> ChangeRequest:
        """One of a booking's people, or somebody else, says that the place is not theirs."""
        rng = self._rng
        person = rng.choice(line.persons) if rng.random() < 0.95 else rng.choice(self._fixtures.people)
        change = ChangeRequest(
            ChangeKind.DISOWN, booking.id, "traveller", person_key=person, slot_id=line.slot.id
        )
        self._changes = [*self._changes[-SENT_MAX:], change]
        return change

    def rush(self, size: int) -> tuple[list[Request], list[Request]]:
        """Two batches that want the same things: one request, one session, one person, one card, one booking."""
        rng = self._rng
        first, second = self.batch(size), self.batch(size)
        lead = first[0]
        if not isinstance(lead, BookingRequest):
            return first, [lead, *(one for one in second if _id(one) != _id(lead))]
        roll = rng.random()
        if roll < 0.3:  # the client lost patience and sent the same again, elsewhere
            if (
                rng.random() < 0.5 and lead.id not in self._fixtures.model.bookings
            ):  # a card's lock does not help
                lines = tuple(replace(line, is_on_card=False, price_minor=None) for line in lead.lines)
                lead = self._sign(replace(lead, lines=lines, card_id=None))
                first = [lead, *(one for one in first if _id(one) != lead.id)]
            return first, [lead, *(one for one in second if _id(one) != lead.id)]
        if roll < 0.5:
            rival = self._other_people(lead)
        elif roll < 0.65:
            rival = replace(lead, id=self.booking().id, lines=tuple(reversed(lead.lines)))
        elif roll < 0.95 and (pair := self._one_card()) is not None:
            lead, rival = pair
            first = [lead, *(one for one in first if _id(one) != lead.id)]
        else:
            return first, second
        rival = self._sign(rival)
        return first, [rival, *(one for one in second if _id(one) != rival.id)]

    def _other_people(self, lead: BookingRequest) -> BookingRequest:
        """The same sessions for other people, paid in money."""
        rival = self.booking()
        named = min(len(rival.visitors), len(lead.visitors))
        lines = tuple(
            replace(
                line,
                is_on_card=False,
                price_minor=None,
                visitors=tuple(range(named)) if line.visitors else (),
                quantity=named if line.visitors else line.quantity,
            )
            for line in lead.lines
        )
        return replace(rival, lines=lines, channel=lead.channel)

    def _one_card(self) -> tuple[BookingRequest, BookingRequest] | None:
        """Two bookings on one card for different people in sessions of one day that share no pool."""
        rng, model = self._rng, self._fixtures.model
        slots = [
            one
            for one in model.slots.values()
            if one.is_on_cards and one.is_open and one.release <= self._clock.now < one.closes
        ]
        if not slots:
            return None
        slot = rng.choice(slots)
        others = [one for one in slots if one.day == slot.day and one.venue != slot.venue]
        other = rng.choice(others or slots)
        cards = [(card.holder, card.id) for card in model.cards.values()]
        holder, card = rng.choice(cards)
        people = rng.sample(self._fixtures.people, 4)
        pair: list[BookingRequest] = []
        for one, party in ((slot, people[:2]), (other, people[2:])):
            made = self.booking()
            pair.append(
                self._sign(
                    replace(
                        made,
                        channel=Channel.ONLINE,
                        holder_id=holder,
                        card_id=card,
                        visitors=tuple(
                            Visitor(person, None, self._fixtures.model.numbers.get(person))
                            for person in party
                        ),
                        lines=(WantedLine(one.id, len(party), tuple(range(len(party))), True),),
                    )
                )
            )
        return pair[0], pair[1]

    def _sign(self, request: BookingRequest) -> BookingRequest:
        body = repr((request.lines, request.visitors, request.channel, request.is_hold, request.card_id))
        signed = replace(request, body_hash=hashlib.sha256(body.encode()).digest()[:16])
        self._sent = [*self._sent[-SENT_MAX:], signed]
        return signed

    def _slots(self, count: int) -> list[Slot]:
        """Mostly sessions still to come, and for some steps the same hot one."""
        rng, model = self._rng, self._fixtures.model
        if not self._hot or rng.random() < 0.04:
            now, everything = self._clock.now, list(model.slots.values())
            on_sale = [slot for slot in everything if slot.release <= now < slot.closes and slot.is_open]
            self._hot = rng.sample(on_sale if len(on_sale) > 1 and rng.random() < 0.8 else everything, 2)
        everything = list(model.slots.values())
        coming = [slot for slot in everything if slot.closes > self._clock.now] or everything
        picked: list[Slot] = []
        for _ in range(count):
            roll = rng.random()
            picked.append(rng.choice(self._hot if roll < 0.5 else coming if roll < 0.94 else everything))
        return picked

    def _line(self, slot: Slot, party: int, *, may_use_card: bool) -> WantedLine:
        rng = self._rng
        is_on_card = may_use_card and rng.random() < (0.65 if slot.is_on_cards else 0.05)
        price = rng.choices((None, slot.price, slot.price + 1), (50, 46, 4))[0]
        if not slot.is_named:
            return WantedLine(slot.id, rng.randint(1, 6), (), is_on_card, price)
        visitors = tuple(range(party))
        if rng.random() < 0.02:
            return WantedLine(slot.id, party + 1, visitors, is_on_card, price)
        if rng.random() < 0.15:
            visitors = visitors[:1]
        return WantedLine(slot.id, len(visitors), visitors, is_on_card, price)

    def _some_booking(self) -> Booking | None:
        bookings = list(self._fixtures.model.bookings.values())
        if not bookings:
            return None
        live = [booking for booking in bookings if booking.live]
        if live and self._rng.random() < 0.85:
            return self._rng.choice(live[-_RECENT:] if self._rng.random() < 0.6 else live)
        return self._rng.choice(bookings[-4 * _RECENT :])

    def _moves(self, booking: Booking) -> tuple[tuple[int, int], ...]:
        rng = self._rng
        lines: Sequence[Line] = booking.live or booking.lines
        if len(lines) > 1 and rng.random() < 0.5:
            if rng.random() < 0.3:  # change places with each other
                one, other = rng.sample(list(lines), 2)
                return (one.no, other.slot.id), (other.no, one.slot.id)
            return tuple((line.no, self._target(line)) for line in lines)
        line = rng.choice(list(lines))
        if rng.random() < 0.04:  # the same line twice in one request
            return (line.no, self._target(line)), (line.no, self._target(line))
        return ((line.no, self._target(line)),)

    def _prices(self, booking: Booking, moves: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        """Two of three movers name the price that they saw, one of sixteen of those a wrong one: told by the booking's id."""
        way, slots = booking.id.int, self._fixtures.model.slots
        if way % 3 == 0:
            return ()
        wrong = int(way % 16 == 0)
        return tuple((no, slots[slot_id].price + wrong) for no, slot_id in moves if slot_id in slots)

    def _target(self, line: Line) -> int:
        rng, slots = self._rng, list(self._fixtures.model.slots.values())
        same = [slot.id for slot in slots if slot.product == line.slot.product]
        return (
            rng.choice(same) if rng.random() < 0.94 else rng.choice([*(slot.id for slot in slots), 999_999])
        )


def _id(request: Request) -> UUID:
    return request.id if isinstance(request, BookingRequest) else request.booking_id
