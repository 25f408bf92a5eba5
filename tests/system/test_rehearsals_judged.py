"""Rehearsals: what a copy must hold is judged from the client's history."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from wenyue.booking import BookingState
from wenyue.core.ids import uuid7
from wenyue_lab.chaos import backup_rehearsals
from wenyue_lab.chaos.backup_rehearsal import kept
from wenyue_lab.chaos.checker import Books, Stored
from wenyue_lab.chaos.every import EVERY, perform
from wenyue_lab.chaos.history import Attempt, History, Kind, Operation
from wenyue_lab.chaos.kind import Terms

MOMENT_S = 10.0
SLACK_S = 25.0  # as for the other drills: what must hold anywhere, not on a quiet machine only


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


def test_every_rehearsal_can_be_performed() -> None:
    """Which one is performed is decided by its name; `wenyue drill run NAME` does it."""
    assert set(backup_rehearsals.DRILLS) <= set(EVERY)
    assert set(backup_rehearsals.ACTS) == set(backup_rehearsals.DRILLS)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(backup_rehearsals.DRILLS))
def test_a_rehearsal_in_short(name: str, tmp_path: Path) -> None:
    if cannot := EVERY[name].needs():
        pytest.skip(cannot)
    done = perform(EVERY[name], tmp_path / "site", Terms(3.0, rate_per_s=40.0, slack_s=SLACK_S))
    assert done.violations == []
    assert done.findings == []
    assert done.figures.acknowledged > 20
    assert [one for one in done.steps if not one.is_good] == []
