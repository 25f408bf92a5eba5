"""The standing invariants, looked at in short steps: what was booked just now at once, everything else in turn.

A step is one statement with one snapshot over a bounded number of rows, so it needs no lock and sees each booking whole.
The time spent in a round is bounded: a small installation is looked through in every round, a large one takes as many
rounds as it needs, and gets more time for each when a day would not suffice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any, Final, cast
from uuid import UUID

from wenyue.monitoring.model import PassFacts
from wenyue.monitoring.store import load_pass, save_pass
from wenyue.platform.database.db import Tx, queries

BUDGET_S: Final = 0.3  # of each kind in a round: half a percent of the time
BUDGET_S_MAX: Final = 10.0
HURRY_AFTER: Final = timedelta(hours=12)  # a pass that takes longer than this gets the larger budget
WINDOWS_PER_STEP: Final = 20
BOOKINGS_PER_STEP: Final = 2_000
CARDS_PER_STEP: Final = 500
TOUCHED_BOOKINGS_MAX: Final = 2_000
TOUCHED_WINDOWS_MAX: Final = 200
DAYS_BACK: Final = 7
AGAIN_MAX: Final = 10
_WORDS_MAX: Final = 20
_NEW_S: Final = 150
_SQL: Final = queries("wenyue.monitoring", "sweep.sql")
_START_ID: Final = "00000000-0000-0000-0000-000000000000"


@dataclass(slots=True)
class _Found:
    rows: int = 0
    count: int = 0
    words: list[str] = field(default_factory=list[str])

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows += row[0]
        self.count += row[1]
        self.words += [word for word in row[2] if word not in self.words][: _WORDS_MAX - len(self.words)]


Place = dict[str, Any]
Step = Callable[[Tx, Place, _Found], Awaitable[tuple[Place | None, Place]]]


async def look_around(tx: Tx, now: datetime, name: str, *, budget_s: float = BUDGET_S) -> PassFacts:
    """One round of the pass `name` ("windows", "bookings" or "entitlements").

    First what was broken the last time, and, of the windows, those that were booked just now; then the next steps, as
    many as fit into the budget. The pass remembers its place in the database, so any monitor goes on with it.
    """
    began, found = perf_counter(), _Found()
    known, began_at, finished_at, rows = await load_pass(tx, name)
    place = cast(Place, known.get("at", {}))
    step = _STEPS[name](now.date() - timedelta(days=DAYS_BACK))
    again = await _look_again(tx, step, [*known.get("again", []), *await _fresh(tx, name, now)], found)
    if not place:
        began_at, rows = now, 0
    if now - began_at > HURRY_AFTER:
        budget_s = BUDGET_S_MAX
    while True:
        broken = found.count
        after, same = await step(tx, place, found)
        if found.count > broken and same not in again and len(again) < AGAIN_MAX:
            again.append(same)
        place = after or {}
        if after is None:
            finished_at = now
        if after is None or perf_counter() - began >= budget_s:
            break
    await save_pass(
        tx,
        name,
        place={"at": place, "again": again},
        began_at=began_at,
        finished_at=finished_at,
        rows=rows + found.rows,
    )
    return _facts(found, began_at, finished_at, began)


async def look_at_all(tx: Tx, now: datetime) -> PassFacts:
    """Every day, every booking and every card, without pause: for people, and for measuring."""
    began, found = perf_counter(), _Found()
    for make in _STEPS.values():
        step, place = make(date.min), cast(Place | None, {})
        while place is not None:
            place, _ = await step(tx, place, found)
    return _facts(found, now, now, began)


async def _look_again(tx: Tx, step: Step, places: list[Place], found: _Found) -> list[Place]:
    """Those of `places` in which something is (still) broken, at most AGAIN_MAX."""
    again: list[Place] = []
    for place in places:
        broken = found.count
        await step(tx, place, found)
        if found.count > broken and place not in again:
            again.append(place)
    return again[:AGAIN_MAX]


async def _fresh(tx: Tx, name: str, now: datetime) -> list[Place]:
    """Days of venues that bookings of the last minutes touch, at most TOUCHED_WINDOWS_MAX, as places of windows."""
    if name != "windows":
        return []
    last_ms = int(now.timestamp() * 1000)
    bounds: dict[str, object] = {
        "from_id": UUID(int=(last_ms - _NEW_S * 1000) << 80),
        "to_id": UUID(int=(last_ms + 60_000) << 80),
        "bookings": TOUCHED_BOOKINGS_MAX,
        "limit": TOUCHED_WINDOWS_MAX,
    }
    windows = await (await tx.execute(_SQL["touched"], bounds)).fetchall()
    return [
        _same_windows(windows[at : at + WINDOWS_PER_STEP]) for at in range(0, len(windows), WINDOWS_PER_STEP)
    ]


def _window_step(from_day: date) -> Step:
    async def step(tx: Tx, place: Place, found: _Found) -> tuple[Place | None, Place]:
        windows = [(venue, date.fromisoformat(day)) for venue, day in place.get("pairs", [])]
        if not windows:
            after: dict[str, object] = {
                "venue": place.get("venue", -1),
                "day": place.get("day", "0001-01-01"),
                "from_day": from_day,
                "limit": WINDOWS_PER_STEP,
            }
            windows = await (await tx.execute(_SQL["next_windows"], after)).fetchall()
        if windows:
            pairs: dict[str, object] = {
                "venues": [one[0] for one in windows],
                "days": [one[1] for one in windows],
            }
            [row] = await (await tx.execute(_SQL["window"], pairs)).fetchall()
            found.add(row)
        same = _same_windows(windows)
        if len(windows) < WINDOWS_PER_STEP:
            return None, same
        return {"venue": windows[-1][0], "day": windows[-1][1].isoformat()}, same

    return step


def _same_windows(windows: list[tuple[Any, ...]]) -> Place:
    return {"pairs": [[venue, day.isoformat()] for venue, day in windows]}


def _booking_step(_from_day: date) -> Step:
    async def step(tx: Tx, place: Place, found: _Found) -> tuple[Place | None, Place]:
        after: dict[str, object] = {"after": place.get("id", _START_ID), "limit": BOOKINGS_PER_STEP}
        [row] = await (await tx.execute(_SQL["bookings"], after)).fetchall()
        found.add(row)
        return ({"id": row[3]} if row[0] == BOOKINGS_PER_STEP else None), place

    return step


def _card_step(_from_day: date) -> Step:
    async def step(tx: Tx, place: Place, found: _Found) -> tuple[Place | None, Place]:
        after: dict[str, object] = {"after": place.get("card", 0), "limit": CARDS_PER_STEP}
        [row] = await (await tx.execute(_SQL["entitlements"], after)).fetchall()
        found.add(row)
        return ({"card": row[3]} if row[0] else None), place

    return step


_STEPS: Final[dict[str, Callable[[date], Step]]] = {
    "windows": _window_step,
    "bookings": _booking_step,
    "entitlements": _card_step,
}
PASSES: Final = tuple(_STEPS)


def _facts(found: _Found, began_at: datetime, finished_at: datetime | None, began: float) -> PassFacts:
    return PassFacts(
        broken=tuple(found.words),
        broken_count=found.count,
        rows=found.rows,
        finished_at=finished_at,
        began_at=began_at,
        took_ms=(perf_counter() - began) * 1000,
    )
