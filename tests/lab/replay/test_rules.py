"""Rows into events, which bookings may go at once, the naive hotel, and the picture."""

import calendar
import csv
import gzip
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wenyue.imports.bookings import ImportedStatus, Reservation, dates_of, read_map
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message
from wenyue_lab.replay import read_demand
from wenyue_lab.replay.model import Figures, Occupancy, Phase
from wenyue_lab.replay.naive import NaiveHotel
from wenyue_lab.replay.report import as_json, picture, table
from wenyue_lab.replay.rules import demand_of, split_day

ARRIVAL = date(2016, 5, 10)


def stay(row: int = 1, **changes: Any) -> Reservation:
    one = Reservation(
        row=row,
        key=f"k{row}",
        product="A",
        arrival=ARRIVAL,
        nights=2,
        quantity=1,
        status=ImportedStatus.REDEEMED,
        booked_on=date(2016, 5, 1),
        status_on=date(2016, 5, 12),
        price_minor=5_000,
        total_minor=10_000,
        adults=2,
        children=0,
        babies=0,
    )
    return replace(one, **changes)


def test_events_come_in_the_order_of_the_year() -> None:
    cancelled = stay(2, status=ImportedStatus.CANCELLED, status_on=date(2016, 5, 3))
    same_day = stay(3, status=ImportedStatus.CANCELLED, status_on=date(2016, 5, 1))
    absent = stay(4, status=ImportedStatus.NO_SHOW, booked_on=date(2016, 5, 3))
    demand = demand_of([absent, stay(1), cancelled, same_day])
    assert [(event.on_day.day, event.phase, event.row) for event in demand.events] == [
        (1, Phase.BOOKED, 1),
        (1, Phase.BOOKED, 2),
        (1, Phase.BOOKED, 3),
        (1, Phase.SAME_DAY_CANCELLED, 3),
        (3, Phase.EARLIER_CANCELLED, 2),
        (3, Phase.BOOKED, 4),
        (10, Phase.ARRIVED, 1),
        (10, Phase.NO_SHOW, 4),
    ]
    assert demand.dates_mended == 0


def test_every_row_is_counted_and_odd_dates_are_mended() -> None:
    late = stay(1, status=ImportedStatus.CANCELLED, status_on=date(2016, 6, 1))  # after the arrival
    early = stay(2, status=ImportedStatus.CANCELLED, status_on=date(2016, 4, 1))  # before it was booked
    walk_in = stay(3, booked_on=date(2016, 5, 20))
    refused = Refusal(Reason.BAD_DATE, "arrival", "31/02", Message("a value is needed here"))
    demand = demand_of([late, early, walk_in, stay(4, nights=0), refused])
    assert (demand.rows, demand.unreadable, demand.day_uses, demand.dates_mended) == (5, 1, 1, 3)
    ends = {
        event.row: (event.on_day, event.phase) for event in demand.events if event.phase is not Phase.BOOKED
    }
    assert ends == {
        1: (ARRIVAL, Phase.EARLIER_CANCELLED),
        2: (date(2016, 5, 1), Phase.SAME_DAY_CANCELLED),
        3: (ARRIVAL, Phase.ARRIVED),
    }


def drawn(row: int, offset: int, nights: int, quantity: int) -> Reservation:
    return stay(row, arrival=ARRIVAL + timedelta(days=offset), nights=nights, quantity=quantity)


stays = st.builds(
    drawn,
    st.integers(1, 10**6),
    st.integers(0, 6),
    st.integers(1, 5),
    st.integers(1, 3),
)
days = st.lists(stays, max_size=12, unique_by=lambda one: one.row)


@given(days, days, st.integers(1, 9), st.randoms(use_true_random=False))
def test_bookings_sent_at_once_are_accepted_in_any_order(
    before: list[Reservation], today: list[Reservation], capacity: int, random: Random
) -> None:
    """The plan's claim: whatever the order among the easy ones, every answer is that of the file's order."""
    in_order, shuffled = NaiveHotel(capacity), NaiveHotel(capacity)
    for one in before:
        in_order.book(one)
        shuffled.book(one)
    free, ordered = split_day(today, in_order.taken, capacity)
    assert {one.row for one in free} | {one.row for one in ordered} == {one.row for one in today}
    answers = {one.row: in_order.book(one) for one in today}
    random.shuffle(free)
    assert {one.row: shuffled.book(one) for one in [*ordered, *free]} == answers
    assert all(answers[one.row] for one in free)
    assert in_order.taken == shuffled.taken
    assert in_order.peak <= capacity


@given(days, st.integers(1, 6))
def test_naive_hotel_gives_back_what_it_took(stays: list[Reservation], capacity: int) -> None:
    hotel = NaiveHotel(capacity)
    had = [one for one in stays if hotel.book(one)]
    expected = Counter(night for one in had for night in dates_of(one) for _ in range(one.quantity))
    assert +hotel.taken == expected
    assert all(hotel.left(night) >= 0 for night in expected)
    assert all(hotel.cancel(one) for one in had)
    assert not any(hotel.cancel(one) for one in had)
    assert not +hotel.taken


def test_figures_are_proved_only_when_everything_adds_up() -> None:
    good = Figures(rows=3, unreadable=1, asked=2, accepted=1, refused=1, arrived=1)
    assert good.is_proved
    assert not replace(good, rows=4).is_proved
    assert not replace(good, arrived=0).is_proved
    assert not replace(good, differences=["row 1"]).is_proved
    assert not replace(good, oversold_nights=1).is_proved
    assert '"is_proved": true' in as_json(good)
    assert table(good, "EUR").row_count > 10


def test_picture_is_bounded_and_has_every_layer() -> None:
    night = date(2016, 1, 1)
    layers = picture(Occupancy(5, Counter({night: 4}), Counter({night: 2}), Counter({night: 1})))
    assert layers.count("<path") == 4
    assert "capacity 5" in layers
    far = picture(Occupancy(5, Counter({night: 1, date(2099, 1, 1): 1}), Counter(), Counter()))
    assert len(far) < 100_000
    assert picture(Occupancy(5, Counter(), Counter(), Counter())).startswith("<svg")


def from_scratch(capacity: int) -> dict[str, int]:
    """The whole replay straight from the CSV file, with nothing of ours: what docs/real-data.md must say."""
    months = {name: number for number, name in enumerate(calendar.month_name) if name}
    events: list[tuple[date, int, int, list[date], str]] = []
    with gzip.open("tests/data/hotel-bookings-resort.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=1):
            year, month, day = (row[f"arrival_date_{part}"] for part in ("year", "month", "day_of_month"))
            arrival = date(int(year), months[month], int(day))
            count = int(row["stays_in_weekend_nights"]) + int(row["stays_in_week_nights"])
            people = int(row["adults"]) + int(row["children"]) + int(row["babies"])
            if count == 0 or people == 0:
                continue
            nights = [arrival + timedelta(days=n) for n in range(count)]
            booked = arrival - timedelta(days=int(row["lead_time"]))
            events.append((booked, 1, number, nights, "book"))
            month, day, year = row["reservation_status_date"].split("/")
            ended = date(int(year), int(month), int(day))
            if row["reservation_status"] == "Canceled":
                events.append((ended, 0 if ended > booked else 2, number, nights, "cancel"))
            else:
                events.append((arrival, 3, number, nights, row["reservation_status"]))
    taken: Counter[date] = Counter()
    had: set[int] = set()
    sums: Counter[str] = Counter()
    for _, _, number, nights, what in sorted(events):
        if what == "book":
            is_had = all(taken[night] < capacity for night in nights)
            sums["accepted" if is_had else "refused"] += 1
            if is_had:
                had.add(number)
                taken.update(nights)
        elif number in had:
            sums[what] += 1
            if what == "cancel":
                taken.subtract(nights)
    return dict(sums) | {"nights": sum(taken.values())}


def test_whole_file_against_a_replay_from_scratch() -> None:
    """At 60 rooms: 8,101 accepted, 1,815 refused, 5,218 cancelled, 133 no-shows, 2,750 arrived, 13,734 nights sold."""
    chosen = read_map(Path("examples/hotel-bookings.map.toml"))
    demand = read_demand(Path("tests/data/hotel-bookings-resort.csv.gz"), chosen)
    hotel = NaiveHotel(60)
    sums: Counter[str] = Counter()
    for event in demand.events:
        one = event.reservation
        if event.phase is Phase.BOOKED:
            sums["accepted" if hotel.book(one) else "refused"] += 1
        elif event.phase in {Phase.EARLIER_CANCELLED, Phase.SAME_DAY_CANCELLED}:
            sums["cancel"] += hotel.cancel(one)
        elif one.row in hotel.booked:
            sums["No-Show" if event.phase is Phase.NO_SHOW else "Check-Out"] += 1
    expected = {"accepted": 8_101, "refused": 1_815, "cancel": 5_218, "No-Show": 133, "Check-Out": 2_750}
    assert dict(sums) == expected
    assert from_scratch(60) == expected | {"nights": 13_734}
    assert sum(hotel.taken.values()) == 13_734
