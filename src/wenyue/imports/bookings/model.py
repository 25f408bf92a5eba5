"""What an import of bookings is made of: the map (how one old system's export is read), reservations, verdicts."""

from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Final

from wenyue.imports.reading import Options
from wenyue.locale import Texts

PARTY_MAX: Final = 500


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


class Verdict(StrEnum):
    """What became of one row. Every row of a file gets exactly one."""

    IMPORTED = "imported"
    ALREADY = "already-imported"  # an earlier run took it
    CHANGED = "already-imported-but-changed"  # … but the row now says something else; nothing was written
    REFUSED = "refused"


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
    name: Texts
    capacity: int | None


@dataclass(frozen=True, slots=True)
class MappedVenue:
    """The venue that the products belong to; made when it does not exist."""

    code: str
    kind: str
    name: Texts
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
    options: Options  # how the file is read
    nulls: frozenset[str]
    key_columns: tuple[str, ...]
    venue: MappedVenue
    columns: MappedColumns
    statuses: dict[str, ImportedStatus]
    products: dict[str, MappedProduct]
    odd: OddRows
    replay: ReplayTerms


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
