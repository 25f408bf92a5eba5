"""The naive model's state: slots, cards and the list of bookings, and every number recounted from that list each time.

No counters, no locks, no caches. Slow and obvious on purpose.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from wenyue.booking import BookingState, Outcome
from wenyue.policy import AccountLimits

DESKS = ("phone", "window", "group", "emergency")  # somebody sees who asks there
LIVE = (BookingState.HELD, BookingState.CONFIRMED)


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
    disowned: set[int] = field(default_factory=set[int])  # visitor numbers whose place left the line

    @property
    def here(self) -> set[int]:
        """The numbers of the visitors who have a place in the line."""
        return set(range(len(self.persons))) - self.disowned

    @property
    def present(self) -> tuple[bytes, ...]:
        """The persons who have a place in the line."""
        return tuple(one for number, one in enumerate(self.persons) if number not in self.disowned)


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


class Dataset:
    """The whole state in lists."""

    def __init__(self) -> None:
        self.slots: dict[int, Slot] = {}
        self.capacity: dict[int, int] = {}
        self.targets: dict[int, int] = {}  # pool -> cap below what is taken: closed until it is reached
        self.full: dict[int, Outcome] = {}  # pool -> what to answer when it is full
        self.cards: dict[int, Card] = {}
        self.bookings: dict[UUID, Booking] = {}
        self.own: dict[int, bytes] = {}  # holder -> the person whose account it is
        self.numbers: dict[bytes, bytes] = {}  # person -> number of a document that others could carry
        self.limits = AccountLimits()
        self.cancels: set[tuple[int, date, UUID]] = set()  # (holder, day, booking): once a booking and day
        self.moves: list[tuple[int, date]] = []  # likewise

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

    def follow_targets(self) -> None:
        """What was given back brings capacities down to their targets."""
        counted = self.counted() if self.targets else {}
        for pool, target in list(self.targets.items()):
            self.capacity[pool] = max(target, sum(counted[pool]))
            if self.capacity[pool] == target:
                del self.targets[pool]

    def is_open(self, slot: Slot) -> bool:
        """Whether anybody may book there: no closure, and no cap that is still to be reached."""
        return slot.is_open and slot.own not in self.targets and slot.day_pool not in self.targets

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

    def of_account(self, holder: int, today: date, giving_up: Iterable[Line] = ()) -> list[Line]:
        """What an account has from today on."""
        skipped = {id(line) for line in giving_up}
        return [
            line
            for booking, line in self.live()
            if booking.holder == holder and line.slot.day >= today and id(line) not in skipped
        ]

    def number_places(self, giving_up: Iterable[Line] = ()) -> set[tuple[bytes, date, int]]:
        """Which documents' numbers are somewhere: (number, day, venue or minus slot)."""
        skipped = {id(line) for line in giving_up}
        return {
            (self.numbers[person], line.slot.day, line.slot.scope)
            for booking, line in self.live()
            if id(line) not in skipped and booking.channel not in DESKS
            for person in line.present
            if person in self.numbers
        }

    def places(self, giving_up: Iterable[Line] = ()) -> set[tuple[bytes, date, int]]:
        """Who is somewhere: (person, day, venue or minus slot)."""
        skipped = {id(line) for line in giving_up}
        return {
            (person, line.slot.day, line.slot.scope)
            for _, line in self.live()
            if id(line) not in skipped
            for person in line.present
        }
