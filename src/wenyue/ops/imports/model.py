"""What an import is made of: the map (how one old system's export is read), reservations, refusals, verdicts."""

from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Final

ROWS_MAX: Final = 1_000_000  # rows of one file; the keys of all of them are kept in memory
FILE_BYTES_MAX: Final = 2 * 1024**3  # unpacked
BLANK_LINES_MAX: Final = 10_000
LINE_BYTES_MAX: Final = 64 * 1024
RECORD_CHARS_MAX: Final = 1024 * 1024  # of one row, which quotes may spread over many lines
COLUMNS_MAX: Final = 500
PARTY_MAX: Final = 500
SHOWN_CHARS_MAX: Final = 40  # of a value repeated in a message
OVERLONG: Final = "\x00line too long"  # stands in a row for a line that was too long to read


class ImportedStatus(StrEnum):
    """What a status of the old system means here."""

    CONFIRMED = "confirmed"  # still to come
    REDEEMED = "redeemed"  # the guest came
    CANCELLED = "cancelled"
    NO_SHOW = "no-show"

    @property
    def draws(self) -> bool:
        """The reservation has its places; those of a no-show stood empty, but nobody else could have had them."""
        return self is not ImportedStatus.CANCELLED


class Reason(StrEnum):
    """Why a row was refused; the report carries the code, the column, the value and the fix."""

    COLUMN_COUNT = "column-count"
    LINE_TOO_LONG = "line-too-long"
    BAD_CHARACTER = "bad-character"
    MISSING = "missing"
    NOT_A_NUMBER = "not-a-number"
    NEGATIVE = "negative"
    TOO_LARGE = "too-large"
    BAD_DATE = "bad-date"
    BAD_COUNTRY = "bad-country"
    ZERO_NIGHTS = "zero-nights"
    NO_ADULTS = "no-adults"
    NO_GUESTS = "no-guests"
    UNKNOWN_STATUS = "unknown-status"
    UNKNOWN_PRODUCT = "unknown-product"
    KEY_TWICE = "key-twice"
    SOLD_OUT = "sold-out"


class Verdict(StrEnum):
    """What became of one row. Every row of a file gets exactly one."""

    IMPORTED = "imported"
    ALREADY = "already-imported"  # an earlier run took it
    CHANGED = "already-imported-but-changed"  # … but the row now says something else; nothing was written
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row that was not taken: where, what stands there and what to do."""

    reason: Reason
    column: str
    value: str
    fix: str


@dataclass(frozen=True, slots=True)
class DateColumn:
    """A date in one column; the formats are tried in order."""

    column: str
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DateParts:
    """A date in three columns; the month is a number or an English name."""

    year: str
    month: str
    day: str


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """A date as a number of days before the arrival."""

    column: str


@dataclass(frozen=True, slots=True)
class MappedProduct:
    """One kind of room (or table, seat) of the old system as a product here. `capacity` None: the most that was used at once."""

    code: str
    name_zh: str
    name_en: str
    capacity: int | None


@dataclass(frozen=True, slots=True)
class MappedVenue:
    """The venue that the products belong to; made when it does not exist."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    timezone: str
    currency: str
    check_in: time
    check_out: time


@dataclass(frozen=True, slots=True)
class MappedColumns:
    """Which columns say what."""

    arrival: DateColumn | DateParts
    nights: tuple[str, ...]  # summed
    departure: DateColumn | None  # instead of nights
    quantity: str | int
    product: str
    status: str
    status_date: DateColumn | None
    booked: DateColumn | DaysBefore | None
    price: str
    is_price_per_night: bool
    adults: str
    children: str | None
    babies: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class OddRows:
    """What to do with rows that are odd but real."""

    is_day_use: bool  # zero nights: a day-use booking (else refused)
    takes_no_adults: bool
    takes_no_guests: bool
    negative_price_is_zero: bool


@dataclass(frozen=True, slots=True)
class ReplayTerms:
    """How `wenyue replay` sells the same demand."""

    slot_price_minor: int


@dataclass(frozen=True, slots=True)
class ImportMap:
    """One map file: how one old system's export is read."""

    source: str
    encoding: str  # 'auto' or a name
    delimiter: str  # 'auto' or one character
    nulls: frozenset[str]
    key_columns: tuple[str, ...]
    venue: MappedVenue
    columns: MappedColumns
    statuses: dict[str, ImportedStatus]
    products: dict[str, MappedProduct]
    odd: OddRows
    replay: ReplayTerms

    def used_columns(self) -> list[tuple[str, str]]:
        """Every (map key, column) that the file must have."""
        c = self.columns
        found = [("key.columns", name) for name in self.key_columns]
        found += _date_columns("columns.arrival", c.arrival)
        found += [("columns.nights", name) for name in c.nights]
        found += _date_columns("columns.nights", c.departure)
        found += _date_columns("columns.status_date", c.status_date) + _date_columns(
            "columns.booked", c.booked
        )
        single = {"product": c.product, "status": c.status, "price": c.price, "adults": c.adults}
        single |= {"children": c.children, "babies": c.babies, "country": c.country}
        single |= {"quantity": c.quantity if isinstance(c.quantity, str) else None}
        return found + [(f"columns.{key}", name) for key, name in single.items() if name is not None]


def _date_columns(key: str, rule: DateColumn | DateParts | DaysBefore | None) -> list[tuple[str, str]]:
    match rule:
        case None:
            return []
        case DateParts(year, month, day):
            return [(f"{key}.year", year), (f"{key}.month", month), (f"{key}.day", day)]
        case DateColumn(column=column):
            return [(f"{key}.column", column)]
        case DaysBefore(column=column):
            return [(f"{key}.days_before_arrival", column)]


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file: its number among the data rows (from 1), the line it ends on, its cells."""

    number: int
    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Reservation:
    """One row, understood. `nights` 0 is a day use. `price_minor` is per place and night (or for the day use)."""

    row: int
    key: str
    product: str  # the old system's name of it: a key of ImportMap.products
    arrival: date
    nights: int
    quantity: int
    status: ImportedStatus
    booked_on: date
    status_on: date
    price_minor: int
    total_minor: int  # of the whole reservation, as the file says; a stay's price may not divide evenly
    adults: int
    children: int
    babies: int
    country: str | None = field(repr=False, default=None)


def shown(value: str) -> str:
    """A value from the file, made safe and short for one line of a message."""
    clean = "".join(c if c.isprintable() else "·" for c in value[: SHOWN_CHARS_MAX + 1])
    return clean if len(clean) <= SHOWN_CHARS_MAX else clean[:SHOWN_CHARS_MAX] + "…"
