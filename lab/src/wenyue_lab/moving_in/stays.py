"""The export of the hotels' PMS: UTF-8 with a byte order mark, `;` between cells. Uses nothing of `wenyue`."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from wenyue_lab.moving_in.model import (
    FAMILY_ROOMS,
    OLD_PMS,
    ROOMS,
    Booking,
    File,
    MadeVenue,
    Scale,
    State,
    Truth,
)
from wenyue_lab.moving_in.paper import Page, csv_page
from wenyue_lab.moving_in.people import People
from wenyue_lab.moving_in.tickets import AHEAD_DAYS, PAST_DAYS, UNSETTLED_DAYS

HEADER: Final = (
    "确认号", "酒店名称", "房型", "入住日期", "离店日期", "间数", "成人", "儿童", "入住人", "手机", "状态", "房费",
    "预订时间", "更新时间",
)  # fmt: skip
_WORDS: Final[dict[State, str]] = {
    "confirmed": "已预订", "redeemed": "已离店", "cancelled": "已取消", "no-show": "未到店",
}  # fmt: skip


@dataclass(slots=True)
class Stay:
    """One stay."""

    key: str
    venue: MadeVenue
    room: str
    arrival: date
    nights: int
    rooms: int
    adults: int
    children: int
    guest: str
    phone: str
    state: State
    booked: date
    total_minor: int

    def row(self, style: int) -> list[str]:
        """As the PMS writes it. `style`: how its dates look."""
        leaves = self.arrival + timedelta(days=self.nights)
        first, last = (
            f"{one:%Y-%m-%d}" if style % 2 else f"{one.year}/{one.month}/{one.day}"
            for one in (self.arrival, leaves)
        )
        changed = "" if self.state == "confirmed" else f"{leaves:%Y-%m-%d}"
        return [
            self.key, self.venue.name, self.room, first, last, f"{self.rooms}", f"{self.adults}",
            f"{self.children}" if self.children else "", self.guest, self.phone, _WORDS[self.state],
            f"{self.total_minor / 100:,.2f}", f"{self.booked:%Y-%m-%d}", changed,
        ]  # fmt: skip

    def booking(self) -> Booking:
        """What is true of it."""
        used = [
            ((self.arrival + timedelta(days=n)).isoformat(), "14:00", self.rooms) for n in range(self.nights)
        ]
        came = self.nights if self.state == "redeemed" else 0
        return Booking(
            OLD_PMS,
            self.key,
            self.venue.code,
            ROOMS[self.room],
            used,
            self.state,
            self.total_minor,
            came=came,
        )


class FrontDesk:
    """Makes stays."""

    def __init__(self, chance: Random, people: People, venues: Sequence[MadeVenue], today: date) -> None:
        self.chance, self.people, self.today = chance, people, today
        self.venues = [one for one in venues if one.kind == "hotel"]
        self._number = 202_600_000

    def key(self) -> str:
        """The next confirmation's number."""
        self._number += self.chance.randrange(1, 4)
        return f"H{self._number}"

    def stay(self, from_day: int = -PAST_DAYS) -> Stay:
        """A stay from `from_day` days of today on."""
        venue, room = self.chance.choice(self.venues), self.chance.choices(list(ROOMS), (5, 5, 1))[0]
        arrival = self.today + timedelta(days=self.chance.randrange(from_day, AHEAD_DAYS + 1))
        nights, rooms = self.chance.choice((1, 1, 2, 3, 5)), self.chance.choice((1, 1, 1, 1, 2))
        price = self.chance.choice((0, 0, 0, 3333)) + venue.prices[ROOMS[room]] * nights * rooms
        state = self.state(arrival, nights)
        booked = min(arrival - timedelta(days=self.chance.randrange(0, 40)), self.today)
        return Stay(
            self.key(), venue, room, arrival, nights, rooms, rooms * 2, self.chance.choice((0, 0, 1)),
            self.people.name(), self.people.phone(), state, booked, price,
        )  # fmt: skip

    def state(self, arrival: date, nights: int) -> State:
        """Stays to come or in progress are confirmed, those that are over settled."""
        drawn = self.chance.random()
        if drawn < 0.2:
            return "cancelled"
        if arrival + timedelta(days=nights) >= self.today - timedelta(days=UNSETTLED_DAYS):
            return "confirmed"
        return "no-show" if drawn < 0.24 else "redeemed"


class Rooms:
    """The family rooms by night: what the map promises is all there is, whoever asks first in the file has them."""

    def __init__(self) -> None:
        self._sold = Counter[tuple[str, str]]()

    def take(self, one: Booking) -> bool:
        """Whether the booking has its rooms. Others than family rooms are as many as are needed."""
        if one.product != "family" or one.state == "cancelled":
            return True
        wanted = [((one.venue, day), places) for day, _, places in one.used]
        if any(self._sold[night] + places > FAMILY_ROOMS for night, places in wanted):
            return False
        for night, places in wanted:
            self._sold[night] += places
        return True


def write_stays(path: Path, truth: Truth, stays: Sequence[Stay], desk: FrontDesk, scale: Scale) -> File:
    """An export; of the first, which has planted rows, what exceeds the family rooms is refused. Fills `truth`."""
    file, rooms = File(path.name, "stays"), Rooms()
    faults = list(_faults(desk, stays, scale))
    every = max(1, len(stays) // (len(faults) + 1))
    with csv_page(path, HEADER, encoding="utf-8-sig", delimiter=";", title="") as page:
        for n, stay in enumerate(stays):
            line, booking = page.row(stay.row(n)), stay.booking()
            if not scale.planted or rooms.take(booking):
                truth.bookings[stay.key] = booking
            else:
                file.refused[line] = "sold-out"
            if n > len(stays) // 2 and n % every == 0 and faults:
                _plant(page, file, *faults.pop())
        for one in faults:
            _plant(page, file, *one)
        page.aside("总计", *[""] * 10, f"{sum(one.total_minor for one in stays) / 100:,.2f}")
        page.aside()
        file.rows = page.rows
    truth.files.append(file)
    return file


def _plant(page: Page, file: File, reason: str, row: list[str]) -> None:
    file.refused[page.row(row)] = reason


def _faults(desk: FrontDesk, stays: Sequence[Stay], scale: Scale) -> Iterator[tuple[str, list[str]]]:
    changes: list[tuple[str, dict[int, str]]] = [
        ("key-ruined", {0: "2.026E+08"}),
        ("unknown-status", {10: "挂账"}),
        ("unknown-product", {2: "蜜月房"}),
        ("unknown-venue", {1: "无名客栈"}),
        ("bad-date", {3: "2026/13/01"}),
        ("negative", {11: "-280.00"}),
        ("no-guests", {6: "0", 7: "0"}),
        ("not-a-number", {5: "两间半"}),
        ("missing", {5: ""}),
        ("bad-phone", {9: "021-12"}),
    ]
    for n in range(scale.planted):
        for reason, change in changes:
            one = desk.stay()
            one.room = "大床房"
            row = one.row(n)
            for at, value in change.items():
                row[at] = value
            yield reason, row
        backwards = desk.stay()
        row = backwards.row(1)
        row[3], row[4] = row[4], row[3]
        yield "negative", row
        row = list(row)
        row[0], row[3] = desk.key(), row[4]
        yield "zero-nights", row
        yield "key-twice", stays[n].row(n)
