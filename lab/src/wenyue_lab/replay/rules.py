"""Rows into events, and which of a day's bookings may be sent at once. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from wenyue.imports.bookings import ImportedStatus, Reservation, dates_of
from wenyue.imports.refusals import Refusal
from wenyue_lab.replay.model import Demand, Event, Phase

_CANCELLED: Final = (Phase.EARLIER_CANCELLED, Phase.SAME_DAY_CANCELLED)


def demand_of(found: Iterable[Reservation | Refusal]) -> Demand:
    """The events of a file's rows, in the order in which they really came.

    A reservation is booked on its booking day. A cancelled one is cancelled on its status day; the others arrive, or do
    not, on their arrival day.
    """
    events: list[Event] = []
    rows = unreadable = day_uses = mended = 0
    for one in found:
        rows += 1
        if isinstance(one, Refusal):
            unreadable += 1
        elif one.nights == 0:
            day_uses += 1
        else:
            booked_on = min(one.booked_on, one.arrival)
            end = _end(one, booked_on)
            mended += booked_on != one.booked_on or (end.phase in _CANCELLED and end.on_day != one.status_on)
            events += [Event(booked_on, Phase.BOOKED, one.row, one), end]
    return Demand(sorted(events), rows, unreadable, day_uses, mended)


def _end(one: Reservation, booked_on: date) -> Event:
    match one.status:
        case ImportedStatus.CANCELLED:
            day = min(max(one.status_on, booked_on), one.arrival)
            phase = Phase.SAME_DAY_CANCELLED if day == booked_on else Phase.EARLIER_CANCELLED
            return Event(day, phase, one.row, one)
        case ImportedStatus.NO_SHOW:
            return Event(one.arrival, Phase.NO_SHOW, one.row, one)
        case ImportedStatus.CONFIRMED | ImportedStatus.REDEEMED:
            return Event(one.arrival, Phase.ARRIVED, one.row, one)


def split_day(
    bookings: Sequence[Reservation], taken: Mapping[date, int], capacity: int
) -> tuple[list[Reservation], list[Reservation]]:
    """One day's bookings as (those that no order can refuse, those whose order matters).

    A night is easy when it holds everything that is asked of it today. A booking of easy nights only is accepted in any
    order and takes nothing from the others, so such bookings may be sent at once; the rest go one by one.
    """
    asked: Counter[date] = Counter()
    for one in bookings:
        for night in dates_of(one):
            asked[night] += one.quantity
    easy = {night for night, places in asked.items() if taken.get(night, 0) + places <= capacity}
    free = [one for one in bookings if easy.issuperset(dates_of(one))]
    ordered = [one for one in bookings if not easy.issuperset(dates_of(one))]
    return free, ordered
