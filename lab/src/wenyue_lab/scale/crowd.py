"""Millions of people at one release, second by second: who comes, who looks, who is let in, who books. Pure; one seed, one run.

People are counted, not kept: a second's draws are binomial or Poisson with the right mean and spread (exact for small
numbers, normal for large ones), so ten million cost no more than ten thousand. Positions are random among the early and
in order of arrival afterwards, as in the room; the rate follows the room's own growth.
"""

from collections import deque
from dataclasses import dataclass, field
from math import exp, log, sqrt
from random import Random
from typing import Final

from wenyue_lab.scale.model import Release, Second, Story

RATE_START: Final = 20.0  # as the room: tests/lab/scale/test_plan.py holds them together
RATE_GROWTH_PER_S: Final = 0.10
SETTLE_S: Final = 5  # the room lets in whom it knows; the last seconds' arrivals are not counted yet
_EXACT_MAX: Final = 50  # below, draws are exact
_HERD_S: Final = 5  # whoever reloads at the release does so within these seconds
_AFTER_S_MAX: Final = 6 * 3600
_TAIL_S: Final = 120  # shown after the last person has left
_HORIZON: Final = 5  # thinking times are cut at so many means
PERCENTILES: Final = (1, 10, 50, 90, 99)


@dataclass(slots=True)
class _Sale:
    """Where everybody is now."""

    release: Release
    chance: Random
    waiting: int = 0
    ahead: int = 0  # the first so many of the queue were let in
    queue: int = 0  # everybody who ever took a place
    inside: deque[int] = field(default_factory=deque[int])  # by seconds until they book
    left: float = 0.0  # places
    rate: float = 0.0
    booked: int = 0
    refused: int = 0
    missed: int = 0
    let_in: int = 0
    turned_away: int = 0
    sold_out_at_s: int | None = None
    waits: dict[int, int] = field(default_factory=dict[int, int])
    late: deque[tuple[int, int]] = field(
        default_factory=deque[tuple[int, int]]
    )  # (arrival second, people not let in)
    late_people: int = 0  # their sum
    newest: deque[int] = field(
        default_factory=lambda: deque([0] * SETTLE_S, SETTLE_S)
    )  # arrivals of the last seconds


def simulate(release: Release) -> Story:
    """Play the release from the first visitor to the last."""
    sale = _Sale(release, Random(release.seed), left=float(release.places))  # noqa: S311 - a simulation
    first_s = -round(release.minutes_before * 60)
    early = round(release.visitors * release.early) if first_s < 0 else 0
    coming = [*_early_arrivals(early, first_s, sale.chance)]
    after = _Poured(release.visitors - early)
    seconds: list[Second] = []
    quiet = 0
    at_s = first_s
    while at_s < _AFTER_S_MAX and quiet < _TAIL_S:
        arrivals = coming[at_s - first_s] if at_s < 0 else after.take(_late_share(release), sale.chance)
        seconds.append(_second(sale, at_s, arrivals))
        is_over = at_s > 0 and not sale.waiting and not any(sale.inside) and not after.left
        quiet = quiet + 1 if is_over else 0
        at_s += 1
    return Story(
        seconds=tuple(seconds),
        booked=sale.booked,
        sold=round(release.places - sale.left),
        refused=sale.refused,
        let_in=sale.let_in,
        missed=sale.missed,
        turned_away=sale.turned_away,
        sold_out_at_s=sale.sold_out_at_s,
        waits_s=_percentiles(sale.waits),
    )


@dataclass(slots=True)
class _Poured:
    """People who are still to come."""

    left: int

    def take(self, share: float, chance: Random) -> int:
        """Those of them who come in this second; the last few together."""
        taken = self.left if self.left <= 2 else draw(chance, self.left, share)
        self.left -= taken
        return taken


def _early_arrivals(people: int, first_s: int, chance: Random) -> list[int]:
    """Arrivals of the seconds before the release: ever more, the last tenth of the time brings a third."""
    length = -first_s
    weights = [exp(4.0 * second / length) for second in range(length)]
    left, weight = people, sum(weights)
    out: list[int] = []
    for one in weights:
        taken = left if len(out) == length - 1 else draw(chance, left, min(1.0, one / weight))
        out.append(taken)
        left, weight = left - taken, weight - one
    return out


def _late_share(release: Release) -> float:
    return 1 - exp(-1 / (release.late_minutes * 60))


def _second(sale: _Sale, at_s: int, arrivals: int) -> Second:
    """One second: people come, look, are let in, think, book or leave."""
    release, chance = sale.release, sale.chance
    is_sold_out = sale.sold_out_at_s is not None
    sale.waiting += arrivals
    sale.queue += arrivals
    if at_s >= 0:
        sale.newest.append(arrivals)
        sale.late.append((at_s, arrivals))
        sale.late_people += arrivals
    polls = poisson(chance, sale.waiting / release.poll_s)
    herd = release.herd * sale.waiting / _HERD_S if 0 <= at_s < _HERD_S else 0.0
    reloads = poisson(chance, herd)
    let_in = 0
    if at_s >= 0 and not is_sold_out:
        let_in = _let_in(sale, at_s)
    bookings, refused = _book(sale, let_in, at_s)
    if is_sold_out:
        leaving = draw(chance, sale.waiting, 1 - exp(-1 / (release.poll_s / 2 + release.told_s)))
        leaving = sale.waiting if sale.waiting <= 2 else leaving
        sale.waiting -= leaving
        sale.turned_away += leaving
    reads = poisson(chance, let_in * release.reads)
    return Second(at_s, sale.waiting, polls, arrivals, reloads, let_in, reads, bookings, refused)


def _let_in(sale: _Sale, at_s: int) -> int:
    """Raise the threshold by this second's rate. Returns who came in: those who had gone used up a part of the rate."""
    release = sale.release
    sale.rate = min(release.rate_max, sale.rate * (1 + RATE_GROWTH_PER_S) if sale.rate else RATE_START)
    turn = max(0, min(round(sale.rate), sale.queue - sale.ahead - sum(sale.newest)))
    gone = draw(sale.chance, turn, release.gone)
    came = turn - gone
    _note_waits(sale, at_s, turn)
    sale.ahead += turn
    sale.waiting -= turn
    sale.let_in += came
    sale.missed += gone
    return came


def _note_waits(sale: _Sale, at_s: int, turn: int) -> None:
    """The early have waited since the release, the late since they came."""
    early = max(0, min(turn, sale.queue - sale.late_people - sale.ahead))
    if early:
        sale.waits[at_s] = sale.waits.get(at_s, 0) + early
    turn -= early
    while turn > 0 and sale.late:
        came_at, people = sale.late[0]
        taken = min(turn, people)
        sale.waits[at_s - came_at] = sale.waits.get(at_s - came_at, 0) + taken
        turn -= taken
        sale.late_people -= taken
        if taken == people:
            sale.late.popleft()
        else:
            sale.late[0] = (came_at, people - taken)


def _book(sale: _Sale, came: int, at_s: int) -> tuple[int, int]:
    """Whoever came in books after a while, or never; the last places end it. Returns (bookings, refused as sold out)."""
    release = sale.release
    horizon = max(1, round(_HORIZON * release.thinking_s))
    while len(sale.inside) < horizon:
        sale.inside.append(0)
    _think(sale, draw(sale.chance, came, release.books), horizon)
    trying = sale.inside.popleft()
    able = min(trying, int(sale.left / release.guests))
    sale.left -= able * release.guests
    sale.booked += able
    sale.refused += trying - able
    if sale.sold_out_at_s is None and at_s >= 0 and sale.left < release.guests:
        sale.sold_out_at_s = at_s
    return able, trying - able


def _think(sale: _Sale, people: int, horizon: int) -> None:
    """Spread people over the seconds in which they will book: exponential, cut at the horizon."""
    step = 1 - exp(-1 / sale.release.thinking_s)
    for second in range(horizon):
        if people <= 0:
            return
        taken = people if second == horizon - 1 else draw(sale.chance, people, step)
        sale.inside[second] += taken
        people -= taken


def _percentiles(waits: dict[int, int]) -> dict[int, float]:
    total, out, seen = sum(waits.values()), dict[int, float](), 0
    wanted = list(PERCENTILES)
    for wait in sorted(waits):
        seen += waits[wait]
        while wanted and seen >= total * wanted[0] / 100:
            out[wanted.pop(0)] = float(wait)
    return out


def poisson(chance: Random, mean: float) -> int:
    """A Poisson draw: exact below 50, normal above."""
    if mean <= 0:
        return 0
    if mean > _EXACT_MAX:
        return max(0, round(chance.gauss(mean, sqrt(mean))))
    count, passed = 0, -log(1 - chance.random())
    while passed < mean:
        count += 1
        passed -= log(1 - chance.random())
    return count


def draw(chance: Random, people: int, share: float) -> int:
    """A binomial draw: exact for few people, Poisson for few hits, normal for many."""
    if people <= 0 or share <= 0:
        return 0
    if share >= 1:
        return people
    if people <= _EXACT_MAX:
        return sum(chance.random() < share for _ in range(people))
    mean = people * share
    if mean < _EXACT_MAX:
        return min(people, poisson(chance, mean))
    return max(0, min(people, round(chance.gauss(mean, sqrt(mean * (1 - share))))))
