# ruff: noqa: D102 - a rule's name says what it does
"""The booking decision as a pure function, against the naive model: random histories, shrunk to the shortest that fails.

No database: the facts of each decision are built from a little store of what earlier decisions wrote.
"""

import random
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from wenyue.booking import (
    BookingRequest,
    ChangeKind,
    ChangeRequest,
    Channel,
    Outcome,
    Visitor,
    WantedLine,
)
from wenyue.cards import CardFacts, CardState, Use
from wenyue.cards.model import EntitlementFacts
from wenyue.policy import AccountLimits, CancelLimits
from wenyue_lab import dataset
from wenyue_lab.simulator.dataset import Card, Slot
from wenyue_lab.simulator.fixtures import CARD_DAY_MAX, CARD_PARTY_MAX, CARD_TYPE, VENUES, rulebook
from wenyue_lab.simulator.hunting import chosen
from wenyue_lab.simulator.model import Naive, Request
from wenyue_lab.simulator.seams import Effects, Facts, LineFacts, PoolFacts, SlotFacts, rules

LIMITS = AccountLimits(places=12, unpaid=9, unnamed=6, cancels=CancelLimits(day=2, week=4))
BOOK = replaced(rulebook(), limits=LIMITS)
NUMBERS = {dataset.person(person): b"one number" for person in (1, 2)}
START = dataset.START
VENUE, INN = VENUES[0], VENUES[2]
PEOPLE = 6
CARDS = 2
GRANTED = 4
CAPACITY, DAY_CAPACITY = 3, 4
RESERVES = {"online": 2, "phone": 1}


def slot_facts(number: int) -> SlotFacts:
    """Sessions 1 to 4: two on each of two days of the hill, the second one with reserves; 5: the inn."""
    is_inn = number == 5
    day = START.date() + timedelta(days=5 + (number - 1) // 2)
    starts = datetime(day.year, day.month, day.day, 2 + number, tzinfo=UTC)
    return SlotFacts(
        id=number,
        product_id=2 if is_inn else 1,
        venue_id=2 if is_inn else 1,
        on_date=day,
        starts_at=starts,
        ends_at=starts + timedelta(hours=2),
        release_at=START + timedelta(hours=int(number == 4)),
        closes_at=starts + timedelta(hours=1),
        price_minor=100 * number,
        currency="CNY",
        pool_ids=(number,) if is_inn else (number, 10 + (number - 1) // 2),
        channel_pools={} if is_inn or number % 2 else {"online": 20 + number, "phone": 30 + number},
        is_open=True,
        revision=1,
        product_kind="night" if is_inn else "session",
        person_rule="none" if is_inn else "venue_day",
        needs_visitors=not is_inn,
        policy_code=INN.code if is_inn else VENUE.code,
        is_first_gate=True,
        venue_code="inn" if is_inn else "hill",
        venue_kind="hotel" if is_inn else "attraction",
        venue_tags=frozenset(),
    )


SLOTS = {number: slot_facts(number) for number in range(1, 6)}
POOLS = {
    **dict.fromkeys(SLOTS, ("session", CAPACITY)),
    **dict.fromkeys((10, 11), ("day", DAY_CAPACITY)),
    **{20 + number: ("channel", RESERVES["online"]) for number in (2, 4)},
    **{30 + number: ("channel", RESERVES["phone"]) for number in (2, 4)},
}
FULL = {"session": Outcome.SOLD_OUT, "day": Outcome.DAY_FULL, "channel": Outcome.CHANNEL_FULL}


def naive_dataset() -> Naive:
    """The same fixtures for the model."""
    model = Naive()
    model.limits, model.numbers = LIMITS, NUMBERS
    for slot in SLOTS.values():
        venue = INN if slot.policy_code == INN.code else VENUE
        model.slots[slot.id] = Slot(
            id=slot.id,
            product=slot.product_id,
            venue=slot.venue_id,
            day=slot.on_date,
            starts=slot.starts_at,
            release=slot.release_at,
            closes=slot.closes_at,
            price=slot.price_minor,
            own=slot.pool_ids[0],
            day_pool=slot.pool_ids[1] if len(slot.pool_ids) > 1 else None,
            reserves=slot.channel_pools,
            is_per_venue_day=slot.person_rule == "venue_day",
            is_named=slot.needs_visitors,
            is_on_cards=venue.is_on_cards,
            party_max=venue.party_max,
            cancel_until_s=venue.cancel_until_s,
        )
    for pool, (kind, capacity) in POOLS.items():
        model.capacity[pool], model.full[pool] = capacity, FULL[kind]
    for card in range(1, CARDS + 1):
        model.cards[card] = Card(card, card, GRANTED, CARD_DAY_MAX, CARD_PARTY_MAX)
    return model


@dataclass
class Store:
    """What decisions wrote, and the facts that the next decision is made from. Counters move as the database's would."""

    held: dict[int, int] = field(default_factory=lambda: dict.fromkeys(POOLS, 0))
    sold: dict[int, int] = field(default_factory=lambda: dict.fromkeys(POOLS, 0))
    used: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, CARDS + 1), 0))
    facts: Facts | None = None

    def gather(self, now: datetime) -> Facts:
        """All facts. Bookings, places and uses live on in the last facts; counters come from what was written."""
        last = self.facts
        pools = {
            number: PoolFacts(number, kind, capacity, self.held[number], self.sold[number], True, 1)
            for number, (kind, capacity) in POOLS.items()
        }
        facts = Facts(now=now, book=BOOK, slots=SLOTS, pools=pools)
        for number, used in self.used.items():
            uses = list[Use]() if last is None else last.cards[number].uses
            facts.cards[number] = CardFacts(
                number, CARD_TYPE, CardState.ACTIVE, START.date(), None, dataset.person(number), number,
                entitlements={0: EntitlementFacts(GRANTED, used)}, uses=uses,
            )  # fmt: skip
        if last is not None:
            facts.existing, facts.places, facts.holds = last.existing, last.places, last.holds
            facts.numbers, facts.open, facts.cancels = last.numbers, last.open, last.cancels
        self.facts = facts
        return facts


def lines_of(booking_id: UUID, effects: Effects) -> list[LineFacts]:
    """The lines of a new booking as the database would hand them to a later change."""
    places = {row.line_no: list[tuple[int, bytes, int]]() for row in effects.lines}
    numbers = {row.line_no: dict[int, bytes]() for row in effects.lines}
    for place in effects.places:
        if place.booking_id == booking_id:
            places[place.line_no].append((place.visitor_no, place.person_key, place.scope))
            if place.number_key is not None:
                numbers[place.line_no][place.visitor_no] = place.number_key
    return [
        LineFacts(
            row.line_no,
            row.slot_id,
            row.venue_id,
            row.on_date,
            row.quantity,
            row.price_minor,
            row.pool_ids,
            row.card_id,
            row.entitlement_no,
            True,
            tuple(places[row.line_no]),
            numbers=numbers[row.line_no],
        )
        for row in effects.lines
        if row.booking_id == booking_id
    ]


Wanted = tuple[list[int], list[int], Channel, int, bool, bool, int]
REQUESTS: st.SearchStrategy[Wanted] = st.tuples(
    st.lists(st.sampled_from([*SLOTS, *SLOTS, *SLOTS, 99]), min_size=1, max_size=2),
    st.lists(st.integers(1, PEOPLE), min_size=1, max_size=2, unique=True),
    st.sampled_from([*[Channel.ONLINE] * 4, Channel.PHONE, Channel.OTA]),
    st.integers(1, CARDS + 1),
    st.booleans(),
    st.booleans(),
    st.integers(1, 2),
)


class BookingMachine(RuleBasedStateMachine):
    """Each rule asks the decision and the model the same, and compares the answers; invariants look at the counters."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.model, self.store = naive_dataset(), Store()
        self.sent: list[BookingRequest] = []
        self.random = random.Random(1)

    def ask(self, *batch: Request) -> None:
        """Decide a batch, write it down, and compare every answer with the model's."""
        facts = self.store.gather(self.now)
        answers, effects = rules.decide(batch, facts)
        for pool, (held, sold) in effects.pools.items():
            self.store.held[pool] += held
            self.store.sold[pool] += sold
        for (card, _), count in effects.entitlements.items():
            self.store.used[card] += count
        for booking in effects.bookings:
            facts.existing[booking.id].lines = lines_of(booking.id, effects)
        expected = [self.model.answer(request, self.now) for request in batch]
        assert answers == expected

    @rule(wanted=REQUESTS)
    def book(self, wanted: Wanted) -> None:
        request = self.made(wanted)
        self.sent.append(request)
        self.ask(request)

    @rule(first=REQUESTS, second=REQUESTS)
    def book_two_together(
        self,
        first: Wanted,
        second: Wanted,
    ) -> None:
        one, other = self.made(first), self.made(second)
        self.sent += [one, other]
        self.ask(one, other, one)

    @precondition(lambda self: bool(self.sent))
    @rule(data=st.data(), is_other_body=st.booleans())
    def send_again(self, data: st.DataObject, *, is_other_body: bool) -> None:
        old = data.draw(st.sampled_from(self.sent))
        self.ask(replace(old, body_hash=b"other") if is_other_body else old)

    @precondition(lambda self: bool(self.model.bookings))
    @rule(
        data=st.data(),
        kind=st.sampled_from([ChangeKind.CONFIRM, ChangeKind.CANCEL, ChangeKind.EXPIRE]),
        is_own=st.sampled_from([True, True, True, False]),
    )
    def change(self, data: st.DataObject, *, kind: ChangeKind, is_own: bool) -> None:
        booking_id = self.drawn(data)
        holder = self.model.bookings[booking_id].holder if is_own else 77
        self.ask(ChangeRequest(kind, booking_id, "traveller", holder))

    @precondition(lambda self: bool(self.model.bookings))
    @rule(
        data=st.data(),
        moves=st.lists(
            st.tuples(st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([*SLOTS, *SLOTS, 99])),
            min_size=1,
            max_size=2,
        ),
    )
    def move(self, data: st.DataObject, moves: list[tuple[int, int]]) -> None:
        self.ask(ChangeRequest(ChangeKind.MOVE, self.drawn(data), "traveller", None, tuple(moves)))

    @rule(minutes=st.sampled_from([1, 1, 1, 10, 300]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def nothing_is_oversold(self) -> None:
        for pool, (_, capacity) in POOLS.items():
            assert 0 <= self.store.held[pool] + self.store.sold[pool] <= capacity

    @invariant()
    def counters_equal_bookings(self) -> None:
        counted = self.model.counted()
        assert {pool: [self.store.held[pool], self.store.sold[pool]] for pool in POOLS} == counted

    @invariant()
    def entitlements_are_conserved(self) -> None:
        for card, used in self.store.used.items():
            assert used == sum(count for _, count in self.model.card_uses(card))
            assert 0 <= used <= GRANTED

    def drawn(self, data: st.DataObject) -> UUID:
        """A booking that exists."""
        return data.draw(st.sampled_from(list(self.model.bookings)))

    def made(self, wanted: Wanted) -> BookingRequest:
        """A request from drawn parts."""
        slots, people, channel, who, is_on_card, is_hold, quantity = wanted
        named = tuple(range(len(people)))
        lines = tuple(
            WantedLine(
                slot,
                quantity if slot == 5 else len(people),
                () if slot == 5 else named,
                is_on_card and slot != 5,
            )
            for slot in slots
        )
        return BookingRequest(
            id=UUID(int=self.random.getrandbits(128)),
            body_hash=b"body",
            channel=channel,
            holder_id=who,
            card_id=who if who <= CARDS else None,
            lines=lines,
            visitors=tuple(
                Visitor(dataset.person(person), None, NUMBERS.get(dataset.person(person)))
                for person in people
            ),
            party=b"",
            is_hold=is_hold,
            hold_ttl_s=60,
        )


BookingMachine.TestCase.settings = settings(
    max_examples=300,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestBooking = BookingMachine.TestCase


@pytest.mark.parametrize(
    "name",
    [
        "off-by-one capacity",
        "double release",
        "entitlement kept",
        "move leaks",
        "not all or nothing",
        "late confirmation",
    ],
)
def test_the_machine_finds_planted_bugs(name: str) -> None:
    (plant,) = chosen(name)
    found = settings(
        parent=BookingMachine.TestCase.settings, phases=[Phase.generate], report_multiple_bugs=False
    )
    with plant.patch(), pytest.raises((AssertionError, ValueError)):
        run_state_machine_as_test(BookingMachine, settings=found)
