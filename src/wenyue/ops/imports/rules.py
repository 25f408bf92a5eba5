"""One row of an old system as a reservation, or the reason why not. Pure."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from wenyue.core.limits import LINES_MAX, QUANTITY_MAX
from wenyue.ops.imports.model import (
    OVERLONG,
    PARTY_MAX,
    DateColumn,
    DateParts,
    DaysBefore,
    ImportMap,
    Reason,
    Refusal,
    Reservation,
    Row,
    shown,
)
from wenyue.ops.imports.values import date_of_parts, number_of, parse_date

_YEAR_MIN: Final = 1970
_YEAR_MAX: Final = 2100
_LEAD_DAYS_MAX: Final = 3650
_PRICE_MAX: Final = Decimal(1_000_000)
_KEY_CHARS_MAX: Final = 120
_COUNTRY_CHARS: Final = (2, 3)


class _RowRefused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def _refuse(reason: Reason, column: str, value: str, fix: str) -> _RowRefused:
    return _RowRefused(Refusal(reason, column, shown(value), fix))


class RowReader:
    """Turns rows of one file, in order, into reservations. Remembers the keys it has seen, nothing else.

    A reservation's key is how a second run recognises it. With `key.columns` it is their values, and a second row
    with the same key is refused. Without, it is a digest of the whole row (names and trimmed values, in the order of
    the names, so that a re-export with moved columns keeps its keys) and the number of identical rows up to here:
    old systems really hold several identical reservations (a group's rooms), and each is one.
    """

    def __init__(self, chosen: ImportMap, header: Sequence[str]) -> None:
        self._map = chosen
        self._header = header
        self._at = {name: at for at, name in enumerate(header)}
        self._digest_order = sorted(range(len(header)), key=lambda at: header[at])
        self._seen: Counter[str] = Counter()
        self._key_rows: dict[str, int] = {}

    def read_row(self, row: Row) -> Reservation | Refusal:
        """The reservation in `row`, or why there is none. Never raises on any content."""
        try:
            self._check_shape(row)
            key = self._key(row)
            return self._reservation(row, key)
        except _RowRefused as refused:
            return refused.refusal

    def _check_shape(self, row: Row) -> None:
        if len(row.cells) == len(self._header) and not any("\x00" in cell for cell in row.cells):
            return
        for at, cell in enumerate(row.cells):
            if OVERLONG in cell:
                raise _refuse(
                    Reason.LINE_TOO_LONG, "", "", "a line of this row is too long to be a reservation"
                )
            if "\x00" in cell:
                name = self._header[at] if at < len(self._header) else f"column {at + 1}"
                raise _refuse(Reason.BAD_CHARACTER, name, cell, "remove the NUL byte from this value")
        raise _refuse(
            Reason.COLUMN_COUNT,
            "",
            f"{len(row.cells)} of {len(self._header)} values",
            "the row is cut short (a truncated file?)"
            if len(row.cells) < len(self._header)
            else "quote the value that contains the delimiter",
        )

    def _key(self, row: Row) -> str:
        chosen = self._map
        if chosen.key_columns:
            parts = [self._cell(row, name) for name in chosen.key_columns]
            if not any(parts):
                raise _refuse(Reason.MISSING, chosen.key_columns[0], "", "every row needs its key")
            key = "k:" + "|".join(part.replace("|", "||") for part in parts)
            if len(key) > _KEY_CHARS_MAX:
                key = "k#" + hashlib.sha256(key.encode()).hexdigest()
            if (first := self._key_rows.setdefault(key, row.number)) != row.number:
                fix = f"row {first} has the same key; is another column part of the key?"
                raise _refuse(Reason.KEY_TWICE, chosen.key_columns[0], parts[0], fix)
            return key
        digest = hashlib.sha256()
        for at in self._digest_order:
            digest.update(f"{self._header[at]}\x1f{self._clean(row.cells[at])}\x1e".encode())
        short = digest.hexdigest()[:32]
        self._seen[short] += 1
        return f"h:{short}:{self._seen[short]}"

    def _clean(self, raw: str) -> str:
        cell = raw.strip()
        return "" if cell in self._map.nulls else cell

    def _cell(self, row: Row, column: str) -> str:
        return self._clean(row.cells[self._at[column]])

    def _reservation(self, row: Row, key: str) -> Reservation:
        chosen, columns = self._map, self._map.columns
        arrival = self._date(row, columns.arrival, None)
        nights = self._nights(row, arrival)
        quantity = columns.quantity
        if isinstance(quantity, str):
            quantity = self._whole(row, quantity, QUANTITY_MAX)
            if quantity == 0:
                raise _refuse(
                    Reason.MISSING, str(columns.quantity), "0", "a reservation has at least one place"
                )
        product = self._cell(row, columns.product)
        if product not in chosen.products:
            raise _refuse(
                Reason.UNKNOWN_PRODUCT,
                columns.product,
                product,
                f"add [products.{shown(product)}] to the map",
            )
        status = chosen.statuses.get(self._cell(row, columns.status))
        if status is None:
            value = self._cell(row, columns.status)
            raise _refuse(
                Reason.UNKNOWN_STATUS, columns.status, value, f'add "{shown(value)}" to [status] in the map'
            )
        booked = columns.booked
        status_date = columns.status_date
        price_minor, total_minor = self._price(row, max(1, nights) * quantity)
        adults, children, babies = self._party(row)
        return Reservation(
            row=row.number,
            key=key,
            product=product,
            arrival=arrival,
            nights=nights,
            quantity=quantity,
            status=status,
            booked_on=self._date(row, booked, arrival) if booked else arrival,
            status_on=self._date(row, status_date, arrival)
            if status_date
            else arrival + timedelta(days=nights),
            price_minor=price_minor,
            total_minor=total_minor,
            adults=adults,
            children=children,
            babies=babies,
            country=self._country(row),
        )

    def _nights(self, row: Row, arrival: date) -> int:
        columns = self._map.columns
        if columns.departure:
            name = columns.departure.column
            nights = (self._date(row, columns.departure, None) - arrival).days
            if nights < 0:
                raise _refuse(
                    Reason.NEGATIVE, name, self._cell(row, name), "the departure is before the arrival"
                )
        else:
            name = columns.nights[0]
            nights = sum(self._whole(row, column, LINES_MAX) for column in columns.nights)
        if nights > LINES_MAX:
            raise _refuse(
                Reason.TOO_LARGE, name, str(nights), f"a stay has at most {LINES_MAX} nights: split it"
            )
        if nights == 0 and not self._map.odd.is_day_use:
            fix = 'a stay of zero nights; set rules.zero_nights = "day-use" to take it'
            raise _refuse(Reason.ZERO_NIGHTS, name, "0", fix)
        return nights

    def _date(self, row: Row, rule: DateColumn | DateParts | DaysBefore, arrival: date | None) -> date:
        match rule:
            case DateColumn(column=column, formats=formats):
                raw = self._required(row, column)
                found = parse_date(raw, formats)
                fix = f"no date of the form {' or '.join(formats)}"
            case DateParts(year=column, month=month, day=day):
                parts = [self._required(row, name) for name in (column, month, day)]
                raw = " ".join(parts)
                found = date_of_parts(*parts)
                fix = "no such year, month name and day"
                column = day
            case DaysBefore(column=column):
                raw = str(self._whole(row, column, _LEAD_DAYS_MAX))
                found = (arrival or date.max) - timedelta(days=int(raw))
                fix = "too many days before the arrival"
        if found is None or not _YEAR_MIN <= found.year <= _YEAR_MAX:
            raise _refuse(Reason.BAD_DATE, column, raw, fix)
        return found

    def _required(self, row: Row, column: str) -> str:
        value = self._cell(row, column)
        if not value:
            raise _refuse(Reason.MISSING, column, row.cells[self._at[column]], "a value is needed here")
        return value

    def _whole(self, row: Row, column: str, most: int, *, is_optional: bool = False) -> int:
        if is_optional and not self._cell(row, column):
            return 0
        raw = self._required(row, column)
        number = number_of(raw)
        if number is None or number != int(number):
            raise _refuse(Reason.NOT_A_NUMBER, column, raw, "a whole number is needed here")
        if number < 0:
            raise _refuse(Reason.NEGATIVE, column, raw, "must be zero or more")
        if number > most:
            raise _refuse(Reason.TOO_LARGE, column, raw, f"must be at most {most}")
        return int(number)

    def _price(self, row: Row, places: int) -> tuple[int, int]:
        """(per place and night, whole reservation) in minor units; `places`: nights times quantity."""
        column = self._map.columns.price
        raw = self._required(row, column)
        number = number_of(raw)
        if number is None:
            raise _refuse(Reason.NOT_A_NUMBER, column, raw, "an amount such as 75 or 75.50 is needed here")
        if number < 0 and self._map.odd.negative_price_is_zero:
            number = Decimal(0)
        if number < 0:
            fix = 'a price is zero or more; set rules.negative_price = "zero" to take it as zero'
            raise _refuse(Reason.NEGATIVE, column, raw, fix)
        if number > _PRICE_MAX:
            raise _refuse(Reason.TOO_LARGE, column, raw, f"must be at most {_PRICE_MAX}")
        minor = int((number * 100).quantize(Decimal(1), ROUND_HALF_UP))
        if self._map.columns.is_price_per_night:
            return minor, minor * places
        return minor // places, minor

    def _party(self, row: Row) -> tuple[int, int, int]:
        columns = self._map.columns
        adults = self._whole(row, columns.adults, PARTY_MAX, is_optional=True)
        children = self._whole(row, columns.children, PARTY_MAX, is_optional=True) if columns.children else 0
        babies = self._whole(row, columns.babies, PARTY_MAX, is_optional=True) if columns.babies else 0
        if adults + children + babies == 0:
            if not self._map.odd.takes_no_guests:
                fix = 'nobody is named; set rules.no_guests = "import" to take it'
                raise _refuse(Reason.NO_GUESTS, columns.adults, "0", fix)
        elif adults == 0 and not self._map.odd.takes_no_adults:
            fix = 'children without an adult; set rules.no_adults = "import" to take it'
            raise _refuse(Reason.NO_ADULTS, columns.adults, "0", fix)
        return adults, children, babies

    def _country(self, row: Row) -> str | None:
        column = self._map.columns.country
        if column is None or not (value := self._cell(row, column)):
            return None
        if not (value.isascii() and value.isalpha() and value.isupper() and len(value) in _COUNTRY_CHARS):
            raise _refuse(
                Reason.BAD_COUNTRY, column, value, "an ISO country code of two or three capital letters"
            )
        return value
