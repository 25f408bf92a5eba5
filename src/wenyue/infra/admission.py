"""Admission: what one process takes on, and what it refuses at once because it could not answer in time.

Two lanes, so that neither can starve the other: the `hot` lane (new bookings, which the engine commits together) and the
`desk` for everything else, where the classes of `kernel.admission` wait for each other in bounded queues. Both limits follow
what the process is measured to finish. One event loop only.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final

from wenyue.infra.addresses import Network
from wenyue.infra.bodies import BodyRoom
from wenyue.infra.freshness import Freshness
from wenyue.infra.lines import Lines, Turn
from wenyue.infra.processor import Processor
from wenyue.kernel.admission import (
    FLOOD_LAG_S,
    SHARES,
    TOLD_MAX_PER_S,
    Bounds,
    PersonLimit,
    Priority,
    bounds_when,
    is_behind,
    is_short,
    may_start,
    next_limit,
    next_told_per_s,
    next_wanted_s,
    retry_after_s,
    take_token,
)
from wenyue.kernel.figures import smoothed
from wenyue.kernel.limits import (
    DESK_LIMIT_MAX,
    DESK_WAITING_MAX,
    HOT_LIMIT_MAX,
    HOT_WANTED_S,
    PERSONS_REMEMBERED_MAX,
    REFUSALS_HELD_MAX,
)

_LOOK_EVERY_S: Final = 0.25
_SMOOTH: Final = 0.4  # weight of the newest period in a rate
_HOT_FIRST: Final = 600
_HOT: Final = Bounds(low=200, high=HOT_LIMIT_MAX, wanted_s=HOT_WANTED_S)
_DESK_FIRST: Final = 32
_DESK: Final = Bounds(low=8, high=DESK_LIMIT_MAX, wanted_s=0.25)
_LAG_OK_S: Final = 0.05  # of the event loop; beyond it pages are what is put off
_TIMES_KEPT: Final = 512
_CHANCES: Final = 64


@dataclass(frozen=True, slots=True)
class Signal:
    """How one process does, for whoever decides how many more people may come."""

    goodput_per_s: float  # bookings that were acknowledged
    latency_p99_ms: float  # of the last few hundred admitted requests
    limit: int
    in_flight: int
    waiting: int  # at the desk, all classes
    shed_per_s: float
    lag_ms: float  # of the event loop


class HotLane:
    """Counters of the hot path; whoever uses it keeps `in_flight` right. Attributes, since each costs 50 ns.

    A place (`in_flight`) is had by requests that are whole and whose login is known. Those whose login is still looked up
    (`unknown`) are let in only beside them, and keep nobody out whose login this process remembers.
    """

    __slots__ = (
        "_at",
        "_times",
        "arriving",
        "done",
        "good",
        "held",
        "in_flight",
        "limit",
        "most",
        "shed",
        "told",
        "told_per_s",
        "unknown",
    )

    def __init__(self) -> None:
        self.limit = _HOT_FIRST
        self.in_flight = 0
        self.arriving = 0  # let in by connections in this turn of the event loop, not yet begun
        self.unknown = 0  # whole, but whose they are is still looked up
        self.most = 0
        self.done = 0
        self.good = 0
        self.shed = 0
        self.told = 0  # refusals that were sent
        self.told_per_s = TOLD_MAX_PER_S  # how many of them may be
        self.held = 0  # refusals that wait to be sent
        self._times = [0.0] * _TIMES_KEPT
        self._at = 0

    @property
    def is_full(self) -> bool:
        """Whether one more could not be answered in time."""
        return self.in_flight + self.arriving >= self.limit

    def arrive(self, loop: asyncio.AbstractEventLoop) -> None:
        """A request was let in by its connection: in the loop's next turn it begins, knocks, or goes, whatever becomes of it.

        So nobody has to take it back: the count of a turn ends with the turn.
        """
        if not self.arriving:
            loop.call_soon(self._arrived)
        self.arriving += 1

    def _arrived(self) -> None:
        self.arriving = 0

    def knock(self) -> bool:
        """Its login has to be looked up, until `unknown` is counted down again; False: there is no room for that."""
        if self.in_flight + self.unknown >= self.limit:
            return False
        self.unknown += 1
        return True

    def begin(self) -> None:
        """A request that is whole and whose login is known begins."""
        self.in_flight += 1
        self.most = max(self.most, self.in_flight + self.unknown)

    def end(self, seconds: float, *, is_decided: bool, is_good: bool) -> None:
        """It has its answer; one that says busy or unknown was not decided, and says nothing about what can be."""
        self.in_flight -= 1
        if is_decided:
            self.done += 1
            if is_good:
                self.good += 1
        self._at = (self._at + 1) % _TIMES_KEPT
        self._times[self._at] = seconds

    def median_s(self) -> float:
        """Of the last requests that were let in."""
        return sorted(self._times)[_TIMES_KEPT // 2]

    def forget_times(self) -> None:
        """After a quiet time: how slow things were before it says nothing about now."""
        self._times = [0.0] * _TIMES_KEPT

    def p99_s(self) -> float:
        """Of the last requests that were let in."""
        times = sorted(self._times)
        return times[-1 - _TIMES_KEPT // 100]


class Refused(Exception):
    """Too much is asked of this process now; nothing was done. `retry_after_s` is spread by chance."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too much at once")
        self.retry_after_s = retry_after


class Desk:
    """Everything that is not hot: at most `limit` at once, those who wait in the order of their class, and there line by line."""

    def __init__(self) -> None:
        self.limit: float = _DESK_FIRST
        self.total = 0
        self.most = 0
        self.done = 0
        self.waits_s = {one: share.wait_s for one, share in SHARES.items()}
        self.own = dict.fromkeys(Priority, 0)
        self.shed = dict.fromkeys(Priority, 0)
        self._waiting = {one: Lines(DESK_WAITING_MAX) for one in Priority}

    @property
    def waiting(self) -> int:
        """How many wait, all classes."""
        return sum(one.waiting for one in self._waiting.values())

    async def enter(self, priority: Priority, name: str = "") -> bool:
        """Begin now or after a short wait; False: refused, nothing was begun. Whoever got True calls `leave`.

        `name`: whose line of the class this is, an address or a login; lines are served in turn.
        """
        lines = self._waiting[priority]
        if not lines.waiting and self._may_start(priority):
            lines.serve(name)
            self._begin(priority)
            return True
        turn: Turn = asyncio.get_running_loop().create_future()
        is_begun = lines.add(name, turn)
        try:
            if is_begun:
                async with asyncio.timeout(self.waits_s[priority]):
                    is_begun = await turn
        except TimeoutError:
            is_begun = _is_given(turn)
            lines.remove(name, turn)
        except asyncio.CancelledError:  # whoever asked is gone; a turn that was just given goes to the next
            lines.remove(name, turn)
            if _is_given(turn):
                self.leave(priority)
            raise
        self.shed[priority] += not is_begun
        return is_begun

    def leave(self, priority: Priority) -> None:
        """It has its answer; the next may begin."""
        self.total -= 1
        self.own[priority] -= 1
        self.done += 1
        for one, lines in self._waiting.items():  # a dictionary keeps the order of Priority
            while lines.waiting and self._may_start(one):
                turn = lines.next()
                if turn is None:  # all have given up
                    break
                self._begin(one)
                turn.set_result(True)

    def _may_start(self, priority: Priority) -> bool:
        return may_start(priority, own=self.own[priority], total=self.total, limit=int(self.limit))

    def _begin(self, priority: Priority) -> None:
        self.total += 1
        self.own[priority] += 1
        self.most = max(self.most, self.total)


def _is_given(turn: Turn) -> bool:
    return turn.done() and not turn.cancelled() and turn.result()


class Persons:
    """How much each person has asked for lately. Two generations, the older forgotten as a whole: bounded memory."""

    def __init__(self, limit: PersonLimit) -> None:
        self.limit = limit
        self._new: dict[int, tuple[float, float]] = {}
        self._old: dict[int, tuple[float, float]] = {}

    def take(self, person: int, cost: int = 1) -> tuple[int, int, bool]:
        """One request of this cost: what is left, seconds until all is there again, whether it is within the limit."""
        now = monotonic()
        limit = self.limit
        tokens, at = self._new.get(person) or self._old.get(person) or (float(limit.burst), now)
        left, is_within = take_token(limit, tokens=tokens, since_s=now - at, cost=cost)
        if len(self._new) >= PERSONS_REMEMBERED_MAX // 2:
            self._new, self._old = {}, self._new
        self._new[person] = (left, now)
        return int(left), int((limit.burst - left) / limit.refill_per_s) + 1, is_within


class Admission:
    """The lanes of one process and what moves their limits. `run` once, beside the server."""

    def __init__(
        self,
        person_limit: PersonLimit,
        freshness: Freshness | None = None,
        *,
        proxies: Sequence[Network] = (),
    ) -> None:
        self.hot = HotLane()
        self.desk = Desk()
        self.bodies = BodyRoom(proxies)
        self.persons = Persons(person_limit)
        self.lag_s = 0.0
        self.computed = self.waited = 0.0  # shares of the time: it computes, or waits for a processor
        self.is_flooded = False  # refusing does not keep up: nobody new is accepted
        self._hot_limit: float = _HOT_FIRST
        self._wanted_s = _HOT.wanted_s
        self._hot_in_flight = self._desk_in_flight = 0.0
        self._hot_rate = self._good_rate = self._shed_rate = self._desk_rate = 0.0
        self._shed_share = 0.0
        self._is_quiet = True
        chance = random.Random()  # noqa: S311 - jitter, not secrets
        self._chances = [chance.random() for _ in range(_CHANCES)]
        self._turn = 0
        self._freshness = freshness or Freshness()

    async def run(self) -> None:
        """Measure and move the limits until cancelled."""
        loop = asyncio.get_running_loop()
        before, processor = loop.time(), Processor()
        self._freshness.expect("admission")
        seen = (0, 0, 0, 0, 0)
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            now = loop.time()
            seconds = now - before
            before = now
            self.lag_s = smoothed(self.lag_s, max(0.0, seconds - _LOOK_EVERY_S), _SMOOTH)
            computed, waited = processor.shares(seconds)
            self.computed = smoothed(self.computed, computed, _SMOOTH)
            self.waited = smoothed(self.waited, waited, _SMOOTH)
            counts = (self.hot.done, self.hot.good, self._shed, self.desk.done, self.hot.told)
            self.measure([(new - old) / seconds for new, old in zip(counts, seen, strict=True)])
            seen = counts
            self._freshness.good("admission")

    def retry_after_s(self) -> int:
        """For one refusal: seconds, spread by chance."""
        self._turn = (self._turn + 1) % _CHANCES
        return retry_after_s(self._shed_share, self._chances[self._turn])

    def signal(self) -> Signal:
        """How this process does now."""
        return Signal(
            goodput_per_s=self._good_rate,
            latency_p99_ms=self.hot.p99_s() * 1000,
            limit=self.hot.limit,
            in_flight=self.hot.in_flight,
            waiting=self.desk.waiting,
            shed_per_s=self._shed_rate,
            lag_ms=self.lag_s * 1000,
        )

    @property
    def _shed(self) -> int:
        return self.hot.shed + sum(self.desk.shed.values())

    def measure(self, rates: list[float]) -> None:
        """Move rates and limits by what was done a second since the last look: hot, good, shed, at the desk, refusals sent."""
        done, good, shed, at_desk, told = rates
        self._hot_rate = smoothed(self._hot_rate, done, _SMOOTH)
        if self._hot_rate > 0:
            self._is_quiet = False
        elif not self._is_quiet:
            self._is_quiet = True
            self.hot.forget_times()
        self._good_rate = smoothed(self._good_rate, good, _SMOOTH)
        self._shed_rate = smoothed(self._shed_rate, shed, _SMOOTH)
        self._desk_rate = smoothed(self._desk_rate, at_desk, _SMOOTH)
        asked = self._hot_rate + self._desk_rate + self._shed_rate
        self._shed_share = self._shed_rate / asked if asked > 0 else 0.0
        hot, desk = self.hot, self.desk
        self._hot_in_flight = smoothed(self._hot_in_flight, hot.in_flight + hot.unknown, _SMOOTH)
        self._desk_in_flight = smoothed(self._desk_in_flight, desk.total, _SMOOTH)
        hot.told_per_s = next_told_per_s(
            hot.told_per_s,
            sent_per_s=told,
            done_per_s=self._hot_rate,
            lag_s=self.lag_s,
            is_short=is_short(self.computed, self.waited),
        )
        behind = is_behind(told_per_s=hot.told_per_s, lag_s=self.lag_s, took_s=hot.median_s(), shed=shed)
        self._wanted_s = next_wanted_s(self._wanted_s, is_behind=behind, bounds=_HOT)
        self.is_flooded = hot.held >= REFUSALS_HELD_MAX or (behind and self.lag_s > FLOOD_LAG_S)
        self._hot_limit = next_limit(
            self._hot_limit,
            rate_per_s=self._hot_rate,
            in_flight=self._hot_in_flight,
            most_in_flight=hot.most,
            bounds=bounds_when(self._wanted_s, _HOT),
        )
        hot.limit = int(self._hot_limit)
        hot.most = hot.in_flight
        if self.lag_s > _LAG_OK_S:
            desk.limit = max(_DESK.low, desk.limit * 0.8)
        else:
            desk.limit = next_limit(
                desk.limit,
                rate_per_s=self._desk_rate,
                in_flight=self._desk_in_flight,
                most_in_flight=desk.most,
                bounds=_DESK,
            )
        desk.most = desk.total
