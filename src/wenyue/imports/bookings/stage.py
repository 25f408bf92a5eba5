"""What an import of bookings stands on: its keys compared, a first look at the whole file, its bookings in order."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from wenyue.imports.bookings.columns import column_map
from wenyue.imports.bookings.model import (
    ROWS_OF_BOOKING_MAX,
    Entry,
    ImportMap,
    Reservation,
    Sold,
    Used,
)
from wenyue.imports.bookings.rules import RowReader, loose_of
from wenyue.imports.keyring import KeyRing
from wenyue.imports.reading import Noise, Row, Sheet, fold_name, open_sheet
from wenyue.imports.refusals import Reason, Refusal
from wenyue.locale import Message

Progress = Callable[[Message, int, int], None]  # phase, rows done, rows in all (0: not known yet)
COMPARING: Final = Message("comparing keys")
READING: Final = Message("reading")
_STEP: Final = 1_000
_PRICES_MAX: Final = 1_000  # different ones of a product that are counted


def _quiet(_phase: Message, _done: int, _all: int) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Survey:
    """What a first look at the file says. `prices`: of each product, how often a place cost what."""

    rows: int = 0
    used: Counter[Used] = field(default_factory=Counter[Used])
    prices: dict[Sold, Counter[int]] = field(default_factory=dict[Sold, Counter[int]])
    reasons: Counter[Reason] = field(default_factory=Counter[Reason])

    @property
    def days(self) -> tuple[date, date] | None:
        """The first and the last day that the file speaks of."""
        days = [one.on_date for one in self.used]
        return (min(days), max(days)) if days else None

    def add(self, one: Reservation) -> None:
        """Count one row."""
        for used in one.used:
            self.used[used] += one.quantity if one.status.draws else 0
        prices = self.prices.setdefault(one.sold, Counter())
        if one.price_minor in prices or len(prices) < _PRICES_MAX:
            prices[one.price_minor] += one.quantity

    def capacities(self, chosen: ImportMap) -> dict[Sold, int]:
        """Of each product: the capacity that the map states, or the most places that were in use at once."""
        most: dict[Sold, int] = {}
        for used, count in self.used.items():
            most[used.sold] = max(most.get(used.sold, 0), count)
        stated = {sold: chosen.products[sold.product].capacity for sold in most}
        return {sold: count if (said := stated[sold]) is None else said for sold, count in most.items()}

    def price_of(self, sold: Sold) -> int:
        """What a place of the product mostly cost, in minor units."""
        prices = self.prices.get(sold)
        return max(prices.items(), key=lambda one: (one[1], one[0]))[0] if prices else 0


class BookingFile:
    """A file of bookings, opened, its keys compared: read as often as one likes, in constant memory."""

    def __init__(self, sheet: Sheet, chosen: ImportMap, today: date, progress: Progress = _quiet) -> None:
        """Compares the keys, which reads the whole file once. Raises InputError."""
        self.sheet, self.map = sheet, chosen
        self.left_out = Counter[Noise]()
        self.rows_count = 0
        self.keys = KeyRing()
        self._reader = RowReader(chosen, sheet.header, today)
        before = ""
        for row in sheet.rows(self.left_out):
            self.rows_count = row.number
            key = self._reader.key_of(row)
            if key and not (chosen.has_groups and key == before):
                self.keys.note(row.number, key, loose_of(key))
            before = key
            if row.number % _STEP == 0:
                progress(COMPARING, row.number, 0)
        self.keys.close()

    def rows(self) -> Iterator[tuple[Row, Reservation | Refusal]]:
        """Every row with what it means, in order. Raises InputError."""
        for row, _, found in self._keyed_rows():
            yield row, found

    def _keyed_rows(self) -> Iterator[tuple[Row, str, Reservation | Refusal]]:
        rows, has_keys = self.sheet.rows(), self._reader.has_keys
        while part := list(islice(rows, _STEP)):
            numbers = range(part[0].number, part[-1].number + 1)
            clashes = self.keys.clashes(numbers) if has_keys else {}
            again = {} if has_keys else self.keys.occurrences(numbers)
            for row in part:
                found = self._reader.read_row(row, clashes.get(row.number), again.get(row.number, 1))
                key = found.key if isinstance(found, Reservation) else ""
                if self.map.has_groups and not key:
                    key = self._reader.key_of(row)
                yield row, key, found

    def entries(self) -> Iterator[Entry]:
        """Every booking of the file, in order: a row, or the rows of one key below each other. Raises InputError."""
        waiting: list[tuple[Row, Reservation | Refusal]] = []
        before = ""
        for row, key, found in self._keyed_rows():
            is_next = key == before and key and self.map.has_groups and len(waiting) < ROWS_OF_BOOKING_MAX
            if waiting and not is_next:
                yield entry_of(before, waiting)
                waiting = []
            waiting.append((row, found))
            before = key
        if waiting:
            yield entry_of(before, waiting)

    def has(self, key: str) -> bool:
        """Whether a row of the file has this key; `key` as it is stored, a digest with how manieth it is."""
        if self._reader.has_keys:
            return self.keys.count(key) > 0
        digest, _, nth = key.removeprefix("h:").rpartition(":")
        return nth.isdigit() and self.keys.count(digest) >= int(nth)

    def end(self) -> None:
        """Forget it."""
        self.keys.end()

    def survey(self, progress: Progress = _quiet) -> Survey:
        """What the whole file says. Raises InputError."""
        survey = Survey(rows=self.rows_count)
        told = 0
        for entry in self.entries():
            if entry.rows[-1].number >= told + _STEP:
                told = entry.rows[-1].number
                progress(READING, told, self.rows_count)
            for one in entry.parts:
                survey.add(one)
            survey.reasons.update(one.reason for one in entry.refusals)
        return survey


def entry_of(key: str, rows: list[tuple[Row, Reservation | Refusal]]) -> Entry:
    """The rows of one key as one booking, or of each why not: one that is refused takes the others with it."""
    numbers = tuple(row for row, _ in rows)
    refused = next(((row, found) for row, found in rows if isinstance(found, Refusal)), None)
    if refused is None:
        return Entry(key, numbers, parts=tuple(found for _, found in rows if isinstance(found, Reservation)))
    row, _ = refused
    fix = Message("row {row} of the same booking is refused: mend it first", row=row.number)
    with_it = Refusal(Reason.SAME_BOOKING, "", "", fix)
    return Entry(
        key, numbers, refusals=tuple(found if isinstance(found, Refusal) else with_it for _, found in rows)
    )


def open_bookings(path: Path, chosen: ImportMap) -> Sheet:
    """The file at `path`, found to have what the map names. Raises InputError: line, column and fix."""
    columns = column_map(chosen).columns.values()
    sheet = open_sheet(path, {fold_name(one.column) for one in columns}, chosen.options)
    RowReader(chosen, sheet.header, date.max)
    return sheet
