"""What an import of bookings is made of: the map (how one old system's export is read), reservations, verdicts."""

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from wenyue.core.documents import Document
from wenyue.imports.reading import Options, Row
from wenyue.imports.refusals import Refusal
from wenyue.locale import Texts

PARTY_MAX: Final = 500
ROWS_OF_BOOKING_MAX: Final = 500  # the visitors of one booking
VenueKind = Literal["attraction", "hotel", "restaurant", "transport"]
ProductKind = Literal["session", "night", "table", "seat"]
PricePer = Literal["night", "stay", "place", "order"]


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
    ALREADY = "already-imported"  # an earlier run took it, and it says the same
    UPDATED = "updated"  # an earlier run took it; it says something else now, and so does the booking here
    CANCELLED = "cancelled"  # … and now it is cancelled: its places were given back
    CHANGED = (
        "already-imported-but-changed"  # it says something else, but so does the booking here: it was left
    )
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


class Session(NamedTuple):
    """Wall times of a visit. `ends` not after `starts` is on the next day."""

    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class MappedProduct:
    """One kind of room, ticket, table or seat of the old system as a product here.

    `capacity` None: the most that was used at once. `session`: of one that is always at the same time. `price_minor` None:
    what the file's rows mostly paid for a place. `venue`: what the file calls the only venue that has it; '': every venue.
    `kind` None: what venues of its kind sell.
    """

    code: str
    name: Texts
    capacity: int | None
    session: Session | None = None
    price_minor: int | None = None
    policy_code: str = ""
    venue: str = ""
    kind: ProductKind | None = None


@dataclass(frozen=True, slots=True)
class MappedVenue:
    """The venue that the products belong to; made when it does not exist. `day`: of a visit without a session.

    `minutes`: how long a session lasts of which the file says only when it begins.
    """

    code: str
    kind: VenueKind
    name: Texts
    timezone: str
    currency: str
    check_in: time
    check_out: time
    day: Session = Session(starts=time(8), ends=time(18))  # noqa: RUF009 - it is immutable
    minutes: int = 120

    @property
    def is_hotel(self) -> bool:
        """It sells nights; every other venue sells visits."""
        return self.kind == "hotel"


@dataclass(frozen=True, slots=True)
class MappedColumns:
    """Which columns say what. A hotel's rows have nights or a departure, those of other venues perhaps a session."""

    arrival: DateColumn | DateParts
    nights: tuple[str, ...]  # summed
    departure: DateColumn | None  # instead of nights
    quantity: str | int
    product: str | None  # None: the map's only one
    status: str
    status_date: DateColumn | None
    booked: DateColumn | DaysBefore | None
    price: str
    price_per: PricePer
    adults: str | None
    children: str | None
    babies: str | None
    country: str | None
    venue: str | None = None
    session: str | None = None
    starts: str | None = None
    ends: str | None = None
    name: str | None = None
    document_type: str | None = None
    document: str | None = None
    document_country: str | None = None
    phone: str | None = None
    currency: str | None = None

    @property
    def is_price_per_night(self) -> bool:
        """The price is one place's and night's; else it is of all that the row says."""
        return self.price_per in {"night", "place"}


@dataclass(frozen=True, slots=True)
class OddRows:
    """What to do with rows that are odd but real."""

    is_day_use: bool  # zero nights: a day-use booking (else refused)
    takes_no_adults: bool
    takes_no_guests: bool
    negative_price_is_zero: bool
    takes_no_country: bool = False  # a passport of an unknown country: its holder comes in by name and phone


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
    venues: dict[str, MappedVenue]  # by what the venue's column calls them; "" is the one of all rows
    columns: MappedColumns
    statuses: dict[str, ImportedStatus]
    products: dict[str, MappedProduct]
    odd: OddRows
    replay: ReplayTerms
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    has_groups: bool = False  # rows with one key, one below the other, are one booking

    @property
    def venue(self) -> MappedVenue:
        """The only venue, or the first."""
        return next(iter(self.venues.values()))

    def is_stay(self, venue: str, product: str) -> bool:
        """A row of this product is of nights; else it is of a visit."""
        kind = self.products[product].kind
        return self.venues[venue].is_hotel if kind is None else kind == "night"


class Sold(NamedTuple):
    """A product of a venue as the map names both; a day use is a product of its own."""

    venue: str
    product: str
    is_day_use: bool


class Used(NamedTuple):
    """What places are taken of: a night, or a session of a day."""

    sold: Sold
    on_date: date
    session: Session | None


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes, as far as the row says."""

    name: str
    document: Document | None
    phone: str  # E.164

    def __repr__(self) -> str:
        return "Person(***)"


@dataclass(frozen=True, slots=True)
class Reservation:
    """One row, understood. `nights` 0 is a day use, or a visit when it has a session. `price_minor`: per place and night."""

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
    total_minor: int  # of the whole row, as the file says; a stay's price may not divide evenly
    adults: int
    children: int
    babies: int
    country: str | None = field(repr=False, default=None)
    venue: str = ""
    session: Session | None = None
    person: Person | None = None

    @property
    def sold(self) -> Sold:
        """What it takes places of."""
        return Sold(self.venue, self.product, self.nights == 0 and self.session is None)

    @property
    def used(self) -> tuple[Used, ...]:
        """The nights or the session whose pools it needs."""
        days = (self.arrival + timedelta(days=n) for n in range(max(1, self.nights)))
        return tuple(Used(self.sold, day, self.session) for day in days)


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking of the file: its rows, and what each says; or of each why the booking is not taken."""

    key: str
    rows: tuple[Row, ...]
    parts: tuple[Reservation, ...] = ()
    refusals: tuple[Refusal, ...] = ()
