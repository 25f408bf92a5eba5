"""The export of the attractions' ticket system: GB18030, a row for each visitor. Uses nothing of `wenyue`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

from wenyue_lab.moving_in.model import (
    OLD_TICKETS,
    SESSIONS,
    TICKETS,
    Booking,
    File,
    MadeVenue,
    Scale,
    State,
    Truth,
)
from wenyue_lab.moving_in.paper import Page, csv_page
from wenyue_lab.moving_in.people import Made, People, mistyped

HEADER: Final = (
    "订单号", "景区名称", "票种", "游玩日期", "入园时段", "姓名", "证件类型", "证件号码", "国籍", "手机号", "订单状态",
    "金额", "下单时间", "核销时间",
)  # fmt: skip
_WORDS: Final[dict[State, str]] = {
    "confirmed": "待使用", "redeemed": "已核销", "cancelled": "已退票", "no-show": "逾期未到",
}  # fmt: skip
PAST_DAYS: Final = 180
AHEAD_DAYS: Final = 30
UNSETTLED_DAYS: Final = 3  # what was yesterday is not settled yet
_PARTY: Final = (1, 1, 2, 2, 2, 3, 4)
_UNNAMED: Final = 0.04
_NO_COUNTRY: Final = 0.4
_PART_CANCELLED: Final = 0.03


@dataclass(slots=True)
class Order:
    """One order: its rows are its visitors. `cancelled`: how many of them, the last ones, gave their ticket back."""

    key: str
    venue: MadeVenue
    ticket: str
    day: date
    session: str
    people: list[Made]
    state: State
    booked: date
    cancelled: int = 0
    settled: date | None = None

    def rows(self, style: int) -> Iterator[list[str]]:
        """As the ticket system writes it. `style`: how its numbers and dates look."""
        key = (f'="{self.key}"', self.key, f"'{self.key}", self.key.lower())[style % 4]
        day = (
            f"{self.day:%Y-%m-%d}",
            f"{self.day:%Y/%m/%d}",
            f"{self.day.year}年{self.day.month}月{self.day.day}日",
        )
        price = self.venue.prices[TICKETS[self.ticket]]
        for n, one in enumerate(self.people):
            is_cancelled = n >= len(self.people) - self.cancelled
            word = _WORDS["cancelled" if is_cancelled else self.state]
            yield [
                key, self.venue.name, self.ticket, day[style % 3], self.session, one.name, one.kind,
                f"'{one.number}" if one.number else "", one.country, one.phone, word, f"{price / 100:.2f}",
                f"{self.booked:%Y-%m-%d} 10:{style % 60:02}:00", f"{self.settled:%Y-%m-%d} 09:00:00" if self.settled else "",
            ]  # fmt: skip

    def booking(self) -> Booking:
        """What is true of it."""
        is_over = self.state == "cancelled"
        staying = self.people if is_over else self.people[: len(self.people) - self.cancelled]
        price = self.venue.prices[TICKETS[self.ticket]]
        used = (self.day.isoformat(), SESSIONS[self.session][0], len(staying))
        named = sum(one.is_known for one in staying)
        came = named + (named < len(staying)) if self.state == "redeemed" else 0  # the others come in as one
        return Booking(
            OLD_TICKETS, self.key, self.venue.code, TICKETS[self.ticket], [used], self.state, price * len(staying),
            named=0 if is_over else named, came=came,
        )  # fmt: skip


class Office:
    """Makes orders."""

    def __init__(self, chance: Random, people: People, venues: Sequence[MadeVenue], today: date) -> None:
        self.chance, self.people, self.today = chance, people, today
        self.venues = [one for one in venues if one.kind == "attraction"]
        self._number = 9000

    def key(self) -> str:
        """The next order's number."""
        self._number += self.chance.randrange(1, 4)
        return f"YD{self._number:09}"

    def order(self, from_day: int = -PAST_DAYS) -> Order:
        """An order for a day from `from_day` days of today on."""
        venue = self.chance.choice(self.venues)
        day = self.open_day(venue, from_day)
        party = [self.visitor() for _ in range(self.chance.choice(_PARTY))]
        state = self.state(day)
        booked = day - timedelta(days=self.chance.randrange(0, 15))
        made = Order(
            self.key(), venue, self.chance.choice(list(TICKETS)), day, self.chance.choice(venue.sessions), party,
            state, min(booked, self.today), settled=None if state == "confirmed" else min(day, self.today),
        )  # fmt: skip
        if len(party) > 1 and state != "cancelled" and self.chance.random() < _PART_CANCELLED:
            made.cancelled = 1
        return made

    def open_day(self, venue: MadeVenue, from_day: int) -> date:
        """A day on which the venue is open."""
        while True:
            day = self.today + timedelta(days=self.chance.randrange(from_day, AHEAD_DAYS + 1))
            if not venue.closed or day.weekday():
                return day

    def visitor(self) -> Made:
        """Somebody; a few gave only a name, and of some passports nobody noted the country."""
        if self.chance.random() < _UNNAMED:
            return Made(self.people.name(), "", "", phone=self.people.phone())
        one = self.people.anybody()
        return replace(one, country="") if self.chance.random() < _NO_COUNTRY else one

    def state(self, day: date) -> State:
        """Visits to come are confirmed, those that are over settled."""
        drawn = self.chance.random()
        if drawn < 0.1:
            return "cancelled"
        if day >= self.today - timedelta(days=UNSETTLED_DAYS):
            return "confirmed"
        return "no-show" if drawn < 0.18 else "redeemed"


def write_orders(path: Path, truth: Truth, orders: Sequence[Order], office: Office, scale: Scale) -> File:
    """The export, its planted rows among the others, a total below. Fills `truth`."""
    file = File(path.name, "tickets")
    faults = list(_faults(office, orders, scale)) if scale.planted else []
    every = max(1, len(orders) // (len(faults) + 1))
    total = 0
    with csv_page(path, HEADER, encoding="gb18030", delimiter=",", title="票务系统订单明细") as page:
        for n, order in enumerate(orders):
            for row in order.rows(n):
                page.row(row)
            total += order.booking().total_minor
            truth.bookings[order.key] = order.booking()
            if n > len(orders) // 2 and n % every == 0 and faults:
                _plant(page, file, *faults.pop())
        for one in faults:
            _plant(page, file, *one)
        page.aside("合计", *[""] * 10, f"{total / 100:.2f}")
        file.rows = page.rows
    truth.files.append(file)
    return file


def _plant(page: Page, file: File, reasons: Sequence[str], rows: Sequence[list[str]]) -> None:
    for reason, row in zip(reasons, rows, strict=True):
        file.refused[page.row(row)] = reason


def _faults(
    office: Office, orders: Sequence[Order], scale: Scale
) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Reasons and rows of each kind that must be refused."""
    changes: list[tuple[str, dict[int, str]]] = [
        ("key-ruined", {0: "2.02703E+14"}),
        ("missing", {0: ""}),
        ("bad-document", {7: ""}),  # filled below: a number with a wrong check
        ("unknown-status", {10: "状态异常"}),
        ("unknown-venue", {1: "海市蜃楼景区"}),
        ("unknown-product", {2: "员工票"}),
        ("unknown-session", {4: "夜游场"}),
        ("bad-date", {3: "2026-02-30"}),
        ("not-a-number", {11: "待定"}),
        ("negative", {11: "-60.00"}),
        ("bad-phone", {9: "1380013800"}),
        ("bad-name", {5: "游客1号"}),
    ]
    for n in range(scale.planted):
        for reason, change in changes:
            one = office.order()
            one.people, one.cancelled = [office.people.resident()], 0
            row = next(one.rows(n))
            for at, value in change.items():
                row[at] = value
            row[7] = mistyped(one.people[0].number) if reason == "bad-document" else row[7]
            yield [reason], [row]
        party = office.order()
        party.people, party.cancelled = [office.people.resident(), office.people.resident()], 0
        rows = list(party.rows(n))
        rows[1][7] = mistyped(party.people[1].number)
        yield ["same-booking", "bad-document"], rows
        twice = list(orders[n].rows(n))[:1]  # of an order in the first half: it stands far above
        yield ["key-twice"], twice
        alike = office.order()
        alike.people, alike.cancelled = [office.people.resident()], 0
        first, second = next(alike.rows(1)), next(alike.rows(1))
        second[0] = f"YD-{alike.key[2:]}"
        yield ["key-ambiguous", "key-ambiguous"], [first, second]
