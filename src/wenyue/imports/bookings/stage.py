"""What an import of bookings stands on: its keys compared, a first look at the whole file, its rows with what they mean."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

from wenyue.imports.bookings.columns import column_map
from wenyue.imports.bookings.demand import ProductKey, dates_of
from wenyue.imports.bookings.model import ImportMap, Reservation
from wenyue.imports.bookings.rules import RowReader, loose_of
from wenyue.imports.keyring import KeyRing
from wenyue.imports.reading import Noise, Row, Sheet, fold_name, open_sheet
from wenyue.imports.refusals import Refusal
from wenyue.locale import Message

Progress = Callable[[Message, int, int], None]  # phase, rows done, rows in all (0: not known yet)
Used = tuple[ProductKey, date]
_STEP: Final = 1_000
COMPARING: Final = Message("comparing keys")
READING: Final = Message("reading")


def _quiet(_phase: Message, _done: int, _all: int) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Survey:
    """What a first look at the file says."""

    rows: int = 0
    dates: set[Used] = field(default_factory=set[Used])
    used: Counter[Used] = field(default_factory=Counter[Used])

    def capacities(self, chosen: ImportMap) -> dict[ProductKey, int]:
        """Of each product: the capacity that the map states, or the most that was in use on one date."""
        most: dict[ProductKey, int] = dict.fromkeys((product for product, _ in self.dates), 0)
        for (product, _), count in self.used.items():
            most[product] = max(most[product], count)
        stated = {product: chosen.products[product[0]].capacity for product in most}
        return {
            product: count if (said := stated[product]) is None else said for product, count in most.items()
        }


class BookingFile:
    """A file of bookings, opened, its keys compared: read as often as one likes, in constant memory."""

    def __init__(self, sheet: Sheet, chosen: ImportMap, progress: Progress = _quiet) -> None:
        """Compares the keys, which reads the whole file once. Raises InputError."""
        self.sheet, self.map = sheet, chosen
        self.left_out = Counter[Noise]()
        self._reader = RowReader(chosen, sheet.header)
        self._keys = KeyRing()
        self.rows_count = 0
        for row in sheet.rows(self.left_out):
            self.rows_count = row.number
            if key := self._reader.key_of(row):
                self._keys.note(row.number, key, loose_of(key))
            if row.number % _STEP == 0:
                progress(COMPARING, row.number, 0)
        self._keys.close()

    def rows(self) -> Iterator[tuple[Row, Reservation | Refusal]]:
        """Every row with what it means, in order. Raises InputError."""
        rows = self.sheet.rows()
        while part := list(islice(rows, _STEP)):
            numbers = range(part[0].number, part[-1].number + 1)
            has_keys = self._reader.has_keys
            clashes = self._keys.clashes(numbers) if has_keys else {}
            again = {} if has_keys else self._keys.occurrences(numbers)
            for row in part:
                yield row, self._reader.read_row(row, clashes.get(row.number), again.get(row.number, 1))

    def survey(self, progress: Progress = _quiet) -> Survey:
        """Its rows, the dates that it speaks of, the places in use on each. Raises InputError."""
        survey = Survey(rows=self.rows_count)
        for row, found in self.rows():
            if row.number % _STEP == 0:
                progress(READING, row.number, self.rows_count)
            if isinstance(found, Reservation):
                for on_date in dates_of(found):
                    key = ((found.product, found.nights == 0), on_date)
                    survey.dates.add(key)
                    if found.status.draws:
                        survey.used[key] += found.quantity
        return survey


def open_bookings(path: Path, chosen: ImportMap) -> Sheet:
    """The file at `path`, found to have what the map names. Raises InputError: line, column and fix."""
    columns = column_map(chosen).columns.values()
    sheet = open_sheet(path, {fold_name(one.column) for one in columns}, chosen.options)
    RowReader(chosen, sheet.header)
    return sheet
