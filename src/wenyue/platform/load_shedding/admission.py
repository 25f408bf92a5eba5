"""Admission: what one process takes on, and what it refuses at once because it could not answer in time.

Two lanes, so that neither can starve the other: the `hot` lane (`load_shedding.hot_lane`: new bookings, which the engine commits
together) and the `desk` (`load_shedding.desk`) for everything else. Here both limits follow what the process is measured to
finish. One event loop only.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wenyue.core.admission import (
    FLOOD_LAG_S,
    Bounds,
    PersonLimit,
    bounds_when,
    is_behind,
    is_short,
    next_limit,
    next_told_per_s,
    next_wanted_s,
    retry_after_s,
)
from wenyue.core.figures import smoothed
from wenyue.core.limits import (
    DESK_LIMIT_MAX,
    HOT_LIMIT_MAX,
    HOT_WANTED_S,
    REFUSALS_HELD_MAX,
)
from wenyue.platform.addresses import Network
from wenyue.platform.database.freshness import Freshness
from wenyue.platform.http.bodies import BodyRoom
from wenyue.platform.load_shedding.desk import Desk
from wenyue.platform.load_shedding.hot_lane import HOT_FIRST, HotLane
from wenyue.platform.load_shedding.persons import Persons
from wenyue.platform.load_shedding.processor import Processor

_LOOK_EVERY_S: Final = 0.25
_SMOOTH: Final = 0.4  # weight of the newest period in a rate
_HOT: Final = Bounds(low=200, high=HOT_LIMIT_MAX, wanted_s=HOT_WANTED_S)
_DESK: Final = Bounds(low=8, high=DESK_LIMIT_MAX, wanted_s=0.25)
_LAG_OK_S: Final = 0.05  # of the event loop; beyond it pages are what is put off
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
        self._hot_limit: float = HOT_FIRST
        self._wanted_s = _HOT.wanted_s
        self._hot_in_flight = self._desk_in_flight = 0.0
        self._hot_rate = self._good_rate = self._shed_rate = self._desk_rate = 0.0
        self._shed_share = 0.0
        self._is_quiet = True
        chance = random.Random()  # noqa: S311 - jitter, not secrets
        self._chances = [chance.random() for _ in range(_CHANCES)]
        self._turn = 0
        self._freshness = freshness or Freshness()

    async def move_limits(self) -> None:
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
