"""The checker finds what it is for: each kind of trouble is planted into a history and final rows that agree."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from wenyue.booking import BookingState
from wenyue.core.ids import uuid7
from wenyue_lab.chaos.checker import Books, Stored, check
from wenyue_lab.chaos.figures import measure
from wenyue_lab.chaos.history import Attempt, History, Kind, Operation, Says

YES = Attempt(1.0, 1.1, 201, "confirmed", "confirmed", 8000)
NO = Attempt(1.0, 1.1, 409, "sold_out")
LOST = Attempt(1.0, 4.0)
BUSY = Attempt(1.0, 1.1, 503, "busy")
UNKNOWN = Attempt(1.0, 1.1, 503, "unknown")
CONFIRMED = Stored(BookingState.CONFIRMED, 8000, 1, 1, 1, 1)
CANCELLED = replace(CONFIRMED, state=BookingState.CANCELLED, live_lines=0, live_places=0)


class Case:
    """One acknowledged booking (a), one refused (b), one acknowledged and cancelled (c), all as they should be."""

    def __init__(self) -> None:
        self.history = History()
        self.a, self.b, self.c = (self._operation(Kind.BOOK, slot) for slot in (1, 1, 2))
        self.d = self._operation(Kind.CANCEL, 2)
        self.d.id = self.c.id
        for operation, attempt in ((self.a, YES), (self.b, NO), (self.c, YES)):
            operation.attempts.append(attempt)
        self.d.attempts.append(Attempt(2.0, 2.1, 200, "cancelled", "cancelled"))
        for operation in (self.a, self.b, self.c, self.d):
            says = operation.conclude()
            assert says is not None
            self.history.settle(operation, says, "answer")
        self.bookings = {self.a.id: CONFIRMED, self.c.id: CANCELLED}
        self.slots = {1: (1, 10), 2: (0, 10)}
        self.books = Books(self.bookings, self.slots)

    def _operation(self, kind: Kind, slot: int) -> Operation:
        return self.history.open(Operation(uuid7(), kind, card=1, slot=slot))

    def found(self) -> list[str]:
        """The invariants that the checker objects by."""
        return [one.invariant for one in check(self.history, self.books)]


def _doubt(case: Case) -> None:
    case.b.attempts[:] = [LOST]
    case.b.settled = None


def _late(case: Case) -> None:
    case.b.attempts.insert(0, LOST)
    case.b.settled_at = 100.0


PLANTED: dict[str, tuple[Callable[[Case], object], str]] = {
    "a lost booking": (lambda case: case.bookings.pop(case.a.id), "I1"),
    "a refused booking that is there": (lambda case: case.bookings.update({case.b.id: CONFIRMED}), "I1"),
    "a booking that nobody asked for": (lambda case: case.bookings.update({uuid7(): CONFIRMED}), "I1"),
    "a cancellation undone": (lambda case: case.bookings.update({case.c.id: CONFIRMED}), "I1"),
    "two lines": (lambda case: case.bookings.update({case.a.id: replace(CONFIRMED, lines=2)}), "I1"),
    "two records": (lambda case: case.bookings.update({case.a.id: replace(CONFIRMED, confirmed=2)}), "I1"),
    "another price": (
        lambda case: case.bookings.update({case.a.id: replace(CONFIRMED, total_minor=1)}),
        "I1",
    ),
    "carried out twice": (lambda case: case.a.attempts.append(YES), "I1"),
    "two answers": (lambda case: case.a.attempts.append(replace(YES, total_minor=1, is_replay=True)), "I1"),
    "a place too many": (lambda case: case.slots.update({1: (2, 10)}), "I2"),
    "oversold": (lambda case: case.slots.update({1: (1, 0)}), "I2"),
    "a broken pool": (
        lambda case: setattr(case, "books", replace(case.books, broken_pools=("pool 1",))),
        "I2",
    ),
    "a person twice": (lambda case: setattr(case, "books", replace(case.books, twice=("person",))), "I4"),
    "overdrawn": (
        lambda case: setattr(case, "books", replace(case.books, broken_entitlements=("card",))),
        "I5",
    ),
    "still unknown": (_doubt, "I6"),
    "unknown too long": (_late, "I6"),
}


def test_what_agrees_is_clean() -> None:
    assert Case().found() == []


@pytest.mark.parametrize("name", list(PLANTED))
def test_planted_trouble_is_found(name: str) -> None:
    case = Case()
    plant, invariant = PLANTED[name]
    plant(case)
    assert set(case.found()) == {invariant}


def held(state: BookingState, live: int) -> list[str]:
    """What the checker objects to a hold that ended like this."""
    history = History()
    hold = history.open(Operation(uuid7(), Kind.HOLD, card=1, slot=1, attempts=[YES]))
    history.settle(hold, Says.YES, "answer")
    stored = Stored(state, 8000, live, live, 1, int(state is BookingState.CONFIRMED))
    return [one.says for one in check(history, Books({hold.id: stored}, {1: (live, 10)}))]


def test_a_hold_that_nobody_confirmed_must_be_gone() -> None:
    assert held(BookingState.EXPIRED, 0) == []
    assert "was acknowledged EXPIRED and is HELD" in held(BookingState.HELD, 1)[0]
    assert "was acknowledged EXPIRED and is CONFIRMED" in held(BookingState.CONFIRMED, 1)[0]


def test_whoever_did_not_come_is_noted_and_nobody_else() -> None:
    case = Case()
    case.bookings[case.a.id] = replace(CONFIRMED, state=BookingState.NO_SHOW)
    assert case.found() == ["I1"]
    assert check(case.history, case.books, over_slots=frozenset({1})) == []
    case.bookings[case.a.id] = CONFIRMED
    assert [one.invariant for one in check(case.history, case.books, over_slots=frozenset({1}))] == ["I1"]


def test_refused_at_the_door_is_no_doubt() -> None:
    assert replace(BUSY, outcome="overloaded").says is Says.NOTHING
    assert replace(BUSY, status=429, outcome="too_often").says is Says.NOTHING
    assert replace(BUSY, outcome="not_yet_known").says is Says.UNKNOWN


def test_spoilt_lines_are_not_in_the_latencies() -> None:
    history = History()
    for took, is_spoilt in ((0.1, False), (5.0, True)):
        one = history.open(Operation(uuid7(), Kind.BOOK, 1, 1, [replace(YES, sent=0.0, answered=took)]))
        one.is_spoilt = is_spoilt
        history.settle(one, Says.YES, "answer")
    figures = measure(history, [], 5.0)
    assert (figures.worst_ms, figures.acknowledged) == (100.0, 2)


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        ([YES], Says.YES),
        ([NO], Says.NO),
        ([BUSY, BUSY, BUSY], Says.NO),
        ([BUSY, YES], Says.YES),
        ([LOST, YES], Says.YES),
        ([LOST], None),
        ([UNKNOWN, BUSY], None),
        ([LOST, NO], None),  # the first may still be waiting somewhere
        ([replace(LOST, was_sent=False)], Says.NO),
    ],
)
def test_what_a_client_may_conclude(attempts: list[Attempt], expected: Says | None) -> None:
    assert Operation(uuid7(), Kind.BOOK, 1, 1, attempts).conclude() is expected


def test_the_write_gap_is_the_longest_silence_around_the_fault() -> None:
    history = History()
    for at in (1.0, 2.0, 5.5, 6.0, 20.0):
        operation = history.open(
            Operation(uuid7(), Kind.BOOK, 1, 1, [replace(YES, sent=at - 0.1, answered=at)])
        )
        history.settle(operation, Says.YES, "answer")
    figures = measure(history, [(2.5, 4.0)], 20.0)
    assert figures.write_gap_max_s == 3.0  # from the fault at 2.5 to the answer at 5.5
    assert figures.acknowledged == 5
    assert sum(one.yes_per_s for one in figures.timeline) > 0
