"""What a batch needs to be decided: the sorted keys of everything that `store` locks and reads for it."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from wenyue import cards
from wenyue.booking.decisions.allocation import draws_any, person_scope
from wenyue.booking.decisions.facts import Facts, account_subject
from wenyue.booking.model import BookingRequest, ChangeKind, ChangeRequest
from wenyue.booking.persistence.literals import array, hex_literal, keys_literal

_COUNTED = (ChangeKind.CANCEL, ChangeKind.MOVE, ChangeKind.DISOWN)  # for the account that booked


def slots_needed(batch: Sequence[BookingRequest | ChangeRequest], facts: Facts) -> set[int]:
    """Every slot that a decision about this batch looks at."""
    needed: set[int] = set()
    for request in batch:
        if isinstance(request, BookingRequest):
            needed.update(line.slot_id for line in request.lines)
        else:
            needed.update(slot_id for _, slot_id in request.moves)
            booking = facts.existing.get(request.booking_id)
            needed.update(line.slot_id for line in booking.lines) if booking else None
    return needed


class Wants:
    """The sorted keys that a batch needs."""

    def __init__(self, batch: Sequence[BookingRequest | ChangeRequest], facts: Facts) -> None:
        bookings: list[UUID] = []
        logins: set[str] = set()
        self.changers: set[str] = set()  # logins on which bookings change
        card_ids: set[int] = set()
        pool_ids: set[int] = set()
        self.demand: dict[int, int] = {}  # pool -> places that the batch may draw
        self.places: set[tuple[str, date, int]] = set()
        self.numbers: set[tuple[str, date, int]] = (
            set()
        )  # of documents whose number does not say what they are
        self.cancellers: set[int] = set()
        self.movers: set[int] = set()
        self.named: set[bytes] = set()  # persons whose names are compared
        subjects: set[bytes] = set()
        self._holders: set[int] = set()
        self._again: set[int] = set()
        for request in batch:
            if isinstance(request, BookingRequest):
                bookings.append(request.id)
                if request.login:
                    logins.add(request.login)
                if request.card_id is not None:
                    card_ids.add(request.card_id)
                if request.holder_id is not None:
                    subjects.add(account_subject(request.holder_id))
                    (self._again if request.holder_id in self._holders else self._holders).add(
                        request.holder_id
                    )
                subjects.update(visitor.person_key for visitor in request.visitors)
                keys = [visitor.person_key.hex() for visitor in request.visitors]
                numbers = [visitor.number_key for visitor in request.visitors if visitor.number_key]
                for visitor in request.visitors:
                    if visitor.name_key is not None:
                        self.named.add(visitor.person_key)
                for line in request.lines:
                    slot = facts.slots.get(line.slot_id)
                    if slot is None:
                        continue
                    for pool_id in draws_any(slot, request.channel):
                        self.demand[pool_id] = self.demand.get(pool_id, 0) + line.quantity
                    scope = person_scope(slot)
                    self.places.update((keys[index], slot.on_date, scope) for index in line.visitors)
                    if numbers:
                        self.numbers.update((key.hex(), slot.on_date, scope) for key in numbers)
            else:
                self._add_change(request, facts, card_ids, pool_ids, subjects)
        self.bookings = bookings
        known = hex_literal(logins)
        self.asked = {"ids": array(bookings), "logins": known, "now": facts.now}
        self.cards = sorted(card_ids)
        self.pools = sorted(pool_ids | self.demand.keys())
        self.subjects = sorted(subjects)
        self.holders = sorted(self._holders)
        self.once = self._holders - self._again
        dates = [
            facts.slots[slot_id].on_date for slot_id in slots_needed(batch, facts) if slot_id in facts.slots
        ]
        self.first_day = _history_start(min([facts.now.date(), *dates]), facts)

    def _add_change(
        self,
        request: ChangeRequest,
        facts: Facts,
        card_ids: set[int],
        pool_ids: set[int],
        subjects: set[bytes],
    ) -> None:
        if request.login:
            self.changers.add(request.login)
        booking = facts.existing.get(request.booking_id)
        if booking is None:
            return
        if booking.holder_id is not None and request.kind in _COUNTED:
            self._holders.add(booking.holder_id)
            self._again.add(booking.holder_id)
            if request.kind is ChangeKind.CANCEL:
                self.cancellers.add(booking.holder_id)
            elif request.kind is ChangeKind.MOVE:
                self.movers.add(booking.holder_id)
                subjects.add(account_subject(booking.holder_id))
        lines = {line.line_no: line for line in booking.lines}
        for line in booking.lines:
            pool_ids.update(line.pool_ids, facts.slots[line.slot_id].pool_ids)
            if line.card_id is not None:
                card_ids.add(line.card_id)
        for line_no, slot_id in request.moves:
            slot = facts.slots.get(slot_id)
            if slot is None or line_no not in lines:
                continue
            for pool_id in draws_any(slot, booking.channel):
                self.demand[pool_id] = self.demand.get(pool_id, 0) + lines[line_no].quantity
            scope = person_scope(slot)
            subjects.update(key for _, key, _ in lines[line_no].places)
            self.places.update((key.hex(), slot.on_date, scope) for _, key, _ in lines[line_no].places)
            self.numbers.update((key.hex(), slot.on_date, scope) for key in lines[line_no].numbers.values())

    def cancels_asked(self, facts: Facts) -> dict[str, object]:
        """Earlier cancellations of the accounts that cancel now: presets limit them up to a year back (毛主席纪念堂)."""
        subjects = map(account_subject, sorted(self.cancellers))
        return {"subjects": keys_literal(subjects), "since": facts.local_now.date() - timedelta(days=366)}

    def subjects_literal(self) -> str:
        """The persons and accounts whose bans are read."""
        return keys_literal(self.subjects)


def _history_start(first: date, facts: Facts) -> date:
    """From when on a card's uses matter for visits from `first` on, whatever its type counts over."""
    spans = [cards.history_days(rules) for rules in facts.book.card_types.values()]
    if None in spans:
        return date.min
    return first - timedelta(days=max((span for span in spans if span is not None), default=0))
