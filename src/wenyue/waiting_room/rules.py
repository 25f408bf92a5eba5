"""Who is before whom, and how fast the room opens. Pure; everybody can compute the same from what is published.

The order, exactly: a *code* is 16 characters (Crockford Base32) that the traveller sees; the *seed* is 32 bytes whose SHA-256 was
published when the room was opened; rank = the first 6 bytes, big-endian, of HMAC-SHA256(key = seed, message = the code in
ASCII). Epoch 0 is everybody who came before the release; epoch n (from 1) is the n-th stretch of `epoch_s` seconds after
it. Smaller epoch first, then smaller rank.
"""

import hashlib
import hmac
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from wenyue.core.figures import smoothed
from wenyue.waiting_room.model import (
    RANK_BITS,
    RANK_END,
    Advance,
    Crowd,
    Exchange,
    KeeperFacts,
    LoadSignal,
    Place,
    Room,
    RoomState,
    Step,
    Why,
)

SETTLE_S: Final = (
    3.0  # an epoch counts as complete so long after its end: its last arrivals are written by then
)
LATENCY_MS_MAX: Final = 1_000.0
IDLE_PER_S: Final = 1.0
SHED_SHARE_MAX: Final = 0.02
COLLAPSE_SHARE: Final = 0.5
RATE_START: Final = 20.0  # people a second, when the room opens
RATE_MIN: Final = 1.0
RATE_GROWTH_PER_S: Final = 0.10
RATE_CUT: Final = 0.5
PACE_MEMORY: Final = 0.8
BEST_MEMORY: Final = 0.99
ELAPSED_S_MAX: Final = 2.0  # a keeper that was away does not catch up at once
SIGNAL_AGE_S_MAX: Final = 5.0
KNOTS_MAX: Final = 64
CLOCK_SKEW_S: Final = 5.0  # between the keeper's clock and that of a web process
FINDINGS_MAX: Final = 100
_RANK_BYTES: Final = RANK_BITS // 8


def commitment_of(seed: bytes) -> bytes:
    """What is published when the room is opened."""
    return hashlib.sha256(seed).digest()


def rank_of(seed: bytes, code: str) -> int:
    """The rank of a code under a seed: 0 to 2**48 - 1."""
    return int.from_bytes(hmac.digest(seed, code.encode("ascii"), "sha256")[:_RANK_BYTES], "big")


def epoch_at(now: datetime, release_at: datetime, epoch_s: int) -> int:
    """The epoch of somebody who arrives now: 0 before the release."""
    if now < release_at:
        return 0
    return 1 + int((now - release_at).total_seconds() // epoch_s)


def state_of(room: Room) -> RoomState:
    """What a visitor reads."""
    if room.closed_at is not None:
        return RoomState.CLOSED
    if room.released_at is None:
        return RoomState.WAITING
    if room.is_paused:
        return RoomState.PAUSED
    return RoomState.SOLD_OUT if room.places_left == 0 else RoomState.OPEN


def people_before(crowd: Crowd, place: Place) -> float:
    """How many stand before `place`: exact between epochs, expected within one (ranks are evenly spread)."""
    before = 0.0
    for epoch, people in crowd.epochs:
        if epoch < place.epoch:
            before += people
        elif epoch == place.epoch:
            before += people * place.rank / RANK_END
    return before


def place_after(crowd: Crowd, people: float, cap: Place) -> Place:
    """The place before which `people` stand, at most `cap`."""
    before = 0.0
    for epoch, here in crowd.epochs:
        if people < before + here:
            return min(cap, Place(epoch, int((people - before) / here * RANK_END)))
        before += here
    return cap


def total_load(signals: Iterable[tuple[datetime, LoadSignal]], now: datetime) -> LoadSignal | None:
    """The fresh signals of all web processes as one: sums, and the slowest; None when none is fresh."""
    oldest = now - timedelta(seconds=SIGNAL_AGE_S_MAX)
    fresh = [signal for at, signal in signals if at >= oldest]
    if not fresh:
        return None
    return LoadSignal(
        goodput_per_s=sum(one.goodput_per_s for one in fresh),
        latency_p99_ms=max(one.latency_p99_ms for one in fresh),
        limit=sum(one.limit for one in fresh),
        in_flight=sum(one.in_flight for one in fresh),
        waiting=sum(one.waiting for one in fresh),
        shed_per_s=sum(one.shed_per_s for one in fresh),
    )


def trouble_of(load: LoadSignal | None, goodput_best: float) -> Why | None:
    """Why nobody more should come in now, or None when the system is well.

    Latency is measured over the last requests, however long ago they were: while nobody asks, it says nothing.
    """
    if load is None:
        return Why.NO_SIGNAL
    is_idle = load.in_flight == 0 and load.waiting == 0 and load.goodput_per_s < IDLE_PER_S
    if load.latency_p99_ms > LATENCY_MS_MAX and not is_idle:
        return Why.SLOW
    if load.shed_per_s > SHED_SHARE_MAX * (load.goodput_per_s + load.shed_per_s) and load.shed_per_s >= 1.0:
        return Why.SHEDDING
    if load.waiting > 0 and load.goodput_per_s < COLLAPSE_SHARE * goodput_best:
        return Why.COLLAPSING
    return None


def advance(facts: KeeperFacts) -> Advance:
    """The next threshold. It never falls, and it rises only after the release, unpaused, while the system is well.

    The rate grows by a tenth a second while it is used and the system is well, and is halved at the first sign of
    trouble: additive caution is not needed, since a threshold that stands still costs only time.
    """
    best = smoothed(facts.goodput_best, 0.0, 1 - BEST_MEMORY)
    if facts.load is not None:
        best = max(best, facts.load.goodput_per_s)
    fading = smoothed(facts.pace, 0.0, 1 - PACE_MEMORY)
    still = Advance(facts.threshold, facts.rate, fading, best, Why.NOT_RELEASED)
    if facts.released_at is None:
        return still
    if facts.is_paused:
        return _because(still, Why.PAUSED)
    if facts.places_left == 0:
        return _because(still, Why.SOLD_OUT)
    trouble = trouble_of(facts.load, facts.goodput_best)
    rate = facts.rate or min(RATE_START, facts.rate_max)
    if trouble is not None:
        return _because(still, trouble, rate=max(RATE_MIN, rate * RATE_CUT))
    elapsed_s = _elapsed_s(facts)
    settled = facts.now - timedelta(seconds=SETTLE_S)
    cap = Place(epoch_at(settled, facts.release_at, facts.epoch_s))
    before = people_before(facts.crowd, facts.threshold)
    wanted = place_after(facts.crowd, before + rate * elapsed_s, cap)
    threshold = max(facts.threshold, wanted)
    came_in = people_before(facts.crowd, threshold) - before
    pace = facts.pace
    if elapsed_s > 0:
        pace = smoothed(pace, came_in / elapsed_s, 1 - PACE_MEMORY)
    if threshold >= cap:
        return Advance(threshold, rate, pace, best, Why.ALL_IN)
    grown = min(facts.rate_max, rate * (1 + RATE_GROWTH_PER_S * elapsed_s))
    return Advance(threshold, grown, pace, best, Why.RISING)


def _because(still: Advance, why: Why, *, rate: float | None = None) -> Advance:
    return Advance(still.threshold, still.rate if rate is None else rate, still.pace, still.goodput_best, why)


def _elapsed_s(facts: KeeperFacts) -> float:
    since = facts.released_at if facts.kept_at is None else facts.kept_at
    if since is None:
        return 0.0
    return min(ELAPSED_S_MAX, max(0.0, (facts.now - since).total_seconds()))


def knots(crowd: Crowd) -> list[tuple[int, int]]:
    """The crowd for the public file: (epoch, people who came before it), at most KNOTS_MAX; straight lines in between.

    The last knot stands behind the last epoch and so holds everybody; epoch 0 and everybody are exact.
    """
    points: list[tuple[int, int]] = [(0, 0)]
    before = 0
    for epoch, people in crowd.epochs:
        if epoch > points[-1][0]:
            points.append((epoch, before))
        before += people
        points.append((epoch + 1, before))
    if len(points) <= KNOTS_MAX:
        return points
    kept = points[:2]
    inner = points[2:-1]
    pace = len(inner) / (KNOTS_MAX - 3)
    kept += [inner[int(number * pace)] for number in range(KNOTS_MAX - 3)]
    return [*kept, points[-1]]


def position(points: Sequence[tuple[int, int]], place: Place) -> float:
    """People before `place` as a browser computes it from the knots of the public file."""
    if place.epoch >= points[-1][0]:
        return float(points[-1][1])
    at = place.epoch + place.rank / RANK_END
    for (left, before), (right, after) in pairwise(points):
        if at < right:
            return before + (after - before) * (at - left) / (right - left)
    return float(points[-1][1])


def find_cheats(
    *,
    seed: bytes,
    commitment: bytes,
    release_at: datetime,
    steps: Sequence[Step],
    exchanges: Iterable[Exchange],
) -> list[str]:
    """Everything that is not as promised, in words, at most FINDINGS_MAX; empty when the room was fair.

    `steps` in the order in which they were written; `exchanges` in any order, read once.
    """
    found: list[str] = []
    if commitment_of(seed) != commitment:
        found.append("the seed is not the one that was promised: its SHA-256 is not the commitment")
    for before, after in pairwise(steps):
        if after.threshold < before.threshold:
            found.append(f"the threshold fell from {_say(before.threshold)} to {_say(after.threshold)}")
        if after.at < before.at:
            found.append(f"the record of the threshold is not in order at {after.at.isoformat()}")
    if steps and steps[0].at < release_at:
        found.append(f"people were let in at {steps[0].at.isoformat()}, before the release")
    instants, known = [step.at for step in steps], {step.threshold for step in steps}
    for one in exchanges:
        if len(found) >= FINDINGS_MAX:
            break
        if one.threshold not in known:
            found.append(f"{one.code}: the threshold {_say(one.threshold)} was never in force")
            continue
        found += _cheats_of(one, seed, steps, instants)
    return found[:FINDINGS_MAX]


def _cheats_of(
    one: Exchange, seed: bytes, steps: Sequence[Step], instants: Sequence[datetime]
) -> Iterable[str]:
    if one.place.epoch < 0 or not one.code.isascii() or rank_of(seed, one.code) != one.place.rank:
        yield f"{one.code}: rank {one.place.rank} is not what the seed gives"
    if not one.place < one.threshold:
        yield f"{one.code}: let in at {_say(one.place)}, which is not before the threshold {_say(one.threshold)}"
    in_force = _threshold_at(one.at + timedelta(seconds=CLOCK_SKEW_S), steps, instants)
    if in_force < one.threshold or not one.place < in_force:
        yield (
            f"{one.code}: let in at {one.at.isoformat()} under the threshold {_say(one.threshold)},"
            f" but {_say(in_force)} was in force"
        )


def _threshold_at(at: datetime, steps: Sequence[Step], instants: Sequence[datetime]) -> Place:
    before = bisect_right(instants, at)
    return steps[before - 1].threshold if before else Place()


def _say(place: Place) -> str:
    return f"({place.epoch}, {place.rank})"
