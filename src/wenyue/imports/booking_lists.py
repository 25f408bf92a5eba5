"""A list of bookings as it is written: a row for each visitor of a visit, a row for each stay. Pure.

What an import would make one of stands in one row here: places that nobody is named for, of one session and price; the nights of
one stay. So a list that came in elsewhere is written as the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from wenyue.core.clock import local_date
from wenyue.core.documents import DocumentKind
from wenyue.imports.bookings import ImportedStatus
from wenyue.imports.people import KIND_WORDS
from wenyue.locale import DEFAULT, Locale, Texts, text_in

# What each column is called in an export for readers of Chinese; for all others by its own name.
COLUMNS: Final = {
    "booking_no": "订单号",
    "venue": "场馆代码",
    "venue_name": "场馆名称",
    "product": "产品代码",
    "product_name": "产品名称",
    "date": "使用日期",
    "starts": "开始时间",
    "ends": "结束时间",
    "departure": "离店日期",
    "nights": "晚数",
    "quantity": "数量",
    "adults": "成人数",
    "children": "儿童数",
    "babies": "婴儿数",
    "country": "客源国家",
    "name": "姓名",
    "document_type": "证件类型",
    "document_country": "证件签发国",
    "document": "证件号",
    "phone": "手机号",
    "status": "状态",
    "status_date": "状态日期",
    "booked": "下单日期",
    "total": "金额",
    "currency": "币种",
}
STATUS_WORDS: Final = {
    ImportedStatus.CONFIRMED: "已预约",
    ImportedStatus.REDEEMED: "已使用",
    ImportedStatus.CANCELLED: "已取消",
    ImportedStatus.NO_SHOW: "未到",
}


@dataclass(frozen=True, slots=True)
class WrittenVisitor:
    """Somebody in the clear: for the file, and nothing else. `country`: of a passport whose number does not say it."""

    no: int
    name: str = field(repr=False)
    kind: str
    country: str
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class WrittenLine:
    """Places of one night or session. `came`: numbers of the visitors who did; of unnamed places any number."""

    venue: str
    venue_name: Texts
    product: str
    product_name: Texts
    timezone: str
    is_night: bool
    on_date: date
    starts: time
    ends: time
    quantity: int
    price_minor: int
    visitors: tuple[WrittenVisitor, ...] = ()
    came: frozenset[int] = frozenset()
    is_missed: bool = False


@dataclass(frozen=True, slots=True)
class WrittenBooking:
    """A booking with the lines that it has, or had when it was cancelled. `party`: adults, children, babies; '' unknown."""

    number: str
    state: ImportedStatus
    created_at: datetime
    changed_at: datetime
    total_minor: int
    currency: str
    lines: tuple[WrittenLine, ...]
    party: tuple[str, str, str] = ("", "", "")
    country: str = ""
    contact_name: str = field(repr=False, default="")
    contact_phone: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """One row of the file. `departure` None: a visit."""

    booking: WrittenBooking
    line: WrittenLine
    quantity: int
    amount_minor: int
    status: ImportedStatus
    departure: date | None = None
    status_on: date | None = None
    visitor: WrittenVisitor | None = None
    name: str = field(repr=False, default="")
    phone: str = field(repr=False, default="")
    is_first: bool = False

    @property
    def order(self) -> tuple[object, ...]:
        """By which the rows of a booking are sorted: nothing that an import gives anew, but who was named first."""
        one = self.line
        times = (time.min, time.min) if self.departure else (one.starts, one.ends)
        no = self.visitor.no if self.visitor else 0
        what = (one.venue, one.product, self.departure or date.min, one.price_minor, self.quantity)
        return (one.on_date, *times, *what, self.visitor is None, no)


def header(locale: Locale) -> list[str]:
    """The names of the columns."""
    return list(COLUMNS.values() if locale == DEFAULT else COLUMNS)


def column(name: str, locale: Locale) -> str:
    """What the column is called."""
    return COLUMNS[name] if locale == DEFAULT else name


def word_of(status: ImportedStatus, locale: Locale) -> str:
    """What the status is called."""
    return STATUS_WORDS[status] if locale == DEFAULT else status.value


def rows_of(booking: WrittenBooking) -> list[WrittenRow]:
    """The rows of a booking, in their order; their amounts add up to its total."""
    rows = [
        *_stays(booking, [one for one in booking.lines if one.is_night]),
        *_visits(booking, [one for one in booking.lines if not one.is_night]),
    ]
    rows.sort(key=lambda one: one.order)
    if not rows:
        return []
    rows = _dated(booking, _summed(booking.total_minor, rows))
    at, name, phone = _contact(booking, rows)
    rows[at] = replace(rows[at], name=name or rows[at].name, phone=phone)
    rows[0] = replace(rows[0], is_first=True)
    return rows


def _status(booking: WrittenBooking, line: WrittenLine, *, came: bool) -> ImportedStatus:
    if booking.state is ImportedStatus.CANCELLED:
        return booking.state
    if came:
        return ImportedStatus.REDEEMED
    return ImportedStatus.NO_SHOW if line.is_missed else booking.state


def _visits(booking: WrittenBooking, lines: Sequence[WrittenLine]) -> Iterator[WrittenRow]:
    unnamed: dict[tuple[object, ...], WrittenRow] = {}
    for line in lines:
        named = [one for one in line.visitors if one.number and one.name][: line.quantity]
        for one in named:
            status = _status(booking, line, came=one.no in line.came)
            yield WrittenRow(booking, line, 1, line.price_minor, status, visitor=one, name=one.name)
        left = line.quantity - len(named)
        if left <= 0:
            continue
        came = bool(line.came - {one.no for one in named}) if named else bool(line.came)
        row = WrittenRow(booking, line, left, line.price_minor * left, _status(booking, line, came=came))
        key = (line.venue, line.product, line.on_date, line.starts, line.price_minor)
        before = unnamed.get(key)
        unnamed[key] = row if before is None else _together(before, row)
    yield from unnamed.values()


def _together(one: WrittenRow, other: WrittenRow) -> WrittenRow:
    """Places of one session and price that nobody is named for; some came: they all did."""
    status = other.status if other.status is ImportedStatus.REDEEMED else one.status
    quantity, amount = one.quantity + other.quantity, one.amount_minor + other.amount_minor
    return replace(one, quantity=quantity, amount_minor=amount, status=status)


def _stays(booking: WrittenBooking, lines: Sequence[WrittenLine]) -> Iterator[WrittenRow]:
    """Nights of one product that follow each other, of as many rooms."""
    nights: dict[tuple[object, ...], WrittenLine] = {}
    for line in lines:
        key = (line.venue, line.product, line.on_date, line.price_minor)
        before = nights.get(key)
        nights[key] = line if before is None else replace(
            before, quantity=before.quantity + line.quantity, came=before.came | line.came,
            visitors=before.visitors or line.visitors,
        )  # fmt: skip
    stays: list[list[WrittenLine]] = []
    for line in sorted(nights.values(), key=lambda one: (one.on_date, one.venue, one.product, one.quantity)):
        for stay in stays:
            last = stay[-1]
            is_next = line.on_date - last.on_date == timedelta(days=1)
            if is_next and (last.venue, last.product, last.quantity) == (
                line.venue,
                line.product,
                line.quantity,
            ):
                stay.append(line)
                break
        else:
            stays.append([line])
    for stay in stays:
        first, used = stay[0], sum(bool(one.came) for one in stay)
        missed = replace(first, is_missed=all(one.is_missed for one in stay))
        guest = next((one for one in first.visitors if one.number and one.name), None)
        yield WrittenRow(
            booking,
            first,
            first.quantity,
            sum(one.price_minor * one.quantity for one in stay),
            _status(booking, missed, came=used > 0),
            first.on_date + timedelta(days=len(stay)),
            first.on_date + timedelta(days=used) if used else None,
            guest,
            guest.name if guest else "",
        )


def _summed(total: int, rows: list[WrittenRow]) -> list[WrittenRow]:
    """What a stay costs need not divide by its nights: what is missing stands in its row; what is too much goes."""
    over = sum(one.amount_minor for one in rows) - total
    if over < 0:
        at = next((at for at, one in enumerate(rows) if one.departure), 0)
        rows[at] = replace(rows[at], amount_minor=rows[at].amount_minor - over)
    for at, one in enumerate(rows):
        if over > 0:
            less = min(over, one.amount_minor)
            rows[at], over = replace(one, amount_minor=one.amount_minor - less), over - less
    return rows


def _dated(booking: WrittenBooking, rows: Iterable[WrittenRow]) -> list[WrittenRow]:
    """A stay that was used ends with its last used night; all else is as of the latest change."""
    found = list(rows)
    left = [one.status_on for one in found if one.status is ImportedStatus.REDEEMED and one.status_on]
    latest = max([local_date(booking.changed_at, found[0].line.timezone), *left])
    return [
        one if one.status is ImportedStatus.REDEEMED and one.status_on else replace(one, status_on=latest)
        for one in found
    ]


def _contact(booking: WrittenBooking, rows: Sequence[WrittenRow]) -> tuple[int, str, str]:
    """In which row the phone stands, and whose name, where nobody is named there: the contact's own row, else the first."""
    name, phone = booking.contact_name, booking.contact_phone
    if not name and not phone:
        name = next((one.name for one in rows if one.name), "")
    own = next((at for at, one in enumerate(rows) if phone and name and one.name == name), 0)
    return own, "" if rows[own].visitor else name, phone


def cells_of(row: WrittenRow, locale: Locale) -> list[str]:
    """The row as it is written."""
    one, line, visitor = row.booking, row.line, row.visitor
    adults, children, babies = one.party if row.is_first else ("", "", "")
    is_stay = row.departure is not None
    cells = {
        "booking_no": one.number,
        "venue": line.venue,
        "venue_name": text_in(line.venue_name, locale),
        "product": line.product,
        "product_name": text_in(line.product_name, locale),
        "date": line.on_date.isoformat(),
        "starts": "" if is_stay else _clock(line.starts),
        "ends": "" if is_stay else _clock(line.ends),
        "departure": row.departure.isoformat() if row.departure else "",
        "nights": str((row.departure - line.on_date).days) if row.departure else "",
        "quantity": str(row.quantity),
        "adults": adults,
        "children": children,
        "babies": babies,
        "country": one.country if row.is_first else "",
        "name": row.name,
        "document_type": _kind(visitor.kind, locale) if visitor else "",
        "document_country": visitor.country if visitor else "",
        "document": visitor.number if visitor else "",
        "phone": row.phone,
        "status": word_of(row.status, locale),
        "status_date": row.status_on.isoformat() if row.status_on else "",
        "booked": local_date(one.created_at, line.timezone).isoformat(),
        "total": f"{row.amount_minor // 100}.{row.amount_minor % 100:02}",
        "currency": one.currency,
    }
    return [cells[name] for name in COLUMNS]


def _kind(kind: str, locale: Locale) -> str:
    return KIND_WORDS[DocumentKind(kind)] if locale == DEFAULT else kind


def _clock(value: time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")
