"""What is free at all venues, day by day: held by a process for seconds, so that lists are filtered without asking.

A day costs one statement for all venues, whose answer is two bytes for each. One runs at a time; where it takes long, the
process rests some times as long before the next, so that reading for lists never takes more than a share of the database.
What is shown of the venues on a page is asked for itself, with a deadline: where it is late, the page says nothing of dates.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, time
from functools import lru_cache
from time import monotonic
from typing import Any, Final, TypeVar

from msgspec import Struct
from psycopg import Error

from wenyue.booking.persistence.literals import array
from wenyue.booking.slots.availability import SlotState, slot_state
from wenyue.booking.slots.card_places import CardPlaces
from wenyue.catalogue.directory import Directory, Offer, read_directory
from wenyue.core.clock import at_local
from wenyue.core.limits import VISITORS_MAX
from wenyue.platform.database.db import Database, DatabaseDown, queries

PARTY_MAX: Final = VISITORS_MAX
OUTLOOK_FRESH_S: Final = 30.0  # what is older is read again when somebody asks next …
OUTLOOK_FRESH_FIRST_S: Final = 10.0  # … and the day that somebody chose
OUTLOOK_AGE_S_MAX: Final = 120.0  # what is older is not used
NO_QUARTER: Final = 255
_DAYS_MAX: Final = (
    80  # more than can be asked for: else whoever asks for all of them in turn has them read without rest
)
_SLOTS_OF_DAY_MAX: Final = 400_000
_SLOTS_OF_PAGE_MAX: Final = 20_000
_DAY_DEADLINE_MS: Final = 4_000
_PAGE_DEADLINE_MS: Final = 600
_PAGES_AT_ONCE: Final = 8
_CHEAP_S: Final = 0.05
_RESTS: Final = (
    9  # times as long as a costly reading took; once, while there are days of which nothing is known
)
_DIRECTORY_AGE_S: Final = 1.0
_DIRECTORY_AGE_S_MAX: Final = 10.0
_TIMEZONE: Final = "Asia/Shanghai"  # days of lists are of this clock
_SQL: Final = queries("wenyue.booking.slots", "outlook.sql")
_T = TypeVar("_T")


class DayRooms(Struct, frozen=True):
    """A day, a byte for each venue of the directory. Read at `read_at`; `at` is the same by the process's clock.

    `rooms`: of the best session, PARTY_MAX: as much or more. `quarters`: of an hour from midnight to the first free session.
    """

    rooms: bytes
    quarters: bytes
    read_at: datetime
    at: float

    def mask(self, party: int) -> int:
        """The venues that have room for a party."""
        return int.from_bytes(self.rooms.translate(_at_least(party)), "little")


class VenueDay(Struct, frozen=True):
    """A day of a venue for a party. Of the first session that has room: `slot_id`, `starts_at`, `left`, `capacity`.

    Prices (分) are from the least to the most of what has room, else of the day. `fitting`: how many sessions have room.
    `release_at`: the next instant at which more goes on sale.
    """

    on_date: date
    fitting: int
    slot_id: int | None
    last_slot_id: int | None
    product_id: int | None
    starts_at: datetime | None
    left: int | None
    capacity: int | None
    price_minor: int
    price_most_minor: int
    currency: str
    is_sold: bool
    is_open: bool
    release_at: datetime | None

    @property
    def state(self) -> SlotState:
        """The state of the first session that has room; without one, why there is none."""
        if self.slot_id is not None and self.left is not None and self.starts_at is not None:
            return slot_state(
                is_open=True, release_at=self.starts_at, closes_at=datetime.max.replace(tzinfo=self.starts_at.tzinfo),
                left=self.left, capacity=self.capacity or 0, now=self.starts_at,
            )  # fmt: skip
        if self.is_sold:
            return SlotState.FULL
        if self.release_at is not None:
            return SlotState.NOT_RELEASED
        return SlotState.ENDED if self.is_open else SlotState.CLOSED


class Outlook:
    """What one process knows of all venues' days."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db, self._clock = db, clock
        self._directory: Directory | None = None
        self._directory_at = self._directory_cost = 0.0
        self._literals: tuple[str, dict[str, object]] = ("", {})
        self._reading: asyncio.Task[Directory] | None = None
        self._days: dict[date, DayRooms] = {}
        self._wanted: dict[date, int] = {}
        self._filling: asyncio.Task[None] | None = None
        self._filled, self._hurry = asyncio.Event(), asyncio.Event()
        self._pages: set[asyncio.Task[Any]] = set()
        self.cards = CardPlaces()

    async def directory(self) -> Directory:
        """All venues as they were seconds ago at most. Raises DatabaseDown."""
        age = monotonic() - self._directory_at
        if self._directory is not None and age < _DIRECTORY_AGE_S + 20 * self._directory_cost:
            return self._directory
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_directory(), name="directory of venues")
            self._reading.add_done_callback(self._directory_read)
        if self._directory is not None and age < _DIRECTORY_AGE_S_MAX:
            return self._directory
        return await asyncio.shield(self._reading)

    async def days(
        self, wanted: Sequence[date], *, first: date | None, wait_s: float
    ) -> dict[date, DayRooms]:
        """What is known of these days; what is not waits for it, `wait_s` at most. `first` is read before the others."""
        self._want(wanted, first)
        try:
            async with asyncio.timeout(wait_s):
                while self._filling is not None and not all(map(self._is_usable, wanted)):
                    await self._filled.wait()
        except TimeoutError:
            pass
        return {day: self._days[day] for day in wanted if self._is_usable(day)}

    async def of_venues(
        self, venue_ids: Sequence[int], between: tuple[date, date], *, party: int, wait_s: float
    ) -> dict[int, list[VenueDay]] | None:
        """The days of a page's venues, by venue, each in order; None: it could not be read in time."""
        if not venue_ids:
            return {}
        if len(self._pages) >= _PAGES_AT_ONCE:
            return None
        return await self._in_time(
            self._read_venues(await self.directory(), venue_ids, between, party), wait_s
        )

    async def stop(self) -> None:
        """Let go of whatever is being read."""
        every: list[asyncio.Task[Any] | None] = [self._reading, self._filling, *self._pages]
        running: list[asyncio.Task[Any]] = [one for one in every if one is not None]
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _is_usable(self, day: date) -> bool:
        known = self._days.get(day)
        return known is not None and monotonic() - known.at < OUTLOOK_AGE_S_MAX

    def _want(self, wanted: Sequence[date], first: date | None) -> None:
        now = monotonic()
        for day in wanted[:_DAYS_MAX]:
            known = self._days.get(day)
            fresh_s = OUTLOOK_FRESH_FIRST_S if day == first else OUTLOOK_FRESH_S
            if known is None or now - known.at >= fresh_s:
                self._wanted[day] = 0 if day == first else self._wanted.get(day, 1)
        if first is not None and not self._is_usable(first):
            self._hurry.set()
        if self._filling is None:
            self._begin()

    def _begin(self) -> None:
        if self._wanted:
            self._filling = asyncio.create_task(self._fill(), name="outlook")
            self._filling.add_done_callback(self._fill_ended)

    async def _fill(self) -> None:
        while self._wanted:
            day = min(self._wanted, key=lambda one: (self._wanted[one], one))
            del self._wanted[day]
            began = monotonic()
            self._hurry.clear()
            await self._read_day(day)
            self._tell()
            cost = monotonic() - began
            if cost > _CHEAP_S:
                await self._rest(cost * (_RESTS if all(map(self._is_usable, self._wanted)) else 1))

    async def _rest(self, seconds: float) -> None:
        """Leave the database to others, but not while somebody waits for a day of which nothing is known."""
        try:
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        except TimeoutError:
            pass

    def _fill_ended(self, task: asyncio.Task[None]) -> None:
        self._filling = None
        if task.cancelled() or task.exception() is not None:
            self._wanted.clear()  # a database that is away or late: what is known stays, and ages
        self._begin()  # what was asked for between the last reading and this
        self._tell()

    def _tell(self) -> None:
        self._filled.set()
        self._filled = asyncio.Event()

    async def _read_day(self, day: date) -> None:
        directory, now = await self.directory(), self._clock()
        params = self._of_all(directory) | {
            "day": day, "now": now, "most": PARTY_MAX,
            "begins": at_local(day, time(0), _TIMEZONE), "limit": _SLOTS_OF_DAY_MAX,
        }  # fmt: skip
        async with self._db.reading() as tx:
            await tx.execute(_SQL["within"], {"ms": str(_DAY_DEADLINE_MS)})
            [(rooms, quarters)] = await (await tx.execute(_SQL["rooms_on_day"], params)).fetchall()
        if len(self._days) >= _DAYS_MAX and day not in self._days:
            del self._days[min(self._days, key=lambda one: self._days[one].at)]
        if self._directory is not None and self._directory.ids[: len(directory.ids)] == directory.ids:
            self._days[day] = DayRooms(bytes(rooms or b""), bytes(quarters or b""), now, monotonic())

    def _of_all(self, directory: Directory) -> dict[str, object]:
        """The parameters that name all venues and products, made once for a directory."""
        if self._literals[0] != directory.version:
            made = _offers(directory.offers) | {"venues": array(directory.ids)}
            self._literals = (directory.version, made)
        return self._literals[1]

    async def _read_directory(self) -> Directory:
        began = monotonic()
        async with self._db.reading() as tx:
            found = await read_directory(tx, self._directory)
        known = self._directory
        if known is not None and found.ids[: len(known.ids)] != known.ids:
            self._days.clear()  # a venue is gone: bytes stand for others now
        self._directory, self._directory_at = found, monotonic()
        self._directory_cost = self._directory_at - began
        return found

    def _directory_read(self, task: asyncio.Task[Directory]) -> None:
        self._reading = None
        if not task.cancelled():
            task.exception()  # said to whoever waits

    async def _read_venues(
        self, directory: Directory, venue_ids: Sequence[int], between: tuple[date, date], party: int
    ) -> dict[int, list[VenueDay]]:
        wanted = set(venue_ids)
        params = _offers([one for id_ in wanted for one in directory.offers_of.get(id_, ())]) | {
            "venues": array(wanted), "from": between[0], "to": between[1], "now": self._clock(), "party": party,
            "limit": _SLOTS_OF_PAGE_MAX,
        }  # fmt: skip
        found: dict[int, list[VenueDay]] = {one: [] for one in venue_ids}
        async with self._db.reading() as tx:
            await tx.execute(_SQL["within"], {"ms": str(_PAGE_DEADLINE_MS)})
            for row in await (await tx.execute(_SQL["days_of_venues"], params)).fetchall():
                found[row[0]].append(VenueDay(*row[1:]))
        return found

    async def _in_time(self, reading: Awaitable[_T], wait_s: float) -> _T | None:
        """What is read, None when it is late or the database is away. What is late goes on to its own end."""

        async def read() -> _T | None:
            try:
                return await reading
            except (Error, DatabaseDown, OSError):
                return None

        task = asyncio.create_task(read(), name="days of a page")
        self._pages.add(task)
        task.add_done_callback(self._pages.discard)
        done, _ = await asyncio.wait({task}, timeout=wait_s)
        return task.result() if done else None


def _offers(offers: Sequence[Offer]) -> dict[str, object]:
    return {"offers": array(one.id for one in offers), "units": array(str(one.is_unit) for one in offers)}


@lru_cache(maxsize=PARTY_MAX + 1)
def _at_least(party: int) -> bytes:
    return bytes(number >= party for number in range(256))
