"""Rehearsals: what a copy must hold is judged from the client's history; and one is performed, runbook and all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.backup_site import a_folder
from wenyue.booking import BookingState
from wenyue.kernel.ids import uuid7
from wenyue.tools.backup import rehearsals
from wenyue.tools.backup.rehearsal import kept
from wenyue.tools.drill.checker import Books, Stored
from wenyue.tools.drill.history import Attempt, History, Kind, Operation

MOMENT_S = 10.0


def asked(history: History, id_: UUID, kind: Kind, sent: float, answered: float | None) -> None:
    """One request; `answered` None: no answer came."""
    answer = (
        Attempt(sent, answered, status=200, outcome="confirmed")
        if answered is not None
        else Attempt(sent, sent + 3.0)
    )
    history.open(Operation(id_, kind, 1, 1, [answer]))


def stored(state: BookingState) -> Stored:
    return Stored(state, 0, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("sent", "answered", "state", "is_wrong"),
    [
        (1.0, 2.0, BookingState.CONFIRMED, False),
        (1.0, 2.0, None, True),  # lost
        (1.0, 2.0, BookingState.CANCELLED, True),  # nobody asked for that
        (9.0, 11.0, None, False),  # under way at the moment: either is right
        (9.0, 11.0, BookingState.CONFIRMED, False),
        (9.0, None, BookingState.CONFIRMED, False),
        (11.0, 12.0, BookingState.CONFIRMED, True),  # of the future
        (11.0, 12.0, None, False),
    ],
)
def test_a_copy_holds_what_was_acknowledged_and_nothing_later(
    sent: float, answered: float | None, state: BookingState | None, *, is_wrong: bool
) -> None:
    history, id_ = History(), uuid7()
    asked(history, id_, Kind.BOOK, sent, answered)
    books = Books({} if state is None else {id_: stored(state)}, {})
    assert bool(kept(history, MOMENT_S, books)) == is_wrong


@pytest.mark.parametrize(
    ("answered", "state", "is_wrong"),
    [
        (5.0, BookingState.CANCELLED, False),
        (5.0, BookingState.CONFIRMED, True),
        (11.0, BookingState.CONFIRMED, False),
        (11.0, BookingState.CANCELLED, False),
    ],
)
def test_a_cancellation_counts_from_its_answer(
    answered: float, state: BookingState, *, is_wrong: bool
) -> None:
    history, id_ = History(), uuid7()
    asked(history, id_, Kind.BOOK, 1.0, 2.0)
    asked(history, id_, Kind.CANCEL, 4.0, answered)
    assert bool(kept(history, MOMENT_S, Books({id_: stored(state)}, {}))) == is_wrong


@pytest.fixture
def home() -> Iterator[Path]:
    with a_folder() as folder:
        yield folder / "site"


def test_one_venue_is_deleted_and_restored_by_its_runbook_under_load(home: Path) -> None:
    done = rehearsals.perform(rehearsals.DRILLS["restore-venue"], home, seconds=4, rate_per_s=60)
    assert (done.findings, done.violations) == ([], [])
    assert done.extra["bookings deleted"] > 50
    assert [step.section for step in done.steps] == ["Check", "Mend", *["Afterwards"] * 3]
    assert not home.exists()
