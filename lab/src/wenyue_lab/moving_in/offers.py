"""Lists of what is sold: products as a workbook, sessions to come as CSV of a Chinese Windows. Uses nothing of `wenyue`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from wenyue_lab.moving_in.model import FAMILY_ROOMS, ROOMS, TICKETS, File, MadeVenue, Scale, Truth
from wenyue_lab.moving_in.paper import csv_page, workbook

_PRODUCTS: Final = ("商户名称", "产品代码", "产品名称", "类型", "价格")
_SESSIONS: Final = ("商户名称", "产品名称", "开始日期", "结束日期", "场次", "容量")
_CAPACITY: Final = 80  # more than the old systems sold of anything but family rooms
_DAYS: Final = 40
_TIMES: Final = (("08:30-11:30", "08:30"), ("13:00-16:30", "13:00"))
_NIGHT: Final = (("", "14:00"),)


@dataclass(frozen=True, slots=True)
class Offer:
    """A product of a venue with its places a session or night."""

    venue: MadeVenue
    code: str
    name: str
    price: int
    capacity: int

    @property
    def times(self) -> tuple[tuple[str, str], ...]:
        """(as the list says it, when it begins) of each session of a day."""
        return _TIMES if self.venue.kind == "attraction" else _NIGHT


def offers(truth: Truth) -> Iterator[Offer]:
    """Everything that is sold."""
    for venue in truth.venues:
        words = TICKETS if venue.kind == "attraction" else ROOMS
        for word, code in words.items():
            capacity = FAMILY_ROOMS if code == "family" else _CAPACITY
            yield Offer(venue, code, word, venue.prices[code], capacity)


def write_products(folder: Path, truth: Truth, scale: Scale) -> None:
    """products.xlsx: by names of venues, prices as offices write them."""
    file = File("products.xlsx", "products")
    with workbook(folder / file.name, _PRODUCTS, "产品与门市价一览") as book:
        for one in offers(truth):
            kind = "门票" if one.venue.kind == "attraction" else "客房"
            price = f"¥{one.price / 100:,.2f}" if one.price % 300 else one.price / 100
            book.row((one.venue.name, one.code, one.name, kind, price))
            truth.products[f"{one.venue.code}/{one.code}"] = one.price
        first = truth.venues[0].name
        for n in range(scale.planted):
            file.refused[book.row(("海市蜃楼景区", f"p{n}", "成人票", "门票", 60))] = "unknown-venue"
            file.refused[book.row((first, f"q{n}", f"讲解{n}", "门票", "面议"))] = "not-a-number"
            file.refused[book.row((first, f"r{n}", f"套票{n}", "礼包", 80))] = "unknown-word"
        file.rows = book.rows
        book.note("制表：计财部")
    file.verdicts = {"new": len(truth.products), "refused": len(file.refused)}
    truth.files.append(file)


def write_sessions(folder: Path, truth: Truth, scale: Scale) -> None:
    """sessions.csv: from tomorrow on, many days a row; a venue's closing day opens closed."""
    file = File("sessions.csv", "sessions")
    first, last = truth.today + timedelta(days=1), truth.today + timedelta(days=_DAYS)
    with csv_page(
        folder / file.name, _SESSIONS, encoding="gb18030", delimiter=",", title="开放场次计划"
    ) as page:
        for one in offers(truth):
            for word, begins in one.times:
                page.row(_row(one, word, first, last))
                truth.sessions.append(
                    [one.venue.code, one.code, first.isoformat(), last.isoformat(), begins, one.capacity]
                )
        model = next(offers(truth))
        for _ in range(scale.planted):
            good = _row(model, "08:30-11:30", first, last)
            file.refused[page.row(["海市蜃楼景区", *good[1:]])] = "unknown-venue"
            file.refused[page.row([good[0], "员工票", *good[2:]])] = "unknown-product"
            file.refused[page.row([*good[:2], "2026-02-30", *good[3:]])] = "bad-date"
            file.refused[page.row([*good[:5], "若干"])] = "not-a-number"
        file.rows = page.rows
    file.verdicts = {"new": len(truth.sessions), "refused": len(file.refused)}
    truth.files.append(file)


def _row(one: Offer, word: str, first: date, last: date) -> list[str]:
    return [one.venue.name, one.name, f"{first:%Y/%m/%d}", f"{last:%Y/%m/%d}", word, f"{one.capacity}"]
