"""The overloaded site: what is booked in it, and by whom. Beside the benchmark's own dataset, the session of the flash."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Final

import psycopg

from wenyue.platform.database.db import queries
from wenyue_lab.benchmark.dataset import DAYS, FULL_VENUE, Dataset, DatasetFault
from wenyue_lab.benchmark.overload.orders import Stream

_SQL: Final = queries("wenyue_lab.benchmark.overload", "flash.sql")
_SPARE: Final = 1.2  # a Poisson process makes a few more or less
_VENUES: Final = 20  # when the hot attraction's dates are used up, others follow


@dataclass(slots=True)
class Demand:
    """Makes streams of bookings in which nobody asks twice for the same place and day."""

    dataset: Dataset
    cards: int  # of ordinary requests; those of the flash come after them
    flash_cards: int
    members: int = 1  # load processes, each of which has its share of the cards
    _number: int = 0
    _slots: tuple[int, ...] = ()
    _flash_pool: int = 0

    def ordinary(self, *pieces: tuple[float, float]) -> Stream:
        """Bookings of one session that has room for everybody; when every person has asked, of the next one."""
        if not self._slots:
            self._slots = self._all_slots()
        each = sum(seconds * rate for seconds, rate in pieces) / self.members
        if self._number + _SPARE * each > len(self._slots) * (self.cards // self.members):
            raise DatasetFault("every card holder has asked for every session: give the run more cards")
        return Stream("ordinary", pieces, 1, self.cards, self._slots, first_number=self._number)

    def used(self, number: int) -> None:
        """Every load process has made its requests up to `number`."""
        self._number = number

    def noop(self, seconds: float, rate_per_s: float) -> Stream:
        """Requests of the same size that decide nothing."""
        slots = self.ordinary().slots
        return Stream("noop", ((seconds, rate_per_s),), 1, self.cards, slots, path="/v1/noop")

    def flash(self, places: int, rush: float, after_s: float) -> Stream:
        """`places` of a new session, asked for by `rush` times as many people in the second of their release."""
        with psycopg.connect(self.dataset.server.owner_url, autocommit=True) as connection:
            facts = {"venue": FULL_VENUE, "day": self.dataset.first_day + timedelta(days=1), "places": places}
            self._flash_pool = _number_of(connection.execute(_SQL["flash_pool"], facts).fetchone())
            slot = _number_of(connection.execute(_SQL["flash_slot"], {"pool": self._flash_pool}).fetchone())
        return Stream(
            "flash", ((1.0, places * rush),), 1 + self.cards, self.flash_cards, (slot,), after_s=after_s
        )

    def release(self, flash: Stream, starts_at: float) -> None:
        """The flash's session is released in the instant when its requests begin to come."""
        at = datetime.now(UTC) + timedelta(seconds=starts_at + flash.after_s - perf_counter())
        with psycopg.connect(self.dataset.server.owner_url, autocommit=True) as connection:
            connection.execute(_SQL["release"], {"at": at, "slot": flash.slots[0]})

    def flash_given(self) -> int:
        """Places of the flash's session that the database says are given."""
        with psycopg.connect(self.dataset.server.owner_url, autocommit=True) as connection:
            return _number_of(connection.execute(_SQL["places_given"], {"pool": self._flash_pool}).fetchone())

    def _all_slots(self) -> tuple[int, ...]:
        hot = [self.dataset.slots(day, "hot")[0] for day in range(DAYS)]
        spread = [self.dataset.slots(day, "spread") for day in range(DAYS)]
        return (*hot, *(slots[venue] for venue in range(_VENUES) for slots in spread))


def _number_of(row: tuple[int, ...] | None) -> int:
    if row is None:
        raise DatasetFault("the flash's session was not stored")
    return int(row[0])
