"""What a drill is, how it is run, and what every drill's figures must not be."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from wenyue.core.limits import BOOKING_DEADLINE_S
from wenyue.locale import Message
from wenyue_lab.chaos.acts import Fault
from wenyue_lab.chaos.figures import Figures
from wenyue_lab.chaos.history import History
from wenyue_lab.chaos.load import IN_FLIGHT_MAX

SLACK_S: Final = 1.0
WRITE_GAP_S_MAX: Final = 10.0

Judge = Callable[[Figures, History, float], list[str]]  # the last: seconds of patience with a busy machine
# Given the home that will be made: what must be there before it and after it; yields variables for the installation.
Around = Callable[[Path], AbstractContextManager[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill: `act` does the fault while load runs; `judge` names what the figures must not be."""

    name: str
    title: Message
    says: Message  # what is done
    to_do: Message  # what an operator does when this happens, or when the drill fails
    act: Fault
    judge: Judge
    then: Fault | None = None  # after the load: what must have come of it by and by
    rate_per_s: float = 200.0
    seconds: float = 60.0
    in_flight_max: int = IN_FLIGHT_MAX  # a slower machine gets its own pace, and the figures tell
    has_front: bool = False
    has_link: bool = False
    needs: Callable[[], str] = str  # why it cannot run on this machine; empty: it can
    around: Around | None = None
    begins_at: Callable[[datetime], datetime] | None = (
        None  # the instant that its fixtures are made for, given the real one
    )
    has_lab: bool = False  # on a cluster (`wenyue lab`) instead of a single machine's installation
    has_namespaces: bool = False  # the cluster's nodes have networks of their own


@dataclass(frozen=True, slots=True)
class Terms:
    """How a drill is run: for so many seconds of load, at such a rate (0: the drill's own), with this seed.

    `slack_s`: how long after its deadline an answer may come. `tell` is called with what is being done.
    """

    seconds: float
    seed: int = 1
    rate_per_s: float = 0.0
    slack_s: float = SLACK_S
    tell: Callable[[str], None] = lambda _: None


def recovers(figures: Figures, history: History, slack_s: float) -> list[str]:
    """Answers in time, and bookings again within WRITE_GAP_S_MAX of a fault."""
    found = answers_in_time(figures, history, slack_s)
    if figures.write_gap_max_s > WRITE_GAP_S_MAX + slack_s - SLACK_S:
        found.append(
            f"nothing was booked for {figures.write_gap_max_s:.1f} s after a fault (at most {WRITE_GAP_S_MAX:.0f} s)"
        )
    return found


def answers_in_time(_: Figures, history: History, slack_s: float) -> list[str]:
    """Every request that was sent has an answer by its deadline and `slack_s`."""
    late = [
        one
        for one in history.attempts(with_spoilt=False)
        if one.was_sent and one.took_s > BOOKING_DEADLINE_S + slack_s
    ]
    if late:
        worst = max(one.took_s for one in late)
        return [
            f"{len(late)} requests had no answer within {BOOKING_DEADLINE_S + slack_s:.0f} s (worst {worst:.1f} s)"
        ]
    return []
