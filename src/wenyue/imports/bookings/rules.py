"""One row of an old system as a reservation, or the reason why not. Pure."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from wenyue.core.limits import LINES_MAX, QUANTITY_MAX
from wenyue.imports.bookings.columns import column_map
from wenyue.imports.bookings.model import (
    PARTY_MAX,
    DateColumn,
    DateParts,
    DaysBefore,
    ImportedStatus,
    ImportMap,
    Reservation,
)
from wenyue.imports.bookings.visits import Visits
from wenyue.imports.cells import KEY_CHARS_MAX, Cells, Columns
from wenyue.imports.countries import country_of
from wenyue.imports.keyring import Clash, Clashing
from wenyue.imports.keys import loose_key
from wenyue.imports.reading import Row, fold_name, shown
from wenyue.imports.refusals import Reason, Refusal, RowRefused
from wenyue.imports.values import date_of_parts
from wenyue.locale import Message

_YEAR_MIN: Final = 1970
_YEAR_MAX: Final = 2100
_LEAD_DAYS_MAX: Final = 3650
_PRICE_MAX: Final = Decimal(1_000_000)
_COUNTRY_CHARS: Final = (2, 3)

AMBIGUOUS: Final = Message(
    "row {row} has a number that differs by signs or zeros only: write the same booking's number one way, or "
    "tell different bookings apart"
)


class RowReader:
    """Turns rows of one file into reservations.

    A reservation's key is how a second run recognises it. With `key.columns` it is their values, folded by the rule of
    `keys`, and a second row with the same key is refused. Without, it is a digest of the whole row (names and trimmed
    values, in the order of the names, so that a re-export with moved columns keeps its keys) and the number of identical
    rows up to here: old systems really hold several identical reservations (a group's rooms), and each is one.
    """

    def __init__(self, chosen: ImportMap, header: Sequence[str], today: date) -> None:
        """`today`: where the venues are. Raises InputError when the map names columns that the header lacks."""
        self._map = chosen
        self._columns = Columns(column_map(chosen), header)
        self._header = header
        self._digest_order = sorted(range(len(header)), key=lambda at: header[at])
        self._statuses = {fold_name(word): status for word, status in chosen.statuses.items()}
        self._venues = {fold_name(word): word for word in chosen.venues}
        self._products = {venue: names_of(chosen, venue) for venue in chosen.venues}
        self._visits = Visits(chosen, today)

    @property
    def has_keys(self) -> bool:
        """The file names its reservations; else a row is known by all that it says."""
        return bool(self._map.key_columns)

    def key_of(self, row: Row) -> str:
        """The row's key, or its digest where the file has none; '' when it has no usable one. Never raises."""
        try:
            cells = self._columns.of(row)
            return self._key(cells) if self.has_keys else self._digest(row)
        except RowRefused:
            return ""

    def read_row(
        self, row: Row, clashing: Clashing | None = None, occurrence: int = 1
    ) -> Reservation | Refusal:
        """The reservation in `row`, or why there is none. Never raises on any content.

        `clashing`: its key beside the others of the file; `occurrence`: how many rows up to here are the same.
        """
        try:
            cells = self._columns.of(row)
            if not self.has_keys:
                return self._reservation(cells, f"h:{self._digest(row)}:{occurrence}")
            key = self._key(cells)
            if clashing is not None:
                raise self._clash(cells, clashing)
            return self._reservation(cells, key)
        except RowRefused as refused:
            return refused.refusal

    def _key(self, cells: Cells) -> str:
        """As it is stored: `k:` and the folded values."""
        parts = [cells.key(f"key.{number}", is_needed=False) for number in range(len(self._map.key_columns))]
        if not any(parts):
            raise cells.refuse(Reason.MISSING, "key.0", Message("every row needs its number"))
        key = "k:" + "|".join(part.replace("|", "||") for part in parts)
        return key if len(key) <= KEY_CHARS_MAX else "k#" + hashlib.sha256(key.encode()).hexdigest()

    def _clash(self, cells: Cells, clashing: Clashing) -> RowRefused:
        if clashing.clash is Clash.AMBIGUOUS:
            return cells.refuse(Reason.KEY_AMBIGUOUS, "key.0", AMBIGUOUS.filled(row=clashing.other))
        fix = (
            Message("row {row} has the same key: rows of one booking stand together; sort the file by it")
            if self._map.has_groups
            else Message("row {row} has the same key; is another column part of the key?")
        )
        return cells.refuse(Reason.KEY_TWICE, "key.0", fix.filled(row=clashing.other))

    def _digest(self, row: Row) -> str:
        digest = hashlib.sha256()
        for at in self._digest_order:
            digest.update(f"{self._header[at]}\x1f{self._clean(row.cells[at])}\x1e".encode())
        return digest.hexdigest()[:32]

    def _clean(self, raw: str) -> str:
        cell = raw.strip()
        return "" if cell in self._map.nulls else cell

    def _reservation(self, cells: Cells, key: str) -> Reservation:
        columns, venue_name = self._map.columns, self._venue(cells)
        venue, product = self._map.venues[venue_name], self._product(cells, venue_name)
        is_stay = self._map.is_stay(venue_name, product)
        self._check_currency(cells, venue.currency)
        arrival = self._date(cells, "arrival", columns.arrival, None)
        nights = self._nights(cells, arrival) if is_stay else 0
        quantity = columns.quantity
        if isinstance(quantity, str):
            quantity = self._whole(cells, "quantity", QUANTITY_MAX)
            if quantity == 0:
                raise cells.refuse(
                    Reason.MISSING, "quantity", Message("a reservation has at least one place")
                )
        status = self._status(cells)
        price_minor, total_minor = self._price(cells, max(1, nights) * quantity)
        adults, children, babies = self._party(cells) if columns.adults else (0, 0, 0)
        has_status_date = columns.status_date is not None and cells.raw("status_date")
        return Reservation(
            row=cells.row.number,
            key=key,
            product=product,
            arrival=arrival,
            nights=nights,
            quantity=quantity,
            status=status,
            booked_on=self._date(cells, "booked", columns.booked, arrival) if columns.booked else arrival,
            status_on=self._date(cells, "status_date", columns.status_date, arrival)
            if columns.status_date and has_status_date
            else arrival + timedelta(days=nights),
            price_minor=price_minor,
            total_minor=total_minor,
            adults=adults,
            children=children,
            babies=babies,
            country=self._country(cells),
            venue=venue_name,
            session=None if is_stay else self._visits.session(cells, venue, product),
            person=self._visits.person(cells),
        )

    def _venue(self, cells: Cells) -> str:
        if self._map.columns.venue is None:
            return next(iter(self._map.venues))
        raw = cells.raw("venue")
        found = self._venues.get(fold_name(raw))
        if found is None:
            fix = Message('add [venues."{name}"] to the map', name=shown(raw))
            raise cells.refuse(Reason.UNKNOWN_VENUE, "venue", fix)
        return found

    def _check_currency(self, cells: Cells, currency: str) -> None:
        said = cells.raw("currency") if self._map.columns.currency is not None else ""
        if said not in {"", currency}:
            fix = Message(
                "the venue sells in {currency}: rows in another currency cannot come in", currency=currency
            )
            raise cells.refuse(Reason.CONFLICT, "currency", fix)

    def _product(self, cells: Cells, venue: str) -> str:
        if self._map.columns.product is None:
            return next(iter(self._map.products))
        raw = cells.raw("product")
        found = self._products[venue].get(fold_name(raw))
        if found is None:
            fix = Message('add [products."{name}"] to the map', name=shown(raw))
            raise cells.refuse(Reason.UNKNOWN_PRODUCT, "product", fix)
        return found

    def _status(self, cells: Cells) -> ImportedStatus:
        found = self._statuses.get(fold_name(cells.raw("status")))
        if found is None:
            fix = Message('add "{word}" to [status] in the map', word=shown(cells.raw("status")))
            raise cells.refuse(Reason.UNKNOWN_STATUS, "status", fix)
        return found

    def _nights(self, cells: Cells, arrival: date) -> int:
        columns = self._map.columns
        if columns.departure:
            field = "departure"
            nights = (self._date(cells, field, columns.departure, None) - arrival).days
            if nights < 0:
                raise cells.refuse(Reason.NEGATIVE, field, Message("the departure is before the arrival"))
        else:
            field = "nights.0"
            nights = sum(
                self._whole(cells, f"nights.{number}", LINES_MAX) for number in range(len(columns.nights))
            )
        if nights > LINES_MAX:
            fix = Message("a stay has at most {most} nights: split it", most=LINES_MAX)
            raise cells.refuse(Reason.TOO_LARGE, field, fix)
        if nights == 0 and not self._map.odd.is_day_use:
            fix = Message('a stay of zero nights; set rules.zero_nights = "day-use" to take it')
            raise cells.refuse(Reason.ZERO_NIGHTS, field, fix)
        return nights

    def _date(
        self, cells: Cells, field: str, rule: DateColumn | DateParts | DaysBefore, arrival: date | None
    ) -> date:
        value = ""
        match rule:
            case DateColumn():
                value, found = self._needed(cells, field), cells.day(field)
            case DateParts():
                year, month, day = (
                    self._needed(cells, f"{field}.{part}") for part in ("year", "month", "day")
                )
                value, field = f"{year} {month} {day}", f"{field}.day"
                found = date_of_parts(year, month, day)
            case DaysBefore():
                value = cells.raw(field)
                found = (arrival or date.max) - timedelta(days=self._whole(cells, field, _LEAD_DAYS_MAX))
        if found is None or not _YEAR_MIN <= found.year <= _YEAR_MAX:
            fix = Message("there is no such date between 1970 and 2100")
            raise RowRefused(Refusal(Reason.BAD_DATE, cells.column(field), shown(value), fix))
        return found

    def _needed(self, cells: Cells, field: str) -> str:
        value = cells.raw(field)
        if not value:
            raise cells.refuse(Reason.MISSING, field, Message("a value is needed here"))
        return value

    def _whole(self, cells: Cells, field: str, most: int, *, is_optional: bool = False) -> int:
        if not is_optional:
            self._needed(cells, field)
        return cells.whole(field, 0, most) or 0

    def _price(self, cells: Cells, places: int) -> tuple[int, int]:
        """(per place and night, whole reservation) in minor units; `places`: nights times quantity."""
        self._needed(cells, "price")
        number = cells.number("price") or Decimal(0)
        if number < 0 and self._map.odd.negative_price_is_zero:
            number = Decimal(0)
        if number < 0:
            fix = Message('a price is zero or more; set rules.negative_price = "zero" to take it as zero')
            raise cells.refuse(Reason.NEGATIVE, "price", fix)
        if number > _PRICE_MAX:
            raise cells.refuse(Reason.TOO_LARGE, "price", Message("must be at most {high}", high=_PRICE_MAX))
        minor = int((number * 100).quantize(Decimal(1), ROUND_HALF_UP))
        if self._map.columns.is_price_per_night:
            return minor, minor * places
        return minor // places, minor

    def _party(self, cells: Cells) -> tuple[int, int, int]:
        adults, children, babies = (
            self._whole(cells, field, PARTY_MAX, is_optional=True)
            for field in ("adults", "children", "babies")
        )
        if adults + children + babies == 0:
            if not self._map.odd.takes_no_guests:
                fix = Message('nobody is named; set rules.no_guests = "import" to take it')
                raise cells.refuse(Reason.NO_GUESTS, "adults", fix)
        elif adults == 0 and not self._map.odd.takes_no_adults:
            fix = Message('children without an adult; set rules.no_adults = "import" to take it')
            raise cells.refuse(Reason.NO_ADULTS, "adults", fix)
        return adults, children, babies

    def _country(self, cells: Cells) -> str | None:
        value = cells.raw("country")
        if not value:
            return None
        if value.isascii() and value.isalpha() and value.isupper() and len(value) in _COUNTRY_CHARS:
            return value
        found = country_of(value)
        if found is None:
            raise cells.refuse(
                Reason.BAD_COUNTRY,
                "country",
                Message("a country's name, or its ISO code of two or three capital letters"),
            )
        return found


def names_of(chosen: ImportMap, venue: str) -> dict[str, str]:
    """Folded name → the map's key of a product of the venue: as the old system calls it, else as it is here, where one is."""
    products = {word: one for word, one in chosen.products.items() if one.venue in {"", venue}}
    found = {fold_name(word): word for word in products}
    here = [
        (name, word)
        for word, one in products.items()
        for name in {fold_name(name) for name in (one.code, *one.name.values())}
    ]
    several = {name for name, count in Counter(name for name, _ in here).items() if count > 1}
    return {name: word for name, word in here if name not in several} | found


def loose_of(key: str) -> str | None:
    """What a stored key has in common with those that a person could take for the same; None: nothing, it is a digest."""
    return loose_key(key.removeprefix("k:")) if key.startswith("k:") else None
