"""The standing invariants, from the client's history against the final database: linear set and sum checks.

I1 every acknowledged operation is in the final state, and nothing is there that the client was refused or never asked for;
I2 held + sold ≤ capacity, the counters equal the bookings, and both equal what the client was told; I4 one person, one scope, one
day; I5 entitlements; I6 every unknown became a yes or a no within 60 s. I3 (captures and refunds) has nothing to look at yet:
there are no payments.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import psycopg

from wenyue.booking import BookingState
from wenyue.ops.invariants import INVARIANTS
from wenyue_lab.chaos.client import CONVERGE_S
from wenyue_lab.chaos.fixtures import SQL
from wenyue_lab.chaos.history import History, Kind, Operation, Says

SHOWN_MAX: Final = 20
_SLACK_S: Final = 8.0  # the last answer may be under way when the minute ends


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be."""

    invariant: str
    says: str


@dataclass(frozen=True, slots=True)
class Stored:
    """One booking as the database has it; `confirmed` counts its records of a confirmation."""

    state: BookingState
    total_minor: int
    live_lines: int
    live_places: int
    lines: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class Books:
    """The database at the end."""

    bookings: Mapping[UUID, Stored]
    slots: Mapping[int, tuple[int, int]]  # slot → (places taken from its session, capacity)
    broken_pools: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    broken_entitlements: tuple[str, ...] = ()


def read_final(owner_url: str) -> Books:
    """Everything that the invariants speak of."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        bookings = {
            row[0]: Stored(BookingState(row[1]), *row[2:]) for row in connection.execute(SQL["bookings"])
        }
        slots = {row[0]: (row[1], row[2]) for row in connection.execute(SQL["slots"])}
        pools = tuple(
            f"pool {pool}: capacity {capacity}, held {held}, sold {sold}, live lines draw {places}"
            for pool, capacity, held, sold, places in connection.execute(INVARIANTS["pools"])
        )
        twice = tuple(
            f"person {key[:8]}… has {count} places in scope {scope} on {day}"
            for key, scope, day, count in connection.execute(INVARIANTS["twice"])
        )
        entitlements = tuple(
            f"card {card} entitlement {no}: granted {granted}, used {used}, live lines took {places}"
            for card, no, granted, used, places in connection.execute(INVARIANTS["entitlements"])
        )
    return Books(bookings, slots, pools, twice, entitlements)


def check(history: History, final: Books, *, over_slots: frozenset[int] = frozenset()) -> list[Violation]:
    """Every violation of I1, I2, I4, I5 and I6, in that order. `over_slots`: whose sessions ended; nobody came to them."""
    booked = {one.id: one for one in history.operations if one.kind in {Kind.BOOK, Kind.HOLD}}
    cancelled = {one.id: one for one in history.operations if one.kind is Kind.CANCEL}
    found = [Violation("I1", line) for line in _acknowledged(booked, cancelled, final, over_slots)]
    found += [Violation("I1", line) for line in _same_answers(history)]
    found += [Violation("I2", line) for line in final.broken_pools]
    found += [Violation("I2", line) for line in _places(booked, cancelled, final)]
    found += [Violation("I4", line) for line in final.twice]
    found += [Violation("I5", line) for line in final.broken_entitlements]
    found += [Violation("I6", line) for line in _converged(history)]
    return found


def _acknowledged(
    booked: Mapping[UUID, Operation],
    cancelled: Mapping[UUID, Operation],
    final: Books,
    over_slots: frozenset[int],
) -> Iterator[str]:
    for id_, operation in booked.items():
        stored = final.bookings.get(id_)
        if operation.settled is Says.YES and stored is None:
            yield f"booking {id_} was acknowledged and is not there: lost"
        if operation.settled is Says.NO and stored is not None:
            yield f"booking {id_} was refused and is there ({stored.state.name})"
        if operation.settled is not Says.YES or stored is None:
            continue
        change = cancelled.get(id_)
        if change is not None and change.settled is None:
            continue  # I6 tells
        expected, live = _fate(operation, change, over_slots)
        if stored.state is not expected:
            yield f"booking {id_} was acknowledged {expected.name} and is {stored.state.name}"
        elif (stored.live_lines, stored.live_places, stored.lines) != (live, live, 1):
            yield f"booking {id_} has {stored.lines} lines, {stored.live_lines} live, {stored.live_places} live places"
        if stored.confirmed != (operation.kind is Kind.BOOK):
            yield f"booking {id_} was confirmed {stored.confirmed} times in the record"
        if operation.yes is not None and operation.yes.total_minor != stored.total_minor:
            yield f"booking {id_}: told {operation.yes.total_minor}, stored {stored.total_minor}"
    for id_ in final.bookings.keys() - booked.keys():
        yield f"booking {id_} is there and nobody asked for it"


def _fate(
    operation: Operation, change: Operation | None, over_slots: frozenset[int]
) -> tuple[BookingState, int]:
    """What must have become of an acknowledged booking, and how many of its lines and places live."""
    if change is not None and change.settled is Says.YES:
        return BookingState.CANCELLED, 0
    if operation.kind is Kind.HOLD:
        return BookingState.EXPIRED, 0
    return (BookingState.NO_SHOW if operation.slot in over_slots else BookingState.CONFIRMED), 1


def _same_answers(history: History) -> Iterator[str]:
    """Every yes to one operation says the same, and after the first only replays follow."""
    for operation in history.operations:
        yeses = [one for one in operation.attempts if one.says is Says.YES]
        if len({(one.outcome, one.state, one.total_minor) for one in yeses}) > 1:
            yield f"{operation.kind} {operation.id} was answered in different ways"
        if any(not later.is_replay for later in yeses[1:]):
            yield f"{operation.kind} {operation.id} was carried out more than once"


def _places(
    booked: Mapping[UUID, Operation], cancelled: Mapping[UUID, Operation], final: Books
) -> Iterator[str]:
    """Places per session as the client counts them; sessions with an open question are left to I6."""
    told: Counter[int] = Counter()
    unclear: set[int] = set()
    for id_, operation in booked.items():
        change = cancelled.get(id_)
        if operation.settled is None or (change is not None and change.settled is None):
            unclear.add(operation.slot)
        elif operation.kind is Kind.HOLD:
            continue  # gone by now
        elif operation.settled is Says.YES and (change is None or change.settled is Says.NO):
            told[operation.slot] += 1
    for slot, (taken, capacity) in final.slots.items():
        if taken > capacity:
            yield f"slot {slot}: {taken} places of {capacity}"
        if slot not in unclear and told[slot] != taken:
            yield f"slot {slot}: {told[slot]} acknowledged places, {taken} taken"


def _converged(history: History) -> Iterator[str]:
    for operation in history.operations:
        since = operation.doubt_since
        if operation.settled is None:
            yield f"{operation.kind} {operation.id} is still unknown"
        elif since is not None and operation.settled_at - since > CONVERGE_S + _SLACK_S:
            yield f"{operation.kind} {operation.id} was unknown for {operation.settled_at - since:.0f} s"
