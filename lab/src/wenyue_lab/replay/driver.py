"""Driving the events through the service, day by day, and comparing every answer with the naive model's."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from datetime import time as wall_time
from itertools import groupby
from threading import BoundedSemaphore
from typing import Final
from uuid import UUID

from wenyue.core.clock import at_local
from wenyue.core.ids import uuid7
from wenyue.core.limits import AVAILABILITY_DAYS_MAX, OPEN_HOLDS_PER_HOLDER_MAX
from wenyue.imports.bookings import ImportMap, Reservation, dates_of
from wenyue_lab.replay.client import Client, Reply
from wenyue_lab.replay.hotel import Hotel
from wenyue_lab.replay.model import Demand, Event, Figures, Occupancy, Phase
from wenyue_lab.replay.naive import NaiveHotel
from wenyue_lab.replay.rules import split_day
from wenyue_lab.replay.serving import VirtualClock

AT_ONCE_MAX: Final = 8
FREED_PLACES_SHOW_WITHIN_S: Final = 1.5  # the promise is a second; the rest is this machine's
_ASK_AGAIN_S: Final = 0.05
_DIFFERENCES_MAX: Final = 200
_HOURS: Final = {
    Phase.EARLIER_CANCELLED: 6,
    Phase.BOOKED: 7,
    Phase.SAME_DAY_CANCELLED: 8,
    Phase.ARRIVED: 15,
    Phase.NO_SHOW: 23,
}

Progress = Callable[[int, int], None]  # events done, events in all


class Replay:
    """One replay of one file's demand."""

    def __init__(
        self, chosen: ImportMap, hotel: Hotel, clock: VirtualClock, client: Client, capacity: int
    ) -> None:
        self._map, self._hotel, self._clock, self._client = chosen, hotel, clock, client
        self._naive = NaiveHotel(capacity)
        self._acknowledged: Counter[date] = (
            Counter()
        )  # rooms that the service says it gave, minus what it took back
        self._oversold: set[date] = set()
        self._refused_nights: Counter[date] = Counter()
        self._no_show_nights: Counter[date] = Counter()
        self._ids: dict[int, UUID] = {}
        self._holds = BoundedSemaphore(OPEN_HOLDS_PER_HOLDER_MAX)
        self.figures = Figures(capacity=capacity)

    def drive_events(self, demand: Demand, progress: Progress, *, day_s: float = 0.0) -> Figures:
        """Drive every event. `day_s`: real seconds that a virtual day takes at least (0: as fast as it goes)."""
        started = time.monotonic()
        figures = self.figures
        figures.rows, figures.unreadable, figures.day_uses = demand.rows, demand.unreadable, demand.day_uses
        figures.dates_mended = demand.dates_mended
        figures.first_day, figures.last_day = demand.events[0].on_day, demand.events[-1].on_day
        done = 0
        month = 0
        with ThreadPoolExecutor(AT_ONCE_MAX) as pool:
            for day, of_day in groupby(demand.events, key=lambda event: event.on_day):
                until = time.monotonic() + day_s
                events = list(of_day)
                if day.month != month:
                    month = day.month
                    self._set_clock(day, Phase.EARLIER_CANCELLED)
                    self._compare_availability(day)
                self._drive_day(day, events, pool)
                done += len(events)
                progress(done, len(demand.events))
                time.sleep(max(0.0, until - time.monotonic()))
        figures.seconds = time.monotonic() - started
        return self._sum_up()

    def occupancy(self) -> Occupancy:
        """Rooms per night at the end."""
        return Occupancy(
            self.figures.capacity, Counter(self._naive.taken), self._refused_nights, self._no_show_nights
        )

    def compare_counters(self, broken: Sequence[tuple[int, ...]], left: dict[date, int]) -> None:
        """The database's own counters against the bookings (I2) and against the naive model."""
        for pool in broken:
            self._differ(
                f"pool {pool[0]}: counters (held, sold) {pool[2:4]}, but its bookings add up to {pool[4:]}"
            )
        for night, places in left.items():
            self.figures.figures_compared += 1
            if places != self._naive.left(night):
                self._differ(
                    f"night {night}: the database has {places} left, the model {self._naive.left(night)}"
                )
            if places < 0:
                self._oversold.add(night)
        self.figures.oversold_nights = len(self._oversold)

    # ------------------------------------------------------------------------------------------ one day

    def _drive_day(self, day: date, events: list[Event], pool: ThreadPoolExecutor) -> None:
        for phase, of_phase in groupby(events, key=lambda event: event.phase):
            stays = [event.reservation for event in of_phase]
            self._set_clock(day, phase)
            match phase:
                case Phase.BOOKED:
                    self._book_all(stays, pool)
                case Phase.EARLIER_CANCELLED | Phase.SAME_DAY_CANCELLED:
                    self._cancel_all(stays, pool)
                case Phase.ARRIVED:
                    self.figures.arrived += sum(one.row in self._naive.booked for one in stays)
                case Phase.NO_SHOW:
                    self._miss([one for one in stays if one.row in self._naive.booked])

    def _book_all(self, stays: Sequence[Reservation], pool: ThreadPoolExecutor) -> None:
        for one in stays:
            self._name(one)
        free, ordered = split_day(stays, self._naive.taken, self._naive.capacity)
        for one, (reply, is_late) in zip(free, pool.map(self._ask, free), strict=True):
            self._settle_booking(one, reply, is_had=self._naive.book(one), is_late=is_late)
        for one in ordered:
            is_had = self._naive.book(one)
            reply, is_late = self._ask(one, is_had=is_had)
            self._settle_booking(one, reply, is_had=is_had, is_late=is_late)

    def _cancel_all(self, stays: Sequence[Reservation], pool: ThreadPoolExecutor) -> None:
        had = [one for one in stays if self._naive.cancel(one)]
        self.figures.never_had += len(stays) - len(had)
        for one, reply in zip(had, pool.map(self._cancel, had), strict=True):
            self.figures.compared += 1
            self.figures.cancelled += 1
            self.figures.revenue_minor -= one.total_minor
            if reply.is_success:
                self._acknowledge(one, -one.quantity)
            else:
                self._differ(f"row {one.row}: cancelling was answered {reply.status} {reply.outcome}")

    def _set_clock(self, day: date, phase: Phase) -> None:
        self._clock.now = at_local(day, wall_time(_HOURS[phase]), self._map.venue.timezone)

    def _ask(self, one: Reservation, *, is_had: bool = True) -> tuple[Reply, bool]:
        """Book over HTTP; True with it when a freed place was offered late. Runs in threads: changes nothing here.

        A "sold out" may come from memory for up to a second after a cancellation; then the place must be there.
        """
        reply = self._book(one)
        if not is_had or reply.outcome != "sold_out":
            return reply, False
        end = time.monotonic() + FREED_PLACES_SHOW_WITHIN_S
        while reply.outcome == "sold_out" and time.monotonic() < end:
            time.sleep(_ASK_AGAIN_S)
            reply = self._book(one)
        return reply, True

    def _book(self, one: Reservation) -> Reply:
        slot_ids = [self._hotel.slots[night] for night in dates_of(one)]
        price_minor = self._map.replay.slot_price_minor
        with self._holds:  # places that cost money are held first, and one account has few holds at once
            reply = self._client.book(self._ids[one.row], slot_ids, one.quantity, price_minor=price_minor)
            return self._client.confirm(self._ids[one.row]) if reply.outcome == "held" else reply

    def _cancel(self, one: Reservation) -> Reply:
        return self._client.cancel(self._ids[one.row])

    def _name(self, one: Reservation) -> None:
        """Mint the client's id of a booking; the same in every replay of the file."""
        entropy = hashlib.sha256(f"{self._map.source}:{one.row}".encode()).digest()
        self._ids[one.row] = uuid7(int(self._clock.now.timestamp() * 1000), entropy)

    def _settle_booking(self, one: Reservation, reply: Reply, *, is_had: bool, is_late: bool) -> None:
        """The service's answer against the model's, and what it comes to."""
        figures = self.figures
        figures.asked += 1
        figures.compared += 1
        figures.asked_again += is_late
        wanted = "confirmed" if is_had else "sold_out"
        if reply.outcome != wanted:
            self._differ(
                f"row {one.row}: the service says {reply.status} {reply.outcome}, the model {wanted}"
            )
        price = one.nights * one.quantity * self._map.replay.slot_price_minor
        if reply.is_success:
            self._acknowledge(one, one.quantity)
            if reply.body.get("total_minor") != price:
                self._differ(
                    f"row {one.row}: the service charges {reply.body.get('total_minor')}, not {price}"
                )
        if is_had:
            figures.accepted += 1
            figures.revenue_minor += one.total_minor
            return
        figures.refused += 1
        figures.nights_refused += one.nights * one.quantity
        figures.refused_minor += one.total_minor
        full = [night for night in dates_of(one) if self._naive.left(night) < one.quantity]
        self._refused_nights.update(dict.fromkeys(full, one.quantity))

    def _acknowledge(self, one: Reservation, places: int) -> None:
        for night in dates_of(one):
            self._acknowledged[night] += places
            if self._acknowledged[night] > self.figures.capacity:
                self._oversold.add(night)

    def _miss(self, stays: Sequence[Reservation]) -> None:
        self.figures.no_shows += len(stays)
        for one in stays:
            self.figures.nights_lost_to_no_shows += one.nights * one.quantity
            self._no_show_nights.update(dict.fromkeys(dates_of(one), one.quantity))

    # ------------------------------------------------------------------------------------------ comparing

    def _compare_availability(self, day: date) -> None:
        """What travellers would see for the coming two months, against the model."""
        last = min(day + timedelta(days=AVAILABILITY_DAYS_MAX - 1), max(self._hotel.slots))
        if last < day:
            return
        for night, places in self._client.availability(self._hotel.product_id, day, last).items():
            self.figures.figures_compared += 1
            if places != self._naive.left(night):
                self._differ(f"{day}: night {night} shows {places} left, the model {self._naive.left(night)}")

    def _differ(self, text: str) -> None:
        if len(self.figures.differences) < _DIFFERENCES_MAX:
            self.figures.differences.append(text)

    def _sum_up(self) -> Figures:
        figures = self.figures
        figures.peak_occupied, figures.peak_night = self._naive.peak, self._naive.peak_night
        figures.nights_sold = sum(self._naive.taken.values())
        figures.nights_full = len(self._refused_nights)
        figures.requests = self._client.requests
        figures.oversold_nights = len(self._oversold)
        return figures
